"""Pictures as tensors: RGB, float32 in [0, 1], shape (n, 3, h, w)."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from dfr.core.errors import UserError
from dfr.core.files import write_whole

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
#: A picture file with more pixels than this is refused before it is decoded.
MAX_PIXELS = 100_000_000
#: A picture file with a shorter side than this holds neither a scene nor a style.
MIN_FILE_SIDE = 8
#: relu5_1 lies behind four poolings, and the next block's pooling is the fifth: 2**5 pixels
#: are the least from which every layer still sees at least 2 x 2 places.
MIN_SIDE = 32
#: The text of the size at which the content is left as it is.
NATIVE = "native"


@dataclass(frozen=True)
class Size:
    """The size to work at: ``height x width``, the longer side, or the picture's own size.

    Attributes:
        height: of an exact size.
        width: of an exact size.
        longest: the longer side, where the picture keeps its shape.

    Where all three are None, the content keeps its own size, as in DeCorMST's published code.
    """

    height: int | None = None
    width: int | None = None
    longest: int | None = None

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read ``422x512`` (height x width), ``256`` (the longer side) or ``native``.

        Raises:
            UserError: the text is none of them, or a side is below `MIN_SIDE`.
        """
        if text.strip().lower() == NATIVE:
            return cls()
        match = re.fullmatch(r"\s*(\d{1,5})\s*(?:[x×]\s*(\d{1,5})\s*)?", text.lower())
        if match is None:
            raise UserError(
                f"size '{text}': write HEIGHTxWIDTH such as 422x512, one number for the longer "
                f"side such as 256, or {NATIVE} for the content's own size"
            )
        first, second = int(match[1]), match[2]
        size = cls(longest=first) if second is None else cls(height=first, width=int(second))
        if min(side for side in (size.height, size.width, size.longest) if side is not None) < (
            MIN_SIDE
        ):
            raise UserError(
                f"size '{text}': too small for VGG-19's poolings; each side must be at least "
                f"{MIN_SIDE} pixels"
            )
        return size

    def of(self, height: int, width: int) -> tuple[int, int]:
        """Return the (height, width) to which a picture of this height and width is resized.

        Raises:
            UserError: the shorter side would fall below `MIN_SIDE`.
        """
        if self.height is not None and self.width is not None:
            return self.height, self.width
        scale = 1.0 if self.longest is None else self.longest / max(height, width)
        new = max(1, round(height * scale)), max(1, round(width * scale))
        if min(new) < MIN_SIDE:
            raise UserError(
                f"size {self}: a picture of {height} x {width} would become "
                f"{new[0]} x {new[1]}, and each side must be at least {MIN_SIDE} pixels; "
                "choose a larger --size or crop the picture"
            )
        return new

    def __str__(self) -> str:
        """Write the size as `parse` reads it."""
        if self.longest is not None:
            return str(self.longest)
        return NATIVE if self.height is None else f"{self.height}x{self.width}"


