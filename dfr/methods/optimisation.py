"""Methods of optimisation: they turn a pair into a problem, and a solver solves it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch

from dfr.core.progress import Progress, silent
from dfr.methods.method import Stylization, settings_of
from dfr.network.encoder import Encoder
from dfr.objective.gradients import terms_of
from dfr.objective.objective import Objective, Terms
from dfr.objective.targets import same_targets
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
        return self._stylize(content, style, encoder, seed, progress, lambda start: start)

    def stylize_again(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize from a start that differs by half a level of 8 bits, see `nudged`.

        The objective is the same, so how far these outputs are from those of `stylize` is what
        chance alone does.
        """
        return self._stylize(
            content, style, encoder, seed, progress, lambda start: nudged(start, seed)
        )

    def _stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int,
        progress: Progress,
        started: Callable[[torch.Tensor], torch.Tensor],
    ) -> Stylization:
        began = time.perf_counter()
        content, style = (
            picture.to(encoder.device, encoder.picture_dtype) for picture in (content, style)
        )
        problem = self.problem(content, style, encoder, seed)
        start = started(problem.start)
        seconds_targets = time.perf_counter() - began
        synthesis = synthesise(start, problem.objective, problem.encoder, self.solver, progress)
        seconds = time.perf_counter() - began
        with torch.no_grad():
            rows = content.expand(len(start), -1, -1, -1)
            before = terms_of(rows, problem.objective, problem.encoder)
        return stylization(self, problem, synthesis, before, seconds, seconds_targets)


def nudged(pictures: torch.Tensor, seed: int) -> torch.Tensor:
    """Change every value by half a level of 8 bits, up or down by lot: nobody could see it.

    Args:
        pictures: (n, 3, h, w) in [0, 1]; so is the result.
        seed: of the lots, which are drawn on the CPU, so that they are the same on every device.
    """
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(0, 2, pictures.shape, generator=generator).to(pictures) * 2 - 1
    return (pictures + signs / 510).clamp(0, 1)


def stylization(
    method: OptimisationMethod,
    problem: Problem,
    synthesis: Synthesis,
    before: Terms,
    seconds: float,
    seconds_targets: float,
) -> Stylization:
    """Name the rows of a solved problem by the method's modes.

    Args:
        method: whose problem it was.
        problem: that was solved.
        synthesis: what came of its rows.
        before: the terms of the content picture in the objective of each row.
        seconds: for all outputs, see `dfr.methods.method.Stylization`.
        seconds_targets: the part of it before the first iteration.
    """
    failed = {
        mode: synthesis.failed[row] for mode, row in problem.rows.items() if row in synthesis.failed
    }
    finished = {mode: row for mode, row in problem.rows.items() if mode not in failed}
    return Stylization(
        method=method.name,
        settings=settings_of(method),
        pictures={mode: synthesis.pictures[row : row + 1] for mode, row in finished.items()},
        curves={mode: synthesis.curve[row].tolist() for mode, row in problem.rows.items()},
        losses={mode: synthesis.terms.of(row) for mode, row in finished.items()},
        content_losses={mode: before.of(row) for mode, row in finished.items()},
        failed=failed,
        same_as=problem.same_as,
        twin_of=problem.twin_of,
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
