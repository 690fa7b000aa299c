"""L-BFGS with a line search, as Gatys et al. (CVPR 2016) use it, on a batch of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dfr.core.progress import Progress
from dfr.core.row_sums import row_sums
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.batch import SolverResult, finite_rows, per_row
from dfr.solvers.compact_history import CompactHistory
from dfr.solvers.history import dot
from dfr.solvers.line_search import LineSearch, Tried
from dfr.solvers.outcomes import Outcomes, looks_every, may_hold
from dfr.solvers.rows import DONE, Rows, all_active, why_not_finite

#: Evaluations of one line search at most.
_SEARCH = 25
#: How far inside (0, 1) the logistic variable starts: half a level of an 8-bit picture.
_MARGIN = 0.5 / 255
#: A pair is remembered when its step times its change of gradient is above this.
_CONVEX = 1e-10


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS with a strong Wolfe line search (Gatys et al., CVPR 2016, use L-BFGS).

    The box [0, 1] is part of the optimisation: the picture is the logistic function of the
    variable. (Clipping at the end would throw away much of what was gained.) Each output has its
    own run: in a batch, each evaluation finds every output at its own place in its own line search.
    """

    iterations: int = 500
    history: int = 100

    def minimise(
        self, start: torch.Tensor, objective: Objective, encoder: Encoder, progress: Progress
    ) -> SolverResult:
        """Minimise an objective; see `dfr.solvers.synthesis.synthesise` for the arguments."""
        run = _Run(start, objective, encoder, self)
        outcomes, state = Outcomes(start, self.iterations), run.state
        every, total = looks_every(start.device), len(start) * self.iterations
        told = 0
        while left := run.left():
            if total - sum(left) > told:
                told = total - sum(left)
                progress(told, total)
            staying = outcomes.look(state, state.variable.sigmoid(), state.loss)
            if staying is not None:
                objective = objective.rows(staying)
                run.keep(torch.tensor(staying, device=start.device))
            # No row ends in fewer evaluations than it has iterations left.
            for _ in range(min(every, max(left))):
                run.step(objective, encoder, outcomes.curve)
        progress(total, total)
        outcomes.take_rest(state, state.variable.sigmoid(), state.loss)
        return outcomes.result(evaluations=run.evaluations())


@dataclass(kw_only=True)
class _LbfgsRows(Rows):
    """What L-BFGS keeps of each picture; a variable is a picture's logit."""

    variable: torch.Tensor  # where the last line search ended
    loss: torch.Tensor  # there
    gradient: torch.Tensor
    direction: torch.Tensor
    scale: torch.Tensor  # of the inverse curvature
    ready: torch.Tensor  # begins an iteration
    count: torch.Tensor  # iterations done


class _Run:
    """Pictures on their way down, by L-BFGS; each row is anywhere in its own line search.

    Args:
        start: (n, 3, h, w) in [0, 1].
        objective: of them.
        encoder: gives the features.
        solver: with the settings.
    """

    def __init__(
        self, start: torch.Tensor, objective: Objective, encoder: Encoder, solver: LBFGS
    ) -> None:
        variable = start.clamp(_MARGIN, 1 - _MARGIN).logit()
        loss, gradient = _evaluated(variable, objective, encoder)
        rows = all_active(len(start), start.device)
        self.state = _LbfgsRows(
            **rows,
            variable=variable,
            loss=loss,
            gradient=gradient,
            direction=torch.zeros_like(variable),
            scale=torch.ones_like(loss),
            ready=rows["active"],
            count=torch.zeros_like(rows["row"]),
        )
        self.state.end(~finite_rows(loss, gradient), why_not_finite(loss), 0)
        self.search = LineSearch.idle(gradient)
        self.history = CompactHistory(variable, solver.history)
        self.rows, self.iterations = len(start), solver.iterations
        self._taken = torch.zeros((), dtype=torch.long, device=start.device)

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        for part in (self.state, self.search, self.history):
            part.keep(indices)

    def left(self) -> list[int]:
        """Return the iterations left of each row that is active. The host waits here."""
        active = self.state.active.tolist()
        counts = zip(self.state.count.tolist(), active, strict=True)
        return [self.iterations - count for count, goes_on in counts if goes_on]

    def evaluations(self) -> int:
        """Return the evaluations of the row that took most. The host waits here."""
        return 1 + int(self._taken)

    def step(self, objective: Objective, encoder: Encoder, curve: torch.Tensor) -> None:
        """Evaluate each picture once; note in the curve what the iterations began with."""
        state, search = self.state, self.search
        if may_hold(state.ready):
            self._aim()
        self._taken = self._taken + state.active.any()
        trial = state.variable + per_row(search.length) * state.direction
        loss, gradient = _evaluated(trial, objective, encoder)
        finite = finite_rows(loss, gradient) & trial.isfinite().flatten(1).all(dim=1)
        state.end(~finite, why_not_finite(loss), state.count)
        found = Tried(search.length, loss, dot(gradient, state.direction), gradient)
        state.ready = search.go_on(found, _SEARCH) & state.active
        if may_hold(state.ready):
            self._settle(curve)

    def _aim(self) -> None:
        """Give the rows that begin an iteration a direction and a first step."""
        state = self.state
        ready, gradient = state.ready, state.gradient
        direction = -self.history.over_curvature(gradient, state.scale)
        slope = dot(gradient, direction)
        stuck = (slope > 0) | (gradient.flatten(1).abs().amax(dim=1) == 0)
        state.end(ready & stuck, DONE, state.count)
        state.direction = torch.where(per_row(ready), direction, state.direction)
        # Nothing is known of the curvature at first.
        short = (1 / row_sums(gradient.abs())).clamp_max(1)
        self.search.begin(
            ready,
            Tried(torch.zeros_like(slope), state.loss, slope, gradient),
            reach=direction.flatten(1).abs().amax(dim=1),
            length=torch.where(state.count == 0, short, 1.0),
        )

    def _settle(self, curve: torch.Tensor) -> None:
        """Move the rows whose search has ended to what it found, and learn from it."""
        state, best, moves = self.state, self.search.low, self.state.ready
        step = per_row(best.length) * state.direction
        change = best.gradient - state.gradient
        bends = dot(step, change)
        convex = moves & (bends > _CONVEX)
        known = per_row(convex)
        self.history.add(convex, torch.where(known, step, 0.0), torch.where(known, change, 0.0))
        state.scale = torch.where(convex, bends / dot(change, change), state.scale)
        where = torch.where(moves, state.count, self.iterations) * self.rows + state.row
        curve.flatten().index_copy_(0, where, state.loss)
        state.variable = torch.where(per_row(moves), state.variable + step, state.variable)
        state.loss = torch.where(moves, best.loss, state.loss)
        state.gradient = torch.where(per_row(moves), best.gradient, state.gradient)
        state.count = state.count + moves
        state.end(state.count == self.iterations, DONE, self.iterations)


def _evaluated(
    variable: torch.Tensor, objective: Objective, encoder: Encoder
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the losses of pictures, (m,), and their gradients by the variables, (m, 3, h, w)."""
    picture = variable.sigmoid()
    loss, slope = loss_and_gradient(picture, objective, encoder)
    return loss, slope * (1 - picture) * picture