def load(path: Path | str) -> torch.Tensor:
    """Read a picture file of any common kind as (1, 3, h, w), RGB in [0, 1].

    Grey, palette, CMYK and 16-bit pictures are converted, transparency is laid on white, and
    the EXIF orientation is applied.

    Raises:
        UserError: the file is missing, empty, a folder, no picture, damaged, too small, or so
            large that it looks like a decompression bomb.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path}: is a folder, not a picture; name one picture file")
    if not path.exists():
        raise UserError(f"{path}: no such file")
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path}: the file is empty")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the limit below is stricter than Pillow's warning
            with Image.open(path) as picture:
                _check_size(path, picture)
                picture.load()
                pixels = _to_rgb(ImageOps.exif_transpose(picture))
    except UserError:
        raise
    except Image.DecompressionBombError as error:
        raise UserError(_bomb(path, "far more than")) from error
    except UnidentifiedImageError as error:
        raise UserError(
            f"{path}: not a picture that can be read; use JPEG, PNG, WebP, BMP or TIFF"
        ) from error
    except PermissionError as error:
        raise UserError(f"{path}: may not be read (permission denied)") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise UserError(
            f"{path}: the picture is damaged or cut short ({error}); get the file again"
        ) from error
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).contiguous()


def from_image(picture: Image.Image) -> torch.Tensor:
    """Return a picture of Pillow as (1, 3, h, w), RGB in [0, 1]; `load` tells how it is converted.

    Raises:
        UserError: its pixels have no agreed range.
    """
    try:
        pixels = _to_rgb(ImageOps.exif_transpose(picture))
    except ValueError as error:
        raise UserError(f"a picture of the kind {picture.mode} cannot be used: {error}") from error
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).contiguous()


def resize(picture: torch.Tensor, height: int, width: int, antialias: bool = True) -> torch.Tensor:
    """Resize (n, 3, h, w) to (n, 3, height, width), bilinear, kept in [0, 1].

    Args:
        picture: in [0, 1].
        height: of the result.
        width: of the result.
        antialias: without it, as `tf.image.resize` does by default, and so as published: what a
            large picture loses between the samples is not averaged but left out.
    """
    if picture.shape[-2:] == (height, width):
        return picture
    resized = torch.nn.functional.interpolate(
        picture, size=(height, width), mode="bilinear", antialias=antialias, align_corners=False
    )
    return resized.clamp(0, 1)


def load_at(path: Path | str, size: Size, antialias: bool = True) -> torch.Tensor:
    """Read a picture at the working size, (1, 3, h, w) in [0, 1].

    Args:
        path: of the file.
        size: the working size.
        antialias: see `resize`.

    Raises:
        UserError: see `load` and `Size.of`.
    """
    picture = load(path)
    return resize(picture, *size.of(*picture.shape[-2:]), antialias=antialias)


def load_pair(
    content: Path | str, style: Path | str, size: Size, antialias: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """Read a content and a style picture, both resized to the one working size.

    Both published implementations resize the style picture to the size of the content.
    """
    content_picture = load_at(content, size, antialias)
    height, width = content_picture.shape[-2:]
    return content_picture, load_at(style, Size(height=height, width=width), antialias)


def to_bytes(picture: torch.Tensor, truncate: bool = False) -> npt.NDArray[np.uint8]:
    """Return (1, 3, h, w) or (3, h, w) in [0, 1] as an (h, w, 3) array of 0..255.

    Args:
        picture: one picture.
        truncate: round down, as matplotlib's `imsave` does, and so as published; else to the
            nearest level.
    """
    levels = quantise(picture.detach().reshape(3, *picture.shape[-2:]), truncate) * 255
    levels = levels.round()
    array: npt.NDArray[np.uint8] = levels.to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    return array


def to_image(picture: torch.Tensor) -> Image.Image:
    """Return (1, 3, h, w) in [0, 1] as a picture of 8 bits."""
    return Image.fromarray(to_bytes(picture))


def quantise(picture: torch.Tensor, truncate: bool = False) -> torch.Tensor:
    """Return a picture in the 256 levels of a PNG file, in float32, as `load` would read it.

    What is in them already stays as it is. So what is measured is what `save` keeps. The levels are
    those that `to_bytes` finds.
    """
    levels = picture.clamp(0, 1) * 255
    return (levels.floor() if truncate else levels.round()).float() / 255


def save(picture: torch.Tensor, path: Path) -> None:
    """Write one picture, (1, 3, h, w) in [0, 1], as PNG: whole or not at all."""
    image = to_image(picture)
    write_whole(path, lambda temporary: image.save(temporary, format="PNG"))


def picture_files(folder: Path) -> list[Path]:
    """Return the picture files of a folder, by name.

    Raises:
        UserError: there is no such folder, or there is no picture in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    files = sorted(
        file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()
    )
    if not files:
        raise UserError(f"{folder}: no picture files in it ({', '.join(SUFFIXES)})")
    return files


def _check_size(path: Path, picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise UserError(_bomb(path, f"{width} x {height} pixels,"))
    if min(width, height) < MIN_FILE_SIDE:
        raise UserError(
            f"{path}: the picture is only {width} x {height} pixels; "
            f"each side must have at least {MIN_FILE_SIDE}"
        )


def _bomb(path: Path, much: str) -> str:
    return (
        f"{path}: {much} more than the limit of {MAX_PIXELS // 1_000_000} million pixels "
        "(it may be a decompression bomb); scale it down first"
    ).replace("than more than", "than")


def _to_rgb(picture: Image.Image) -> npt.NDArray[np.float32]:
    if picture.mode.startswith("I"):  # 16-bit grey, which Pillow would clip to 8 bits
        grey = np.asarray(picture, dtype=np.float32) / 65535
        return np.repeat(grey.clip(0, 1)[:, :, None], 3, axis=2).astype(np.float32)
    if picture.mode == "F":
        raise ValueError("floating-point pixels have no agreed range")
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (255, 255, 255, 255))
        picture = Image.alpha_composite(ground, layer)
    return (np.asarray(picture.convert("RGB"), dtype=np.float32) / 255).astype(np.float32)


def stack(pictures: Sequence[torch.Tensor]) -> torch.Tensor:
    """Put pictures of one size, each (1, 3, h, w), into one batch (n, 3, h, w)."""
    return torch.cat(list(pictures), dim=0)
