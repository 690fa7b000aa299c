"""Contact sheets: labelled pictures side by side, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from dfr.core.files import write_whole

_GAP, _LABEL = 8, 22


def contact_sheet(
    rows: Sequence[Sequence[tuple[str, Image.Image | None]]],
    least_width: int = 160,
    greatest_width: int = 320,
) -> Image.Image:
    """Draw rows of (label, picture) with the label above each picture.

    Args:
        rows: each picture is fitted into a place of the first one's shape. None leaves its place
            empty.
        least_width: small pictures are enlarged, by a whole factor, to at least this width, so
            that their labels fit.
        greatest_width: large pictures are scaled down to this width.
    """
    width, height = next(picture.size for row in rows for _, picture in row if picture is not None)
    factor = max(1, -(-least_width // width)) if width <= greatest_width else greatest_width / width
    height, width = round(height * factor), round(width * factor)
    columns = max(len(row) for row in rows)
    sheet = Image.new(
        "RGB",
        (_GAP + columns * (width + _GAP), _GAP + len(rows) * (height + _LABEL + _GAP)),
        "white",
    )
    pen, font = ImageDraw.Draw(sheet), _font(14)
    for i, row in enumerate(rows):
        for j, (label, picture) in enumerate(row):
            left, top = _GAP + j * (width + _GAP), _GAP + i * (height + _LABEL + _GAP)
            pen.text((left, top), _fit(pen, label, font, width), fill="black", font=font)
            if picture is not None:
                image = ImageOps.contain(picture, (width, height), Image.Resampling.BICUBIC)
                sheet.paste(image, (left, top + _LABEL))
    return sheet


def save_sheet(sheet: Image.Image, path: Path) -> None:
    """Write a sheet as PNG, whole or not at all."""
    write_whole(path, lambda temporary: sheet.save(temporary, format="PNG"))


def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return the font that matplotlib ships: unlike Pillow's own it has Greek letters."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return ImageFont.truetype(folder / "DejaVuSans.ttf", size - 1)


def _fit(
    pen: ImageDraw.ImageDraw,
    label: str,
    font: ImageFont.FreeTypeFont,
    width: int,
) -> str:
    while len(label) > 1 and pen.textlength(label, font=font) > width:
        label = label[:-2].rstrip() + "…"
    return label
