"""Adam where all frequencies bend alike: how the fast solver goes on.

The objective has kinks everywhere (ReLU, max pooling, total variation), and a deep narrow valley.
L-BFGS, which trusts the gradient at one place, slows down there: at 128 pixels its loss after 1000
evaluations was 1.6 to 10 % above that of published Adam after 3000. Momentum averages the
gradients of many places. Adam (Kingma, Ba 2015) has momentum, and a scale for each pixel, but no
notion of frequency: it needs thousands of steps along the directions of little curvature. Here it
works on gradients whitened by the spectrum that L-BFGS has learned, and goes on learning that
spectrum. Its steps stay large for long and then shrink to nothing, and its memory of squares is
short; both matter much.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.batch import Step, finite_rows, per_row
from dfr.solvers.quasi_newton import QuasiNewton
from dfr.solvers.rows import RowsWithBest

#: First steps, which are smaller: momentum has seen little yet.
_WARM_UP = 10
#: What the spectrum keeps of what it knew, at each step; these are small, and show little.
_MEMORY = 0.98
#: How late steps shrink: they lose the part (steps taken / all steps) to this power.
_LATENESS = 3
#: Part of their first length below which steps count as small: a loss may stand still before.
_SMALL = 0.2


@dataclass(kw_only=True)
class _AdamRows(RowsWithBest):
    """What Adam keeps of each picture besides."""

    mean: torch.Tensor  # of whitened gradients
    square: torch.Tensor
    last: torch.Tensor  # where it was before this step
    gradient: torch.Tensor  # there


class SpectralAdam:
    """Pictures on their way down, by Adam on whitened gradients.

    Args:
        begun: the pictures, and the spectrum that was learned.
        steps: how many are going to be taken.
        lr: of the first steps, in pixel values of a picture in [0, 1].
        beta1: memory of the mean gradient.
        beta2: memory of its square.
    """

    def __init__(
        self, begun: QuasiNewton, steps: int, lr: float, beta1: float, beta2: float
    ) -> None:
        old = begun.state
        self.spectrum = begun.spectrum
        self.state = _AdamRows(
            row=old.row,
            active=old.active,
            ended=old.ended,
            why=old.why,
            picture=old.best.clone(),
            mean=torch.zeros_like(old.best),
            square=torch.zeros_like(old.best),
            last=old.best,
            gradient=torch.zeros_like(old.best),
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

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        self.state.keep(indices)
        self.spectrum.keep(indices)

    def step(self, objective: Objective, encoder: Encoder) -> Step:
        """Evaluate each picture once; one whose loss or gradient is not finite has failed."""
        state = self.state
        loss, gradient = loss_and_gradient(state.picture, objective, encoder)
        finite = finite_rows(loss, gradient)
        state.remember(finite, state.picture, loss)
        gradient = torch.where(per_row(finite), gradient, torch.zeros_like(gradient))
        if self.taken:
            step, change = state.picture - state.last, gradient - state.gradient
            self.spectrum.learn(step, change, finite, _MEMORY)
        state.last, state.gradient = state.picture, gradient
        whiten = self.spectrum.whitening()
        white = whiten(gradient)
        state.mean.lerp_(white, 1 - self.beta1)
        state.square.mul_(self.beta2).addcmul_(white, white, value=1 - self.beta2)
        count = self.taken + 1
        root = (state.square / (1 - self.beta2**count)).sqrt_().clamp_min_(1e-30)
        length = self.lr * self._shrunk() * min(1, count / _WARM_UP) / (1 - self.beta1**count)
        move = whiten(state.mean / root)
        state.picture = torch.sub(state.picture, move, alpha=length).clamp_(0, 1)
        self.taken = count
        return Step(ended=~finite, broken=~finite, loss=loss)
