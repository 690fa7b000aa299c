"""Pareto fronts: which entries no other one beats in two things at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.leaderboard.boards import Board, Line, Mean
from reports.tables.certainty import SECONDS, less_is_better


@dataclass(frozen=True)
class Point:
    """An entry in a figure of two measures.

    Attributes:
        line: the entry.
        x: its mean with the interval.
        y: likewise.
        on_front: whether no other entry is at least as good in both and better in one.
    """

    line: Line
    x: Mean
    y: Mean
    on_front: bool


@dataclass(frozen=True)
class Front:
    """Two measures against each other.

    Attributes:
        x: column of the first.
        y: column of the second.
        machine: on which the seconds were taken, where one of them is seconds; else empty.
        points: the entries that have both.
    """

    x: str
    y: str
    machine: str
    points: tuple[Point, ...]

    @property
    def best(self) -> list[Point]:
        """The points on the front, by x."""
        return sorted((p for p in self.points if p.on_front), key=lambda p: p.x.value)

    @property
    def winners(self) -> list[str]:
        """The titles of their entries."""
        return [point.line.title for point in self.best]


def front(board: Board, x: str, y: str, machine: str = "") -> Front:
    """Set two measures of a board against each other.

    Args:
        board: of the entries.
        x: column.
        y: column.
        machine: only entries whose seconds were taken there; empty for all.
    """
    lines = [
        line
        for line in board.lines
        if x in line.means and y in line.means and (not machine or line.machine == machine)
    ]
    signs = [-1.0 if less_is_better(column) else 1.0 for column in (x, y)]
    values = {
        line.name: tuple(
            sign * line.means[column].value for sign, column in zip(signs, (x, y), strict=True)
        )
        for line in lines
    }
    winners = unbeaten(values)
    points = tuple(
        Point(line, line.means[x], line.means[y], line.name in winners) for line in lines
    )
    return Front(x, y, machine, points)


def unbeaten(values: Mapping[str, Sequence[float]]) -> set[str]:
    """Return the names that no other one is at least as good as in all, and better in one.

    Args:
        values: name -> its numbers, of which more is better.
    """

    def beats(a: Sequence[float], b: Sequence[float]) -> bool:
        both = list(zip(a, b, strict=True))
        return all(one >= other for one, other in both) and any(one > other for one, other in both)

    return {
        name
        for name, mine in values.items()
        if not any(beats(other, mine) for other in values.values())
    }


def time_fronts(board: Board, quality: str) -> list[Front]:
    """Return quality against seconds, once for each machine on which two entries or more ran."""
    machines = [line.machine for line in board.lines if line.machine]
    return [
        front(board, SECONDS, quality, machine)
        for machine in dict.fromkeys(machines)
        if machines.count(machine) > 1
    ]
