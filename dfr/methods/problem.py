"""What is optimised for one pair, and which problems can be solved as one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective, joined
from dfr.objective.targets import same_targets


@dataclass(frozen=True)
class Problem:
    """What is optimised for one pair.

    Attributes:
        start: (n, 3, h, w) in [0, 1], one row per output that is computed.
        objective: with one target per row.
        encoder: gives the features that the objective compares.
        rows: mode -> its row; modes of one and the same objective share a row.
    """

    start: torch.Tensor
    objective: Objective
    encoder: Encoder
    rows: Mapping[str, int]

    @property
    def same_as(self) -> dict[str, str]:
        """Mode -> the first mode of its row, for every mode that is not the first."""
        first: dict[int, str] = {}
        for mode, row in self.rows.items():
            first.setdefault(row, mode)
        return {mode: first[row] for mode, row in self.rows.items() if first[row] != mode}

    @property
    def twin_of(self) -> dict[str, str]:
        """Mode -> the first mode of the same objective and start, in its row or in another one."""
        leader = {row: group[0] for group in same_targets(self.objective.style) for row in group}
        found: dict[str, str] = {}
        firsts: list[tuple[str, int]] = []
        for mode, row in self.rows.items():
            for first, other in firsts:
                if (
                    leader[row] == leader[other]
                    and self.objective.terms[row] == self.objective.terms[other]
                    and torch.equal(self.start[row], self.start[other])
                ):
                    found[mode] = first
                    break
            else:
                firsts.append((mode, row))
        return found


def can_join(a: Problem, b: Problem) -> bool:
    """Say whether two problems can be rows of one batch: one network, layers and size."""
    return _kind(a) == _kind(b)


def _kind(problem: Problem) -> tuple[object, ...]:
    encoder, objective = problem.encoder, problem.objective
    return (
        tuple(problem.start.shape[1:]),
        (id(encoder.weights), encoder.pooling, encoder.precision, encoder.swaps_colours),
        tuple(objective.content),
        tuple(objective.style),
    )


@dataclass(frozen=True)
class Batch:
    """Problems that are solved at once; each row is what it is alone, but for the order of sums.

    Attributes:
        problems: of which any two can be joined, see `can_join`.
    """

    problems: Sequence[Problem]

    @property
    def start(self) -> torch.Tensor:
        """The starts of all problems, (rows, 3, h, w)."""
        return torch.cat([problem.start for problem in self.problems])

    @property
    def objective(self) -> Objective:
        """The objective of all rows; that of a single problem is left as it is."""
        objectives = [problem.objective for problem in self.problems]
        return joined(objectives) if len(objectives) > 1 else objectives[0]

    @property
    def turns(self) -> tuple[int, ...]:
        """The place of each row among those of its own pair, see `dfr.solvers.adam.Adam`."""
        return tuple(row - rows.start for rows in self.rows for row in rows)

    @property
    def rows(self) -> list[range]:
        """The rows of each problem."""
        found, first = [], 0
        for problem in self.problems:
            found.append(range(first, first + len(problem.start)))
            first = found[-1].stop
        return found
