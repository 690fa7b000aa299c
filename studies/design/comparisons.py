"""The comparisons of a study: two methods, a content and a style, and an output of each method.

Where single pictures are rated, a comparison is one method's output, and "every two methods" are
every one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import lcm

import numpy as np
import numpy.typing as npt

from dfr.core.errors import UserError
from studies.design.trial import Stimuli

Ints = npt.NDArray[np.int64]

#: Ways to pair contents with styles that are tried for every two methods; the one that uses pairs
#: not used yet is taken.
TRIES = 16


@dataclass(frozen=True)
class Unit:
    """A distinct comparison; methods and their outputs stand in the order of the methods."""

    content: str
    style: str
    methods: tuple[str, ...]
    modes: tuple[str, ...]


class Grid:
    """Stimuli as numbers.

    Attributes:
        stimuli: what there is.
        meetings: every two methods, in order, (P, 2) labels; every one, (P, 1), for ratings.
        contents, styles: names, in order of appearance.
        cells: (K, 2), content and style number of each pair of pictures.
        capacity: (P, K), how many distinct units of two methods a pair of pictures offers.
    """

    def __init__(self, stimuli: Stimuli, size: int = 2) -> None:
        if len(stimuli.methods) < 2 or not stimuli.pairs:
            raise UserError(
                f"a study compares outputs of two methods or more; there are "
                f"{len(stimuli.methods)} methods and {len(stimuli.pairs)} pairs of pictures"
            )
        self.stimuli = stimuli
        self.meetings = tuple(combinations(stimuli.methods, size))
        self.contents = tuple(dict.fromkeys(content for content, _ in stimuli.pairs))
        self.styles = tuple(dict.fromkeys(style for _, style in stimuli.pairs))
        content_number = {name: index for index, name in enumerate(self.contents)}
        style_number = {name: index for index, name in enumerate(self.styles)}
        self.cells: Ints = np.array(
            [(content_number[content], style_number[style]) for content, style in stimuli.pairs],
            dtype=np.int64,
        )
        modes = {
            method: np.array([len(stimuli.outputs[(*pair, method)]) for pair in stimuli.pairs])
            for method in stimuli.methods
        }
        self.capacity: Ints = np.array(
            [np.prod([modes[label] for label in meeting], axis=0) for meeting in self.meetings]
        )

    @property
    def levels(self) -> Ints:
        """(K, 2) content number, and style number counted on from the last content."""
        found: Ints = self.cells + np.array([0, len(self.contents)])
        return found

    def units(self) -> list[Unit]:
        """Return every unit there is; for where drawing finds none."""
        return [
            Unit(*pair, meeting, modes)
            for pair, meeting in product(self.stimuli.pairs, self.meetings)
            for modes in product(*(self.stimuli.outputs[(*pair, label)] for label in meeting))
        ]


def choose_cells(grid: Grid, wanted: Sequence[int], random: np.random.Generator) -> list[Ints]:
    """Choose the pairs of pictures on which every two methods meet.

    Every pair of pictures is used equally often by two methods before one is used again. What
    remains is chosen so that, on a full grid, contents differ by at most 1 unit and styles differ
    by at most 1 unit, for every two methods and over all of them. On an incomplete grid each unit
    in turn goes to the pair whose content and style were used least.

    Args:
        grid: what there is.
        wanted: (P,) units of every two methods, no more than the grid's capacity.
        random: decides between equals.

    Returns:
        for every two methods, indices into the grid's pairs, one per unit.
    """
    contents, styles = len(grid.contents), len(grid.styles)
    place = np.full((contents, styles), -1)
    place[grid.cells[:, 0], grid.cells[:, 1]] = np.arange(len(grid.cells))
    used = np.zeros(len(grid.cells), dtype=np.int64)
    counts = np.zeros(contents + styles, dtype=np.int64)
    chosen = []
    for units, capacity in zip(wanted, grid.capacity, strict=True):
        taken = np.zeros(len(grid.cells), dtype=np.int64)
        while left := int(units - taken.sum()):
            free = np.flatnonzero(capacity > taken)
            if left >= len(free):
                more = free
            elif len(free) == contents * styles:
                more = _even_subset(place, left, counts, used + taken, random)
            else:
                more = _least_used(grid, free, left, counts, taken, random)
            taken[more] += 1
            np.add.at(counts, grid.levels[more], 1)
        used += taken
        chosen.append(np.repeat(np.arange(len(taken)), taken))
    return chosen


def diagonal(rows: int, columns: int, size: int) -> tuple[Ints, Ints]:
    """Return ``size`` distinct places of a table, spread evenly over its rows and columns.

    Walks down the diagonals. Each row and each column has floor or ceiling of its share; those
    with one more are the first rows and the first columns.

    Args:
        rows: of the table.
        columns: of the table.
        size: at most rows * columns.

    Returns:
        row numbers and column numbers, (size,) each.
    """
    step = np.arange(size)
    around = lcm(rows, columns)
    # Without a shift after each time around, the walk would come back to where it started.
    return step % rows, (step + step // around - size // around) % columns


def _even_subset(
    place: Ints, size: int, counts: Ints, used: Ints, random: np.random.Generator
) -> Ints:
    """Choose pairs of a full grid: contents and styles used least get one more than the others."""
    rows, columns = diagonal(place.shape[0], place.shape[1], size)
    best, least = np.empty(0, dtype=np.int64), np.inf
    for _ in range(TRIES):
        contents = _least_first(counts[: place.shape[0]], random)
        styles = _least_first(counts[place.shape[0] :], random)
        cells = place[contents[rows], styles[columns]]
        if used[cells].sum() < least:
            best, least = cells, used[cells].sum()
    return best


def _least_used(
    grid: Grid, free: Ints, size: int, counts: Ints, taken: Ints, random: np.random.Generator
) -> Ints:
    """Choose pairs of an incomplete grid one by one, the least used content and style first."""
    counts = counts.copy()
    own = np.zeros_like(counts)
    np.add.at(own, grid.levels[np.repeat(np.arange(len(taken)), taken)], 1)
    free = random.permutation(free)
    chosen = []
    for _ in range(size):
        levels = grid.levels[free]
        at = int(np.argmin((counts[levels] + own[levels]).sum(axis=1)))
        chosen.append(free[at])
        counts[levels[at]] += 1
        own[levels[at]] += 1
        free = np.delete(free, at)
    return np.array(chosen, dtype=np.int64)


def choose_modes(
    grid: Grid, cells: Sequence[Ints], random: np.random.Generator
) -> list[list[Unit]]:
    """Make units of chosen pairs of pictures, with outputs of multimodal methods drawn evenly.

    Where every pair offers the same modes of a method, each is in equally many units, to within
    1. No two units are the same.

    Args:
        grid: what there is.
        cells: for every two methods, indices of pairs of pictures, equal ones side by side.
        random: decides between equals.

    Returns:
        for every two methods, one unit per index, in the same order.
    """
    used: dict[str, dict[str, int]] = {method: {} for method in grid.stimuli.methods}
    units = []
    for methods, own_cells in zip(grid.meetings, cells, strict=True):
        here: list[dict[str, int]] = [{} for _ in methods]
        own = []
        for cell, size in zip(*np.unique(own_cells, return_counts=True), strict=True):
            content, style = grid.stimuli.pairs[cell]
            names = []
            for method, met in zip(methods, here, strict=True):
                offered = grid.stimuli.outputs[content, style, method]
                total = used[method]
                luck = random.random(len(offered)) if len(offered) > 1 else [0.0]
                # Of modes used equally often, the one that met the other method least comes first.
                ranked = sorted(
                    zip(offered, luck, strict=True),
                    key=lambda item: (total.get(item[0], 0), met.get(item[0], 0), item[1]),
                )
                names.append([name for name, _ in ranked])
            places = (
                diagonal(len(names[0]), len(names[1]), int(size))
                if len(names) == 2
                else (np.arange(size),)
            )
            for numbers in zip(*places, strict=True):
                modes = tuple(ranked[number] for ranked, number in zip(names, numbers, strict=True))
                own.append(Unit(content, style, methods, modes))
                for method, met, mode in zip(methods, here, modes, strict=True):
                    used[method][mode] = used[method].get(mode, 0) + 1
                    met[mode] = met.get(mode, 0) + 1
        units.append(own)
    return units


def _least_first(counts: Ints, random: np.random.Generator) -> Ints:
    """Sort numbers by their counts; chance decides between equals."""
    return np.lexsort((random.random(len(counts)), counts))
