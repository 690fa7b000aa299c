"""What the page's viewer shows: every picture of every pair, its numbers, and small sheets of them.

A page of many pairs stays light: it opens with no picture of a pair at all. Its matrix of pairs
loads one sheet of thumbnails, that of the output which is shown, when a reader comes near it; the
pictures themselves are loaded when a pair is opened.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

from dfr.core.files import write_whole
from eval.runs.tables import measured
from reports.inputs.run_data import RunData
from reports.tables.readable import column_title

#: All pictures go into the page itself up to about this many bytes, else beside it.
MOST_BYTES = 12_000_000
#: Up to so many pairs the cells of the matrix are wide, and so are their thumbnails.
FEW_PAIRS = 40
#: Longer side of a thumbnail for few pairs and for many, in pixels.
THUMBNAIL = (192, 96)
#: Small pictures show every trace of JPEG, and cost little; from this longer side on it is coarser.
LARGE = 256


@dataclass(frozen=True)
class Shown:
    """One picture of a pair, for the page.

    Attributes:
        name: what readers see; the same for every pair.
        file: its address beside the page, without ``pairs/``.
        picture: itself.
        values: its measures, as the page's list of them; None for the content and the style.
    """

    name: str
    file: str
    picture: Image.Image
    values: list[float | None] | None = None


@dataclass
class _Sheet:
    """The thumbnails of one name, the pairs' one after the other."""

    columns: int
    side: int
    image: Image.Image

    @classmethod
    def of(cls, pairs: int) -> _Sheet:
        columns = math.ceil(math.sqrt(pairs))
        side = THUMBNAIL[pairs > FEW_PAIRS]
        rows = -(-pairs // columns)
        return cls(columns, side, Image.new("RGB", (columns * side, rows * side), "white"))

    def put(self, place: int, picture: Image.Image) -> None:
        small = picture.copy()
        small.thumbnail((self.side, self.side), Image.Resampling.BICUBIC, reducing_gap=2)
        row, column = divmod(place, self.columns)
        self.image.paste(small, (column * self.side, row * self.side))


@dataclass
class _Place:
    """Where pictures go: into the page, or into the folder ``pairs`` beside it."""

    folder: Path
    inside: bool = True
    known: dict[str, int] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)

    def keep(self, file: str, picture: Image.Image) -> int:
        """Keep a picture once, and return its number in the list of addresses."""
        if file not in self.known:
            self.known[file] = len(self.addresses)
            self.addresses.append(self.address(file, _jpeg(picture)))
        return self.known[file]

    def address(self, file: str, data: bytes) -> str:
        if self.inside:
            return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"
        write_whole(self.folder / "pairs" / file, lambda path: path.write_bytes(data))
        return f"pairs/{quote(file)}"


def pictures(run: RunData, folder: Path) -> dict[str, Any]:
    """Return what the viewer shows, ready for JSON.

    Args:
        run: the run.
        folder: of the page; pictures that are too large for the page go into ``pairs`` there.

    Returns:
        ``measures``: names; ``names``: of the pictures, over all pairs; ``files``: addresses of
        pictures (data URLs, or relative to the page); ``sheets``: of each name the address of its
        thumbnails, which are in the order of the pairs, ``columns`` in a row, each fitted into
        ``side`` pixels; ``pairs``: of each its ``content`` and ``style``, ``width`` and ``height``
        in pixels, and its ``items``: number of the name, number of the file, and measures (null for
        the content and the style).
    """
    measures = measured(run.tables["outputs"])
    pairs = run.pairs
    by_pair = {pair: list(_of_pair(run, *pair, measures)) for pair in pairs[:1]}
    bytes_of_one = sum(len(_jpeg(item.picture)) for items in by_pair.values() for item in items)
    place = _Place(folder, inside=bytes_of_one * len(pairs) <= MOST_BYTES)
    sheets: dict[str, _Sheet] = {}
    told = []
    for number, (content, style) in enumerate(pairs):
        items = by_pair.pop((content, style), None) or list(_of_pair(run, content, style, measures))
        for item in items:
            sheets.setdefault(item.name, _Sheet.of(len(pairs))).put(number, item.picture)
        names = list(sheets)
        width, height = items[0].picture.size
        told.append(
            {
                "content": content,
                "style": style,
                "width": width,
                "height": height,
                "items": [
                    [names.index(item.name), place.keep(item.file, item.picture), item.values]
                    for item in items
                ],
            }
        )
    return {
        "measures": [column_title(name) for name in measures],
        "names": list(sheets),
        "files": place.addresses,
        "sheets": [
            place.address(f"sheet-{number}.jpg", _jpeg(sheet.image, 82))
            for number, sheet in enumerate(sheets.values())
        ],
        "columns": next(iter(sheets.values())).columns,
        "side": next(iter(sheets.values())).side,
        "pairs": told,
    }


def _of_pair(run: RunData, content: str, style: str, measures: list[str]) -> Iterator[Shown]:
    """Give a pair's pictures: content, style, and every output."""
    for kind, name, picture in zip(
        ("content", "style"), (content, style), run.pair(content, style), strict=True
    ):
        size = "x".join(map(str, picture.size[::-1]))
        yield Shown(kind, f"{kind}-{name}-{size}.jpg", picture)
    for cell in run.cells:
        if (cell["content"], cell["style"]) != (content, style):
            continue
        rows = {row["mode"]: row for row in cell["measures"]["outputs"]}
        for mode in cell["files"]:
            name = cell["title"] if len(cell["files"]) == 1 else f"{cell['title']} {mode}"
            if mode in cell["same_as"]:
                name += f" (= {cell['same_as'][mode]})"
            values = [_short(rows[mode].get(measure)) for measure in measures]
            file = f"{content}__{style}/{cell['label']}-{mode}.jpg"
            yield Shown(name, file, run.output(cell, mode), values)


def _short(value: float | None) -> float | None:
    return None if value is None or value != value else float(f"{value:.4g}")


def _jpeg(picture: Image.Image, quality: int | None = None) -> bytes:
    stream = io.BytesIO()
    small = quality is None and max(picture.size) < LARGE
    picture.save(stream, format="JPEG", quality=quality or (92 if small else 88),
                 subsampling=0 if small else 2)  # fmt: skip
    return stream.getvalue()
