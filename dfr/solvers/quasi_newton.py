"""Projected L-BFGS over a batch of pictures: how the fast solver begins.

L-BFGS (Liu, Nocedal 1989) starts every direction from a guess of the inverse curvature. The usual
guess is one number; here it is one number for each band of spatial frequency, for brightness and
for colour, learned from the steps taken (`dfr.solvers.spectrum`). Each picture has its own step
length and its own curvature. The box [0, 1] is kept by projection (Bertsekas 1982): pixels at a
bound that want to leave it stand still.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dfr.core.row_sums import row_means
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.batch import Step, finite_rows, per_row
from dfr.solvers.history import History, dot
from dfr.solvers.outcomes import may_hold
from dfr.solvers.rows import RowsWithBest, all_active
from dfr.solvers.spectrum import Spectrum

#: Root mean square of the first step, when nothing is known of the curvature.
_FIRST = 0.01
#: A step is taken when the loss falls by this part of what the gradient promises (Armijo) ...
_SUFFICIENT = 1e-4
#: ... or rises by no more than this: less is noise of the network's precision, and a loss that
#: may never rise stalls in it.
_NOISE = 1e-3
#: What the spectrum keeps of what it knew, at each step.
_MEMORY = 0.9
#: Refused steps in a row after which what was learned is dropped, and then the picture is done.
_PATIENCE = 8


@dataclass(kw_only=True)
class _QuasiNewtonRows(RowsWithBest):
    """What L-BFGS keeps of each picture besides."""

    loss: torch.Tensor
    gradient: torch.Tensor
    free: torch.Tensor  # 1 where a pixel may move, 0 where it is held by its bound
    direction: torch.Tensor
    length: torch.Tensor  # of the step along the direction
    scale: torch.Tensor  # of the inverse curvature
    refused: torch.Tensor  # steps in a row
    ready: torch.Tensor  # wants a new direction
    fresh: torch.Tensor  # what was learned was dropped, and no step was taken since


class QuasiNewton:
    """Pictures on their way down, by projected L-BFGS.

    Args:
        start: (n, 3, h, w) in [0, 1].
        loss: of them, (n,).
        gradient: of the loss, (n, 3, h, w).
        history: pairs of steps and changes of gradient that are remembered.
        floor: of the spectrum of curvature.
    """

    def __init__(
        self,
        start: torch.Tensor,
        loss: torch.Tensor,
        gradient: torch.Tensor,
        history: int,
        floor: float,
    ) -> None:
        count, device = len(start), start.device
        self.state = _QuasiNewtonRows(
            **all_active(count, device),
            picture=start.clone(),
            loss=loss,
            gradient=gradient,
            free=torch.ones_like(start),
            direction=torch.zeros_like(start),
            length=torch.zeros_like(loss),
            scale=torch.ones_like(loss),
            refused=torch.zeros(count, dtype=torch.long, device=device),
            fresh=torch.ones(count, dtype=torch.bool, device=device),
            ready=torch.ones(count, dtype=torch.bool, device=device),
            best=start.clone(),
            lowest=loss.clone(),
        )
        self.history, self.spectrum = History(start, history), Spectrum(start, floor)

    @property
    def settling(self) -> bool:
        """Whether a loss that does not fall says that a picture is done: here it always does."""
        return True

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        self.state.keep(indices)
        self.history.keep(indices)
        self.spectrum.keep(indices)

    def step(self, objective: Objective, encoder: Encoder) -> Step:
        """Evaluate each picture once.

        A step whose loss is not finite is only too long, and is shortened; a picture is broken
        where the last step before it is given up was still not finite.
        """
        state = self.state
        _aim(state, self.history, self.spectrum)
        trial = (state.picture + per_row(state.length) * state.direction).clamp(0, 1)
        loss, gradient = loss_and_gradient(trial, objective, encoder)
        finite = finite_rows(loss, gradient)
        state.ready = _accept(state, trial, loss, gradient, self.history, self.spectrum)
        spent = state.refused >= _PATIENCE
        again = spent & ~state.fresh  # once more, with nothing learned
        stuck = spent & state.fresh
        self.history.forget(again)
        state.ready = state.ready | again
        state.refused = torch.where(again, 0, state.refused)
        state.fresh = state.fresh | again
        return Step(ended=stuck, broken=stuck & ~finite, loss=loss)


def _aim(state: _QuasiNewtonRows, history: History, spectrum: Spectrum) -> None:
    """Give the rows that are ready a new direction and step length."""
    ready = state.ready
    if not may_hold(ready):
        return
    picture, gradient = state.picture, state.gradient
    bound = ((picture <= 0) & (gradient > 0)) | ((picture >= 1) & (gradient < 0))
    free = (~bound).to(picture.dtype)
    scale = per_row(state.scale)
    found = history.over_curvature(
        gradient * free, lambda current: spectrum.precondition(current * free) * free * scale
    )
    direction = -found * free
    downhill = dot(direction, gradient) < 0
    usable = downhill & direction.isfinite().flatten(1).all(dim=1)
    if may_hold(~usable):
        plain = -spectrum.precondition(gradient * free) * free
        direction = torch.where(per_row(usable), direction, plain)
    size = row_means(direction.square()).sqrt().clamp_min(1e-30)
    learned = usable & ~state.fresh
    length = torch.where(learned, torch.ones_like(size), _FIRST / size)
    state.free = torch.where(per_row(ready), free, state.free)
    state.direction = torch.where(per_row(ready), direction, state.direction)
    state.length = torch.where(ready, length, state.length)


def _accept(
    state: _QuasiNewtonRows,
    trial: torch.Tensor,
    loss: torch.Tensor,
    gradient: torch.Tensor,
    history: History,
    spectrum: Spectrum,
) -> torch.Tensor:
    """Take the steps to ``trial`` that lower the loss enough; return whose were taken."""
    step = trial - state.picture
    promised = dot(state.gradient, step)
    limit = state.loss + _SUFFICIENT * promised + _NOISE * state.loss.abs()
    finite = finite_rows(loss, gradient)
    taken = finite & (loss <= limit)
    # A refused step is shortened to the least value of the parabola through what is known.
    excess = loss - state.loss - promised
    parabola = torch.where(finite & (excess > 0), -promised / (2 * excess), 0.5)
    shorter = state.length * parabola.clamp(0.1, 0.5)

    change = torch.where(per_row(taken), gradient - state.gradient, torch.zeros_like(gradient))
    step = torch.where(per_row(taken), step, torch.zeros_like(step))
    bends = dot(step, change)
    sizes = (dot(step, step) * dot(change, change)).sqrt()
    convex = taken & (bends > 1e-10 * sizes) & (sizes > 0)
    inverse = torch.where(convex, 1 / bends.clamp_min(1e-30), torch.zeros_like(bends))
    if may_hold(convex):
        history.add(convex, step, change, inverse)
        moved, changed = step * state.free, change * state.free
        spectrum.learn(moved, changed, convex, _MEMORY)
        found = bends / dot(changed, spectrum.precondition(changed)).clamp_min(1e-30)
        state.scale = torch.where(convex, found, state.scale)
    state.picture = torch.where(per_row(taken), trial, state.picture)
    state.loss = torch.where(taken, loss, state.loss)
    state.gradient = torch.where(per_row(taken), gradient, state.gradient)
    state.length = torch.where(taken, state.length, shorter)
    state.refused = torch.where(taken, 0, state.refused + 1)
    state.fresh = state.fresh & ~convex
    state.remember(taken, trial, loss)
    return taken
