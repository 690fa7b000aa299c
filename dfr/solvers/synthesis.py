"""The one way to optimise pictures: move a batch of them down an objective with a solver."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from types import MappingProxyType
from typing import Any, cast

import torch

from dfr.core.errors import UserError, unknown
from dfr.core.plugins import known, plugin
from dfr.core.progress import Progress, silent
from dfr.network.encoder import Encoder
from dfr.objective.gradients import terms_of
from dfr.objective.objective import Objective, Terms
from dfr.solvers.adam import Adam
from dfr.solvers.batch import not_finite
from dfr.solvers.fast import Fast
from dfr.solvers.lbfgs import LBFGS

Solver = Adam | LBFGS | Fast

#: The solvers of this suite by name, for text that names one; other packages bring others, see
#: `dfr.core.plugins`. The published one of DFR and DeCorMST is Adam.
SOLVERS: Mapping[str, type[Adam] | type[LBFGS] | type[Fast]] = MappingProxyType(
    {"adam": Adam, "lbfgs": LBFGS, "fast": Fast}
)


def solver_named(name: str, iterations: int | None = None) -> Solver:
    """Return a solver with its own settings, and a number of iterations if one is given.

    One of another package is a frozen dataclass of that name with the setting ``iterations``, and
    a ``minimise`` as `LBFGS` has it.

    Raises:
        UserError: there is no solver of this name, or it cannot be had.
    """
    kind = _solver_class(name)
    return kind() if iterations is None else kind(iterations=iterations)


def _solver_class(name: str) -> type[Adam] | type[LBFGS] | type[Fast]:
    theirs = plugin("solver", name, SOLVERS)
    if theirs is None:
        if name not in SOLVERS:
            raise unknown("solver", name, known("solver", SOLVERS))
        return SOLVERS[name]
    found = theirs.load()
    if not (
        isinstance(found, type)
        and is_dataclass(found)
        and found.__name__.lower() == name
        and {"iterations", "minimise"} <= set(dir(found))
    ):
        raise UserError(
            f"{theirs}: {theirs.where} must be a frozen dataclass of this name, with iterations "
            "(and a default of it) and minimise"
        )
    return cast("type[LBFGS]", found)


@dataclass(frozen=True)
class Synthesis:
    """What came out of an optimisation of n pictures.

    Attributes:
        pictures: (n, 3, h, w) in [0, 1], on the CPU; a failed row holds its last finite picture.
        curve: the total loss of each picture before each iteration, (n, iterations + 1), the
            last column being the result's; nan once a row has failed.
        terms: the final weighted terms.
        failed: row -> why it was stopped.
        evaluations: evaluations of the objective per picture (more than the iterations where a
            line search is made, fewer where a picture was done before).
        done: row -> iterations after which it was done, where its solver stops early.
        seconds: wall-clock time of the loop.
    """

    pictures: torch.Tensor
    curve: torch.Tensor
    terms: Terms
    failed: Mapping[int, str]
    evaluations: int
    seconds: float
    done: Mapping[int, int] = field(default_factory=dict)

    def of(self, rows: range) -> Synthesis:
        """Return what came out of a part of the pictures; the seconds stay those of all.

        Where these pictures were done before the others, they took as many evaluations less.
        """
        last = self.curve.shape[1] - 1

        def most(some: Iterable[int]) -> int:
            return max(self.done.get(row, last) for row in some)

        def chosen(told: Mapping[int, Any]) -> dict[int, Any]:
            return {row - rows.start: what for row, what in told.items() if row in rows}

        part = slice(rows.start, rows.stop)
        return replace(
            self,
            pictures=self.pictures[part],
            curve=self.curve[part],
            terms=Terms(*(term[part] for term in self.terms)),
            failed=MappingProxyType(chosen(self.failed)),
            done=chosen(self.done),
            evaluations=self.evaluations - most(range(len(self.curve))) + most(rows),
        )


def synthesise(
    start: torch.Tensor,
    objective: Objective,
    encoder: Encoder,
    solver: Solver,
    progress: Progress = silent,
    turns: Sequence[int] | None = None,
) -> Synthesis:
    """Minimise an objective over a batch of pictures, each on its own.

    Args:
        start: (n, 3, h, w) in [0, 1], one row for each output of the objective.
        objective: with targets on the encoder's device.
        encoder: gives the features.
        solver: `Adam`, `LBFGS` or `Fast`.
        progress: told after every iteration.
        turns: the turn that each row takes in an iteration, see `Adam`; that of its place in the
            batch if None. Other solvers know no turns.

    An output whose loss or gradient stops being finite is stopped where it last was finite and
    listed in ``failed``; the others go on.

    Raises:
        UserError: fewer than one iteration is asked for.
    """
    if solver.iterations < 1:
        raise UserError(f"iterations {solver.iterations}: must be at least 1")
    began = time.perf_counter()
    start = start.to(encoder.device, encoder.picture_dtype)
    if isinstance(solver, Adam):
        result = solver.minimise(start, objective, encoder, progress, turns)
    else:
        result = solver.minimise(start, objective, encoder, progress)
    terms = terms_of(result.pictures, objective, encoder)
    last, failed = terms.total.clone(), dict(result.failed)
    for row in range(len(last)):
        if row not in failed and not bool(last[row].isfinite()):
            failed[row] = not_finite("loss", solver.iterations)
        if row in failed:
            last[row] = float("nan")
    return Synthesis(
        pictures=result.pictures.cpu(),
        curve=torch.cat([result.curve, last.cpu().unsqueeze(1)], dim=1),
        terms=Terms(*(term.cpu() for term in terms)),
        failed=MappingProxyType(failed),
        evaluations=result.evaluations + 1,
        seconds=time.perf_counter() - began,
        done=result.done,
    )
