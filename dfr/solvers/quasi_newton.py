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

from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.spectrum import Spectrum
from dfr.solvers.state import Moving, finite_rows, wide

#: Root mean square of the first step, when nothing is known of the curvature.
_FIRST = 0.01
#: A step is taken when the loss falls by this part of what the slope promises (Armijo) ...
_SUFFICIENT = 1e-4
#: ... or rises by no more than this: less is noise of the network's precision, and a loss that
#: may never rise stalls in it.
_NOISE = 1e-3
#: What the spectrum keeps of what it knew, at each step.
_MEMORY = 0.9
#: Refused steps in a row after which what was learned is dropped, and then the picture is done.
_PATIENCE = 8


@dataclass(kw_only=True)
class _State(Moving):
    """What L-BFGS keeps of each picture besides."""

    loss: torch.Tensor
    slope: torch.Tensor
    free: torch.Tensor  # 1 where a pixel may move, 0 where it is held by its bound
    direction: torch.Tensor
    length: torch.Tensor  # of the step along the direction
    scale: torch.Tensor  # of the inverse curvature
    refused: torch.Tensor  # steps in a row
    ready: torch.Tensor  # wants a new direction
    fresh: torch.Tensor  # what was learned was dropped, and no step was taken since


class _History:
    """The last pairs of steps and changes of slope."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.pairs: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def add(self, step: torch.Tensor, change: torch.Tensor, inverse: torch.Tensor) -> None:
        self.pairs.append((step, change, inverse))
        del self.pairs[: -self.most]

    def keep(self, rows: torch.Tensor) -> None:
        self.pairs = [(step[rows], change[rows], inv[rows]) for step, change, inv in self.pairs]

    def forget(self, rows: torch.Tensor) -> None:
        for _, _, inverse in self.pairs:
            inverse[rows] = 0.0

    def direction(
        self, slope: torch.Tensor, free: torch.Tensor, spectrum: Spectrum, scale: torch.Tensor
    ) -> torch.Tensor:
        """Return minus the inverse curvature times the slope, on the free pixels (two loops)."""
        current, amounts = slope * free, []
        for step, change, inverse in reversed(self.pairs):
            amount = inverse * _dot(step, current)
            amounts.append(amount)
            current = current - wide(amount) * change
        current = spectrum.flatten(current * free) * free * wide(scale)
        for (step, change, inverse), amount in zip(self.pairs, reversed(amounts), strict=True):
            current = current + wide(amount - inverse * _dot(change, current)) * step
        return -current * free


class QuasiNewton:
    """Pictures on their way down, by projected L-BFGS.

    Args:
        start: (n, 3, h, w) in [0, 1].
        loss: of them, (n,).
        slope: of the loss, (n, 3, h, w).
        history: pairs of steps and changes of slope that are remembered.
        floor: of the spectrum of curvature.
    """

    def __init__(
        self,
        start: torch.Tensor,
        loss: torch.Tensor,
        slope: torch.Tensor,
        history: int,
        floor: float,
    ) -> None:
        count, device = len(start), start.device
        self.state = _State(
            row=torch.arange(count, device=device),
            picture=start.clone(),
            loss=loss,
            slope=slope,
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
        self.history, self.spectrum = _History(history), Spectrum(start, floor)

    @property
    def settling(self) -> bool:
        """Whether a loss that does not fall says that a picture is done: here it always does."""
        return True

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        self.state.keep(rows)
        self.history.keep(rows)
        self.spectrum.rows(rows)

    def step(self, objective: Objective, encoder: Encoder) -> torch.Tensor:
        """Evaluate each row once; return which rows can go no further."""
        state = self.state
        _aim(state, self.history, self.spectrum)
        state.ready = _step(state, objective, encoder, self.history, self.spectrum)
        spent = state.refused >= _PATIENCE
        again = spent & ~state.fresh  # once more, with nothing learned
        stuck = spent & state.fresh
        self.history.forget(again)
        state.ready = state.ready | again
        state.refused = torch.where(again, 0, state.refused)
        state.fresh = state.fresh | again
        return stuck


def _aim(state: _State, history: _History, spectrum: Spectrum) -> None:
    """Give the rows that are ready a new direction and step length."""
    ready = state.ready
    if not bool(ready.any()):
        return
    picture, slope = state.picture, state.slope
    bound = ((picture <= 0) & (slope > 0)) | ((picture >= 1) & (slope < 0))
    free = (~bound).to(picture.dtype)
    direction = history.direction(slope, free, spectrum, state.scale)
    downhill = _dot(direction, slope) < 0
    usable = downhill & direction.isfinite().flatten(1).all(dim=1)
    if not bool(usable.all()):
        plain = -spectrum.flatten(slope * free) * free
        direction = torch.where(wide(usable), direction, plain)
    size = direction.square().flatten(1).mean(dim=1).sqrt().clamp_min(1e-30)
    learned = usable & ~state.fresh
    length = torch.where(learned, torch.ones_like(size), _FIRST / size)
    state.free = torch.where(wide(ready), free, state.free)
    state.direction = torch.where(wide(ready), direction, state.direction)
    state.length = torch.where(ready, length, state.length)


def _step(
    state: _State, objective: Objective, encoder: Encoder, history: _History, spectrum: Spectrum
) -> torch.Tensor:
    """Try each row's step; return which rows took it."""
    trial = (state.picture + wide(state.length) * state.direction).clamp(0, 1)
    step = trial - state.picture
    loss, slope = loss_and_gradient(trial, objective, encoder)
    promised = _dot(state.slope, step)
    limit = state.loss + _SUFFICIENT * promised + _NOISE * state.loss.abs()
    finite = finite_rows(loss, slope)
    taken = finite & (loss <= limit)
    # A refused step is shortened to the least value of the parabola through what is known.
    excess = loss - state.loss - promised
    parabola = torch.where(finite & (excess > 0), -promised / (2 * excess), 0.5)
    shorter = state.length * parabola.clamp(0.1, 0.5)

    change = torch.where(wide(taken), slope - state.slope, torch.zeros_like(slope))
    step = torch.where(wide(taken), step, torch.zeros_like(step))
    bends = _dot(step, change)
    sizes = (_dot(step, step) * _dot(change, change)).sqrt()
    convex = taken & (bends > 1e-10 * sizes) & (sizes > 0)
    inverse = torch.where(convex, 1 / bends.clamp_min(1e-30), torch.zeros_like(bends))
    if bool(convex.any()):
        history.add(step, change, inverse)
        moved, changed = step * state.free, change * state.free
        spectrum.learn(moved, changed, convex, _MEMORY)
        found = bends / _dot(changed, spectrum.flatten(changed)).clamp_min(1e-30)
        state.scale = torch.where(convex, found, state.scale)
    state.picture = torch.where(wide(taken), trial, state.picture)
    state.loss = torch.where(taken, loss, state.loss)
    state.slope = torch.where(wide(taken), slope, state.slope)
    state.length = torch.where(taken, state.length, shorter)
    state.refused = torch.where(taken, 0, state.refused + 1)
    state.fresh = state.fresh & ~convex
    state.remember(taken, trial, loss)
    return taken


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the scalar product of each row, (n,)."""
    return (a * b).flatten(1).sum(dim=1)
