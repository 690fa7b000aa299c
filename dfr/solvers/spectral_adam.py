"""Adam where all frequencies bend alike: how the fast solver goes on.

The objective has kinks everywhere (ReLU, max pooling, total variation), and a deep narrow valley.
L-BFGS, which trusts the slope at one place, slows down there: at 128 pixels its loss after 1000
evaluations was 1.6 to 10 % above that of published Adam after 3000. Momentum averages the slopes
of many places. Adam (Kingma, Ba 2015) has that, and a scale for each pixel, but knows nothing of
frequency: it needs thousands of steps for what bends little. Here it works on the slopes whitened
by the spectrum that L-BFGS has learned, and goes on learning it. Its steps stay large for long
and then shrink to nothing, and its memory of squares is short, which both matter much.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.quasi_newton import QuasiNewton
from dfr.solvers.state import Moving, finite_rows, wide

#: First steps, which are smaller: momentum has seen little yet.
_WARM_UP = 10
#: What the spectrum keeps of what it knew, at each step; these are small, and show little.
_MEMORY = 0.98
#: How late steps shrink: they lose the part (steps taken / all steps) to this power.
_LATENESS = 3
#: Part of their first length below which steps count as small: a loss may stand still before.
_SMALL = 0.2


@dataclass(kw_only=True)
class _State(Moving):
    """What Adam keeps of each picture besides."""

    mean: torch.Tensor  # of whitened slopes
    square: torch.Tensor
    last: torch.Tensor  # where it was before this step
    slope: torch.Tensor  # there


class SpectralAdam:
    """Pictures on their way down, by Adam on whitened slopes.

    Args:
        begun: the pictures, and the spectrum that was learned.
        steps: how many are going to be taken.
        lr: of the first steps, in pixel values of a picture in [0, 1].
        beta1: memory of the mean slope.
        beta2: memory of its square.
    """

    def __init__(
        self, begun: QuasiNewton, steps: int, lr: float, beta1: float, beta2: float
    ) -> None:
        old = begun.state
        self.spectrum = begun.spectrum
        self.state = _State(
            row=old.row,
            picture=old.best.clone(),
            mean=torch.zeros_like(old.best),
            square=torch.zeros_like(old.best),
            last=old.best,
            slope=torch.zeros_like(old.best),
            best=old.best,
            lowest=old.lowest,
        )
        self.steps, self.lr, self.beta1, self.beta2 = steps, lr, beta1, beta2
        self.taken = 0

    @property
    def settling(self) -> bool:
        """Whether steps have become small: before, a loss that does not fall says nothing."""
        return self._shrunk() < _SMALL

    def _shrunk(self) -> float:
        """Part of its first length that the next step has."""
        return float(1 - (self.taken / self.steps) ** _LATENESS)

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        self.state.keep(rows)
        self.spectrum.rows(rows)

    def step(self, objective: Objective, encoder: Encoder) -> torch.Tensor:
        """Evaluate each row once; return which rows can go no further."""
        state = self.state
        loss, slope = loss_and_gradient(state.picture, objective, encoder)
        finite = finite_rows(loss, slope)
        state.remember(finite, state.picture, loss)
        slope = torch.where(wide(finite), slope, torch.zeros_like(slope))
        if self.taken:
            step, change = state.picture - state.last, slope - state.slope
            self.spectrum.learn(step, change, finite, _MEMORY)
        state.last, state.slope = state.picture, slope
        whiten = self.spectrum.whitening()
        white = whiten(slope)
        state.mean.lerp_(white, 1 - self.beta1)
        state.square.mul_(self.beta2).addcmul_(white, white, value=1 - self.beta2)
        count = self.taken + 1
        root = (state.square / (1 - self.beta2**count)).sqrt_().clamp_min_(1e-30)
        length = self.lr * self._shrunk() * min(1, count / _WARM_UP) / (1 - self.beta1**count)
        move = whiten(state.mean / root)
        state.picture = torch.sub(state.picture, move, alpha=length).clamp_(0, 1)
        self.taken = count
        return ~finite
