from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.images import Size, load, load_pair, quantise, resize, save, to_bytes


@pytest.fixture
def colours() -> np.ndarray:
    """20 x 30 pixels: red left, blue right, a green top row."""
    pixels = np.zeros((20, 30, 3), dtype=np.uint8)
    pixels[:, :15, 0] = 255
    pixels[:, 15:, 2] = 255
    pixels[0] = (0, 255, 0)
    return pixels


def refused(path: Path) -> str:
    with pytest.raises(UserError) as error:
        load(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_rgb_values_and_shape(tmp_path, colours):
    Image.fromarray(colours).save(tmp_path / "a.png")
    picture = load(tmp_path / "a.png")
    assert picture.shape == (1, 3, 20, 30)
    assert picture.dtype == torch.float32
    assert torch.equal(picture[0].permute(1, 2, 0), torch.tensor(colours) / 255.0)


def test_missing(tmp_path):
    assert "no such file" in refused(tmp_path / "nothing.png")


def test_folder(tmp_path):
    assert "is a folder" in refused(tmp_path)


def test_empty(tmp_path):
    (tmp_path / "a.jpg").touch()
    assert "empty" in refused(tmp_path / "a.jpg")


def test_text_named_jpg(tmp_path):
    (tmp_path / "a.jpg").write_text("this is not a picture")
    assert "not a picture" in refused(tmp_path / "a.jpg")


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_truncated_jpeg(tmp_path, kept):
    noise = np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(whole[: int(len(whole) * kept)])
    assert "damaged or cut short" in refused(tmp_path / "a.jpg")


def test_one_pixel(tmp_path):
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    assert "1 x 1 pixels" in refused(tmp_path / "a.png")


def png_header_only(width: int, height: int) -> bytes:
    """A PNG that promises width x height pixels in a few bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_001, 60_000])
def test_decompression_bomb(tmp_path, side):
    (tmp_path / "a.png").write_bytes(png_header_only(side, side))
    assert "decompression bomb" in refused(tmp_path / "a.png")


def test_grey(tmp_path, colours):
    Image.fromarray(colours).convert("L").save(tmp_path / "a.png")
    picture = load(tmp_path / "a.png")
    assert picture.shape == (1, 3, 20, 30)
    assert torch.equal(picture[:, 0], picture[:, 1])


def test_palette(tmp_path, colours):
    Image.fromarray(colours).convert("P", palette=Image.Palette.ADAPTIVE, colors=8).save(
        tmp_path / "a.png"
    )
    assert Image.open(tmp_path / "a.png").mode == "P"
    assert torch.equal(load(tmp_path / "a.png")[0].permute(1, 2, 0), torch.tensor(colours) / 255.0)


def test_alpha_is_laid_on_white(tmp_path, colours):
    alpha = np.full((20, 30, 1), 255, dtype=np.uint8)
    alpha[5:, 15:] = 0
    Image.fromarray(np.concatenate([colours, alpha], axis=2)).save(tmp_path / "a.png")
    picture = load(tmp_path / "a.png")
    assert picture[0, :, 10, 20].tolist() == [1, 1, 1]
    assert picture[0, :, 10, 2].tolist() == [1, 0, 0]


def test_cmyk(tmp_path, colours):
    Image.fromarray(colours).convert("CMYK").save(tmp_path / "a.tif")
    picture = load(tmp_path / "a.tif")
    assert picture[0, :, 10, 2].tolist() == [1, 0, 0]


def test_16_bit_keeps_its_levels(tmp_path):
    levels = np.arange(600, dtype=np.uint16).reshape(20, 30) * 100
    Image.fromarray(levels).save(tmp_path / "a.png")
    picture = load(tmp_path / "a.png")
    assert torch.allclose(picture[0, 2], torch.tensor(levels / 65535, dtype=torch.float32))


def test_exif_orientation_is_applied(tmp_path, colours):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.fromarray(colours).save(tmp_path / "a.png", exif=exif)
    picture = load(tmp_path / "a.png")
    assert picture.shape == (1, 3, 30, 20)
    assert picture[0, :, 15, -1].tolist() == [0, 1, 0]  # the top row is the right column now


def test_floating_point_pixels_are_refused(tmp_path):
    Image.fromarray(np.ones((20, 30), dtype=np.float32)).save(tmp_path / "a.tif")
    assert "no agreed range" in refused(tmp_path / "a.tif")


@pytest.mark.parametrize(
    ("text", "height", "width"),
    [("422x512", 422, 512), ("64X80", 64, 80), (" 64 × 80 ", 64, 80), ("100", 50, 100),
     ("native", 200, 400), (" Native", 200, 400)],
)  # fmt: skip
def test_size(text, height, width):
    size = Size.parse(text)
    assert size.of(200, 400) == (height, width)
    assert Size.parse(str(size)) == size


@pytest.mark.parametrize("text", ["", "x", "12x", "-5", "1e3", "64x64x3", "nan", "64,64"])
def test_size_that_is_no_size(text):
    with pytest.raises(UserError, match="HEIGHTxWIDTH"):
        Size.parse(text)


@pytest.mark.parametrize("text", ["31", "31x64", "64x31", "0"])
def test_size_too_small_for_the_poolings(text):
    with pytest.raises(UserError, match="at least 32"):
        Size.parse(text)


def test_longer_side_must_leave_enough_of_the_shorter():
    with pytest.raises(UserError, match="at least 32"):
        Size.parse("64").of(100, 400)
    with pytest.raises(UserError, match="size native: a picture of 20 x 400"):
        Size.parse("native").of(20, 400)


def test_style_takes_the_size_of_the_content(tmp_path):
    Image.new("RGB", (80, 40)).save(tmp_path / "content.png")
    Image.new("RGB", (50, 90)).save(tmp_path / "style.png")
    pair = load_pair(tmp_path / "content.png", tmp_path / "style.png", Size.parse("64"))
    assert [tuple(picture.shape) for picture in pair] == [(1, 3, 32, 64)] * 2


def test_at_native_size_the_content_stays_and_the_style_takes_its_size(tmp_path, colours):
    content = np.repeat(np.repeat(colours, 3, axis=0), 2, axis=1)
    Image.fromarray(content).save(tmp_path / "content.png")
    Image.new("RGB", (50, 90)).save(tmp_path / "style.png")
    files = tmp_path / "content.png", tmp_path / "style.png"
    pair = load_pair(*files, Size.parse("native"))
    assert torch.equal(pair[0], load(files[0]))
    assert pair[1].shape == pair[0].shape == (1, 3, 60, 60)


def test_without_antialias_the_four_nearest_pixels_are_taken_and_the_others_left_out():
    picture = torch.rand(1, 3, 64, 80, generator=torch.Generator().manual_seed(0))
    nearest = picture.view(1, 3, 16, 4, 20, 4)[:, :, :, 1:3, :, 1:3].mean(dim=(3, 5))
    assert torch.allclose(resize(picture, 16, 20, antialias=False), nearest, atol=1e-6)
    assert float((resize(picture, 16, 20) - nearest).abs().max()) > 0.1


def test_resize_keeps_a_constant_and_the_mean():
    assert torch.allclose(resize(torch.full((1, 3, 64, 80), 0.3), 32, 40), torch.tensor(0.3))
    picture = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert abs(float(resize(picture, 32, 32).mean() - picture.mean())) < 0.01


def test_saved_is_what_is_measured(tmp_path):
    picture = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    save(picture, tmp_path / "a.png")
    assert torch.equal(load(tmp_path / "a.png"), quantise(picture))


@pytest.mark.parametrize("truncate", [False, True])
def test_what_is_in_the_levels_of_a_file_stays_as_it_is(truncate):
    levels = (torch.arange(256 * 3) % 256).view(1, 3, 16, 16) / 255
    assert torch.equal(quantise(levels, truncate), levels)


def test_truncated_bytes_are_those_that_matplotlib_saves(tmp_path):
    from matplotlib import image

    picture = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    image.imsave(tmp_path / "a.png", picture[0].permute(1, 2, 0).numpy())
    with Image.open(tmp_path / "a.png") as saved:
        theirs = np.asarray(saved.convert("RGB"))
    assert np.array_equal(to_bytes(picture, truncate=True), theirs)
    assert not np.array_equal(to_bytes(picture), theirs)


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path):
    save(torch.zeros(1, 3, 20, 20), tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(RuntimeError):
        save(torch.zeros(1, 4, 20, 20), tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]
