"""Methods of optimisation: they turn a pair into a problem, and a solver solves it.

Problems of several pairs are solved as one batch, see `stylize_together`: small pictures gain from
it on a CPU, and a graphics processor is kept busy by it.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch

from dfr.core.devices import synchronise
from dfr.core.errors import UserError
from dfr.core.progress import Progress, silent
from dfr.methods.method import Stylization, settings_of
from dfr.methods.problem import Batch, Problem, can_join
from dfr.network.encoder import Encoder
from dfr.objective.gradients import terms_of
from dfr.objective.objective import Terms
from dfr.solvers.synthesis import Solver, Synthesis, synthesise


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
        return stylize_together([Request(self, content, style)], encoder, seed, progress)[0]

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
        return stylize_together([Request(self, content, style, True)], encoder, seed, progress)[0]


@dataclass(frozen=True)
class Request:
    """One pair for one method.

    Attributes:
        method: what to do with it.
        content: (1, 3, h, w) in [0, 1].
        style: (1, 3, h', w') likewise.
        again: whether to start half a level of 8 bits off, see
            `OptimisationMethod.stylize_again`.
    """

    method: OptimisationMethod
    content: torch.Tensor
    style: torch.Tensor
    again: bool = False

    def pose(self, encoder: Encoder, seed: int) -> Posed:
        """Return the problem of this request."""
        began = time.perf_counter()
        content, style = (
            picture.to(encoder.device, encoder.picture_dtype)
            for picture in (self.content, self.style)
        )
        problem = self.method.problem(content, style, encoder, seed)
        start = nudged(problem.start, seed) if self.again else problem.start
        synchronise(encoder.device)
        return Posed(self.method, content, problem, start, time.perf_counter() - began)


@dataclass(frozen=True)
class Posed:
    """A request that was made a problem.

    Attributes:
        method: that made it.
        content: the content picture, on the encoder's device.
        problem: what is to be solved.
        start: where it begins, (n, 3, h, w): the problem's own start, or one nudged from there.
        seconds: that making it took.
    """

    method: OptimisationMethod
    content: torch.Tensor
    problem: Problem
    start: torch.Tensor
    seconds: float


def stylize_together(
    requests: Sequence[Request], encoder: Encoder, seed: int = 0, progress: Progress = silent
) -> list[Stylization]:
    """Stylize several pairs at once, each row as it is alone, but for the order of sums.

    Args:
        requests: of methods with one and the same solver. Those of one network, size and layers
            become one batch, see `dfr.methods.problem.can_join`; batches follow one another.
        encoder: gives the features.
        seed: of everything random, in each request.
        progress: told after every iteration, over all batches.

    Returns:
        the stylizations, in the order of the requests. Where several share a batch, the seconds
        of its loop are divided among them by their rows, see `Stylization.rows_beside`.

    Raises:
        UserError: the solvers differ.
    """
    solver = requests[0].method.solver
    if any(request.method.solver != solver for request in requests):
        raise UserError("methods with different solvers cannot be stylized together")
    posed = [request.pose(encoder, seed) for request in requests]
    batches = _batches(posed)
    found: dict[int, Stylization] = {}
    for number, batch in enumerate(batches):

        def told(done: int, total: int, number: int = number) -> None:
            progress(number * total + done, len(batches) * total)

        found.update(
            zip(batch, _solved([posed[place] for place in batch], solver, told), strict=True)
        )
    return [found[place] for place in range(len(posed))]


def _batches(posed: Sequence[Posed]) -> list[list[int]]:
    """Return the places of the problems that can be joined, batch by batch."""
    batches: list[list[int]] = []
    for place, each in enumerate(posed):
        for batch in batches:
            if can_join(posed[batch[0]].problem, each.problem):
                batch.append(place)
                break
        else:
            batches.append([place])
    return batches


def _solved(posed: Sequence[Posed], solver: Solver, progress: Progress) -> Iterable[Stylization]:
    """Solve problems as one batch."""
    batch = Batch([replace(each.problem, start=each.start) for each in posed])
    encoder = posed[0].problem.encoder
    synthesis = synthesise(batch.start, batch.objective, encoder, solver, progress, batch.turns)
    for each, rows in zip(posed, batch.rows, strict=True):
        with torch.no_grad():
            contents = each.content.expand(len(rows), -1, -1, -1)
            before = terms_of(contents, each.problem.objective, encoder)
        share = synthesis.seconds * len(rows) / len(synthesis.pictures)
        yield stylization(
            each, synthesis.of(rows), before, len(synthesis.pictures) - len(rows), share
        )


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
    posed: Posed, synthesis: Synthesis, before: Terms, rows_beside: int, seconds: float
) -> Stylization:
    """Name the rows of a solved problem by the method's modes.

    Args:
        posed: the problem, and whose it is.
        synthesis: what came of its rows.
        before: the terms of the content picture in the objective of each row.
        rows_beside: rows of other problems in the same batch.
        seconds: this problem's share of the loop.
    """
    method, problem = posed.method, posed.problem
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
        seconds=posed.seconds + seconds,
        seconds_targets=posed.seconds,
        rows_beside=rows_beside,
    )
