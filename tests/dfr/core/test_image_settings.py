from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.image_settings import SAVINGS, ImageSettings
from dfr.core.images import Size, load, load_pair, save

SMALL = Size.parse("32x40")


@pytest.fixture
def pair_of_files(files):
    return files / "content.png", files / "style.png"


def test_our_own_defaults_are_the_careful_ones(pair_of_files):
    settings = ImageSettings(SMALL)
    assert settings.record == {"resizing": "antialias", "saving": "nearest"}
    for ours, plain in zip(
        settings.load_pair(*pair_of_files), load_pair(*pair_of_files, SMALL), strict=True
    ):
        assert torch.equal(ours, plain)


def test_published_resizing_is_without_antialias_for_both_pictures(pair_of_files):
    settings = ImageSettings(SMALL, resizing="published")
    found = settings.load_pair(*pair_of_files)
    for ours, plain, careful in zip(
        found,
        load_pair(*pair_of_files, SMALL, antialias=False),
        ImageSettings(SMALL).load_pair(*pair_of_files),
        strict=True,
    ):
        assert torch.equal(ours, plain)
        assert not torch.equal(ours, careful)
    assert torch.equal(settings.load(pair_of_files[0]), found[0])


@pytest.mark.parametrize("saving", SAVINGS)
def test_what_is_measured_is_what_is_kept(saving, tmp_path):
    picture = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(0))
    kept = ImageSettings(SMALL, saving=saving).quantise(picture)
    save(kept, tmp_path / "a.png")
    assert torch.equal(load(tmp_path / "a.png"), kept)


@given(st.floats(0, 1, width=32))
def test_published_saving_takes_the_level_below_and_nearest_the_nearer_one(value):
    picture = torch.full((1, 3, 1, 1), value)
    nearest, down = (
        float(ImageSettings(SMALL, saving=saving).quantise(picture)[0, 0, 0, 0]) * 255
        for saving in ("nearest", "published")
    )
    rounding = 1e-4
    assert abs(nearest - value * 255) <= 0.5 + rounding
    assert -rounding <= value * 255 - down < 1 + rounding


def test_an_exact_size_keeps_the_rest(tmp_path):
    Image.new("RGB", (64, 48)).save(tmp_path / "a.png")
    settings = ImageSettings(Size.parse("native"), "published", "published")
    assert settings.load(tmp_path / "a.png").shape == (1, 3, 48, 64)
    exact = settings.at(32, 40)
    assert exact.load(tmp_path / "a.png").shape == (1, 3, 32, 40)
    assert exact.record == settings.record


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"resizing": "publishd"}, "unknown resizing 'publishd': did you mean published"),
     ({"saving": "down"}, "unknown saving 'down'")],
)  # fmt: skip
def test_unknown_names(wrong, message):
    with pytest.raises(UserError, match=message) as error:
        ImageSettings(SMALL, **wrong)
    assert "\n" not in str(error.value)
