"""Methods of optimisation: they turn a pair into a problem, and a solver solves it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch

from dfr.core.progress import Progress, silent
from dfr.methods.method import Stylization, settings_of
from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective
from dfr.solvers.synthesis import Solver, Synthesis, synthesise


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


class OptimisationMethod(ABC):
    """A method that optimises pictures: a subclass says what, see `problem`.

    Attributes:
        name: in the table of methods.
        solver: what moves the pictures down the objective.
    """

    name: ClassVar[str]
    solver: Solver

    @property
    @abstractmethod
    def modes(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""

    @abstractmethod
    def problem(
        self, content: torch.Tensor, style: torch.Tensor, encoder: Encoder, seed: int = 0
    ) -> Problem:
        """Return what to optimise for a pair.

        Args:
            content: (1, 3, h, w) in [0, 1], on the encoder's device.
            style: (1, 3, h', w') likewise.
            encoder: gives the features.
            seed: of everything random.
        """

    def stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize; see `dfr.methods.method.Method`."""
        began = time.perf_counter()
        content, style = (
            picture.to(encoder.device, encoder.picture_dtype) for picture in (content, style)
        )
        problem = self.problem(content, style, encoder, seed)
        seconds_targets = time.perf_counter() - began
        synthesis = synthesise(
            problem.start, problem.objective, problem.encoder, self.solver, progress
        )
        seconds = time.perf_counter() - began
        return stylization(self, problem, synthesis, seconds, seconds_targets)


def stylization(
    method: OptimisationMethod,
    problem: Problem,
    synthesis: Synthesis,
    seconds: float,
    seconds_targets: float,
) -> Stylization:
    """Name the rows of a solved problem by the method's modes.

    Args:
        method: whose problem it was.
        problem: that was solved.
        synthesis: what came of its rows.
        seconds: for all outputs, see `dfr.methods.method.Stylization`.
        seconds_targets: the part of it before the first iteration.
    """
    terms = synthesis.terms
    failed = {
        mode: synthesis.failed[row] for mode, row in problem.rows.items() if row in synthesis.failed
    }
    finished = {mode: row for mode, row in problem.rows.items() if mode not in failed}
    return Stylization(
        method=method.name,
        settings=settings_of(method),
        pictures={mode: synthesis.pictures[row : row + 1] for mode, row in finished.items()},
        curves={mode: synthesis.curve[row].tolist() for mode, row in problem.rows.items()},
        losses={
            mode: {
                "content": float(terms.content[row]),
                "style": float(terms.style[row]),
                "variation": float(terms.variation[row]),
                "total": float(terms.total[row]),
            }
            for mode, row in finished.items()
        },
        failed=failed,
        same_as=problem.same_as,
        done={
            mode: synthesis.done[row] for mode, row in problem.rows.items() if row in synthesis.done
        },
        iterations=max(
            synthesis.done.get(row, method.solver.iterations)
            for row in range(len(synthesis.pictures))
        ),
        evaluations=synthesis.evaluations,
        seconds=seconds,
        seconds_targets=seconds_targets,
    )
