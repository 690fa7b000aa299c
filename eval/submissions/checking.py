"""Check entries: nothing is believed that can be looked at.

Of every output: its hash, its size, and SSIM and the colour distance, which are cheap; so a picture
in the place of another one is found wherever it is. Of a sample of pairs: every measure. Seconds,
settings and who submits cannot be checked from an entry alone.

How far numbers may be apart (`TOLERANCE`) follows from what was measured, largest differences over
all measures and outputs at 96 x 96 and 422 x 512, as `apart` tells them:

- other instructions of the processor (SSE4.1 or AVX2 instead of AVX-512), one thread or two: 7e-5
- the first losses on a graphics card (`reports/gpu/equality.csv`): 6e-7
- content and style with one pixel in a hundred a level of 8 bits off, as another decoder of JPEG or
  another resizing leaves them: 3e-4 for what needs no network, 3e-3 for C, which counts pixels, and
  2e-3 for everything else

`tests/benchmarks/test_measured_elsewhere.py` measures the first and the last again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any

import torch

from dfr.core.errors import UserError
from eval.measures.colour import colour_distance
from eval.measures.registry import DEFAULT, measure
from eval.measures.similarity import ssim
from eval.runs.cell import context_of
from eval.runs.controls import control_pictures, control_rows
from eval.submissions.entry import (
    OUTPUT_COLUMNS,
    PAIR_COLUMNS,
    Cell,
    Entry,
)
from eval.submissions.entry_file import EntryFile, decode
from eval.submissions.keeper import Bench, Keeper

#: Two numbers of a measure are the same while they differ by no more than this part of the larger,
#: or of the measure's `SCALES`.
TOLERANCE = 0.01
#: The same for measures of pixels alone, which are taken of every output.
TIGHT = 1e-3
#: Column -> what is a small number of it: measures can be 0, where no part of it says anything.
SCALES: Mapping[str, float] = MappingProxyType(
    {
        "style_loss": 1e4,
        "relative_style_loss": 1e-3,
        "content_loss": 1e4,
        "style_gap_closed": 0.1,
        "lpips_content": 0.01,
        "ssim_content": 0.1,
        **{column: 1.0 for column in OUTPUT_COLUMNS if column.startswith("e_")},
        "c_statistic": 0.5,
        "cfsd": 1e-5,
        "cfsd_sum": 1e-3,
        "sifid_style": 1.0,
        "colour_style": 0.01,
        "lpips": 0.01,
        "lpips_vgg": 0.01,
        "pixel_distance": 0.01,
    }
)

Tell = Callable[[str], None]
#: What is measured of every output.
_CHEAP = ("ssim_content", "colour_style")


@dataclass(frozen=True)
class Checked:
    """An entry that was found right.

    Attributes:
        file: the entry.
        pairs: of which every measure was taken again.
        furthest: the largest difference that was found there, as `apart` tells it.
    """

    file: EntryFile
    pairs: tuple[tuple[str, str], ...]
    furthest: float


def apart(column: str, one: Any, other: Any) -> float:
    """Return how far two numbers of a measure are apart, relative to their size; 0 for two gaps."""
    if one is None or other is None or one != one or other != other:
        gaps = [number is None or number != number for number in (one, other)]
        return 0.0 if all(gaps) else float("inf")
    return float(abs(one - other) / max(abs(one), abs(other), SCALES[column]))


def tolerance(column: str) -> float:
    """Return by how much two numbers of a measure may be apart."""
    return TIGHT if column in (*_CHEAP, "pixel_distance") else TOLERANCE


def drawn(cells: Sequence[Cell], count: int, seed: str) -> list[Cell]:
    """Draw the cells of which every measure is taken again."""
    return random.Random(seed).sample(cells, min(count, len(cells)))


def check_entry(file: EntryFile, keeper: Keeper, count: int, seed: str, tell: Tell) -> Checked:
    """Check an entry against the set's own pictures.

    Args:
        file: the entry, read.
        keeper: of the set's pictures.
        count: of how many pairs every measure is taken again.
        seed: of the drawing of these pairs.
        tell: told which pair is measured.

    Raises:
        UserError: something does not match; the message says what.
    """
    bench = keeper.bench(file.entry.pictures)
    _check_frame(file.entry, bench)
    for cell, pictures in file.pictures():
        _check_cheap(cell, pictures, bench)
    _check_controls(file.entry, bench)
    sample = drawn(file.entry.cells, count, seed)
    furthest = 0.0
    for cell, pictures in file.pictures_of(sample):
        tell(f"{file.path.name}: measuring {cell.content} × {cell.style} again")
        furthest = max(furthest, _check_all(file.entry, cell, pictures, bench))
    return Checked(file, tuple((cell.content, cell.style) for cell in sample), furthest)


def _check_frame(entry: Entry, bench: Bench) -> None:
    for cell in entry.cells:
        wanted = bench.sizes[cell.content]
        if cell.size != wanted:
            raise UserError(
                f"{cell.content} × {cell.style} is {cell.size[0]} x {cell.size[1]} pixels and not "
                f"{wanted[0]} x {wanted[1]}, which {entry.pictures.size} gives of this content"
            )
    here = bench.tools.ruler.weights
    theirs = entry.made.weights
    if theirs.sha256 != here.sha256:
        raise UserError(
            f"was measured with other VGG-19 weights ({theirs.source}, SHA-256 "
            f"{theirs.sha256[:16]}...) than {here.source}"
        )


def _check_cheap(cell: Cell, pictures: Mapping[str, bytes], bench: Bench) -> None:
    pair = bench.pair(cell.content, cell.style)
    rows = {str(row["mode"]): row for row in cell.measures.outputs}
    for mode, content in pictures.items():
        _compare(cell, mode, rows[mode], _cheap(decode(content), *pair))


def _cheap(picture: torch.Tensor, content: torch.Tensor, style: torch.Tensor) -> dict[str, float]:
    numbers = ssim(picture, content), colour_distance(picture, style)
    return dict(zip(_CHEAP, numbers, strict=True))


def _check_controls(entry: Entry, bench: Bench) -> None:
    cells = {(cell.content, cell.style): cell for cell in entry.cells}
    for key, rows in groupby(entry.controls, lambda row: (str(row["content"]), str(row["style"]))):
        if key not in cells:
            raise UserError(f"has controls of {key[0]} × {key[1]}, which is none of its pairs")
        pair = bench.pair(*key)
        pictures = control_pictures(*pair, key)
        for row in rows:
            mode = str(row["mode"])
            if mode not in pictures:
                raise UserError(f"has a control '{mode}', which is none")
            _compare(cells[key], f"control {mode}", row, _cheap(pictures[mode], *pair))


def _check_all(entry: Entry, cell: Cell, pictures: Mapping[str, bytes], bench: Bench) -> float:
    """Take every measure of a pair again, of its controls too; return the largest difference."""
    key = cell.content, cell.style
    outputs = {mode: decode(content) for mode, content in pictures.items()}
    context = context_of(*bench.pair(*key), outputs, bench.tools)
    found = measure(context, DEFAULT)
    furthest = 0.0
    rows = {str(row["mode"]): row for row in cell.measures.outputs}
    for mine in found["outputs"]:
        mode = str(mine["mode"])
        numbers = {name: mine[name] for name in OUTPUT_COLUMNS}
        furthest = max(furthest, _compare(cell, mode, rows[mode], numbers))
    both = {(row["mode_a"], row["mode_b"]): row for row in cell.measures.pairs}
    for mine in found["pairs"]:
        a, b = str(mine["mode_a"]), str(mine["mode_b"])
        numbers = {name: mine[name] for name in PAIR_COLUMNS}
        furthest = max(furthest, _compare(cell, f"{a} and {b}", both[a, b], numbers))
    theirs = [row for row in entry.controls if (row["content"], row["style"]) == key]
    again = {row["mode"]: row for row in control_rows(context, key)} if theirs else {}
    for row in theirs:
        numbers = {name: again[row["mode"]][name] for name in OUTPUT_COLUMNS}
        furthest = max(furthest, _compare(cell, f"control {row['mode']}", row, numbers))
    return furthest


def _compare(cell: Cell, what: str, theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> float:
    """Return the largest difference of two rows of numbers.

    Raises:
        UserError: one is larger than its `tolerance`.
    """
    found = {name: apart(name, theirs[name], number) for name, number in ours.items()}
    name, most = max(
        ((name, value / tolerance(name)) for name, value in found.items()), key=lambda item: item[1]
    )
    if most > 1:
        raise UserError(
            f"{cell.content} × {cell.style}, {what}: {name} is {_told(ours[name])} of the picture, "
            f"and the entry says {_told(theirs[name])} (changed, or of another picture)"
        )
    return max(found.values())


def _told(number: Any) -> str:
    return "none" if number is None or number != number else f"{number:.6g}"
