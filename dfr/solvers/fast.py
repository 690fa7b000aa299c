"""The fast solver: learn how curvature depends on frequency, then use it with momentum.

The objective of style transfer is ill-conditioned in a way that can be measured. On a real pair
at 128 pixels, after 100 steps, a change of brightness at a wavelength of 7 pixels met thirty times
the curvature of one at 100 pixels and a hundred times that of one at 2; a change of colour met
hundreds of times more at 30 pixels than at 3. The solver begins with L-BFGS, which falls fast and
learns that spectrum (`dfr.solvers.quasi_newton`), and goes on with Adam in coordinates in which all
frequencies bend alike (`dfr.solvers.spectral_adam`). All of it runs on a batch of pictures, each
on its own: its own curvature, its own end.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.core.progress import Progress
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.batch import SolverResult, finite_rows
from dfr.solvers.outcomes import Outcomes, looks_every
from dfr.solvers.quasi_newton import QuasiNewton
from dfr.solvers.rows import DONE, why_not_finite
from dfr.solvers.spectral_adam import SpectralAdam

#: Fewer evaluations than this are all L-BFGS's.
_SHORT = 150
#: Of the spectrum of curvature. The bolder guess goes deeper at once; where Adam follows, the
#: cautious one ends lower.
_FLOOR_OF_SHORT, _FLOOR = 0.01, 0.06


@dataclass(frozen=True)
class Fast:
    """L-BFGS that learns a spectrum of curvature, then Adam that uses it.

    Attributes:
        iterations: evaluations of the objective at most, per picture.
        scouts: how many of them are L-BFGS's; all, where there are fewer than 150: Adam needs
            more to overtake it (at 88 x 108, on two pairs, L-BFGS alone ended 10 % lower after 40
            or 60 evaluations, and as low after 160).
        history: pairs of steps and changes of gradient that L-BFGS remembers.
        lr: length of Adam's first steps; they shrink to nothing at the last.
        beta1: Adam's memory of the gradient.
        beta2: Adam's memory of the gradient's square.
        style_share: part of the style picture in the picture that `first_picture` gives.
        tolerance: a picture is done when its loss falls by less than this part of itself per
            iteration, over the last `window` iterations. 0 never stops early.
        window: iterations that are looked back on.
    """

    iterations: int = 1000
    scouts: int = 30
    history: int = 20
    lr: float = 0.04
    beta1: float = 0.97
    beta2: float = 0.9
    style_share: float = 0.25
    tolerance: float = 3e-5
    window: int = 20

    def __post_init__(self) -> None:
        """Refuse settings with which nothing can be solved."""
        for name in ("scouts", "history", "window"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: must be at least 1")
        for name in ("beta1", "beta2", "tolerance"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{name} {getattr(self, name)}: must be at least 0 and below 1")
        if not 0 <= self.style_share <= 1:
            raise UserError(f"style share {self.style_share}: must be from 0 to 1")
        if not 0 < self.lr < float("inf"):
            raise UserError(f"lr {self.lr}: must be a positive number")

    def minimise(
        self, start: torch.Tensor, objective: Objective, encoder: Encoder, progress: Progress
    ) -> SolverResult:
        """Minimise an objective; see `dfr.solvers.synthesis.synthesise` for the arguments.

        A row ends at the lowest loss that it has had, also where it fails.
        """
        losses, gradient = loss_and_gradient(start, objective, encoder)
        outcomes = Outcomes(start, self.iterations)
        short = self.iterations < _SHORT
        scouts = self.iterations if short else self.scouts
        floor = _FLOOR_OF_SHORT if short else _FLOOR
        phase: QuasiNewton | SpectralAdam
        phase = QuasiNewton(start, losses, gradient, self.history, floor)
        phase.state.end(~finite_rows(losses, gradient), why_not_finite(losses), 0)
        every = looks_every(start.device)
        for iteration in range(self.iterations):
            state = phase.state
            if iteration % every == 0:
                staying = outcomes.look(state, state.best, state.lowest)
                if staying == []:
                    progress(self.iterations, self.iterations)
                    break
                if staying is not None:
                    objective = objective.rows(staying)
                    phase.keep(torch.tensor(staying, device=start.device))
            if isinstance(phase, QuasiNewton) and iteration == scouts:
                steps = self.iterations - iteration
                phase = SpectralAdam(phase, steps, self.lr, self.beta1, self.beta2)
            self._step(phase, outcomes.curve, objective, encoder, iteration)
            progress(iteration + 1, self.iterations)
        outcomes.take_rest(phase.state, phase.state.best, phase.state.lowest)
        return outcomes.result(evaluations=1 + outcomes.taken)

    def _step(
        self,
        phase: QuasiNewton | SpectralAdam,
        curve: torch.Tensor,
        objective: Objective,
        encoder: Encoder,
        iteration: int,
    ) -> None:
        """Take a step; note the losses before it in the curve, and which rows end with it."""
        state = phase.state
        told = torch.where(state.failed, float("nan"), state.lowest)
        curve[iteration].index_copy_(0, state.row, told)
        ended, broken, losses = phase.step(objective, encoder)
        state.end(broken, why_not_finite(losses), iteration + 1)
        if self.tolerance and phase.settling and iteration + 1 >= self.window:
            lowest = state.lowest
            # "At most", so that a loss of 0 is done too.
            before = curve[iteration + 1 - self.window].index_select(0, state.row)
            ended = ended | (before - lowest <= self.tolerance * self.window * lowest.abs())
        state.end(ended, DONE, iteration + 1)


def first_picture(solver: object, start: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Return where a solver begins when a method begins at ``start``: there, for all but `Fast`.

    `Fast` mixes in a little of the style picture: where the content has large plain areas,
    textures that are there already spare it most of the way (on one of two pairs at 128 pixels
    the last loss was 15 % lower, on the other as high).

    Args:
        solver: any solver.
        start: (n, 3, h, w) in [0, 1].
        style: (1, 3, h', w') in [0, 1].

    Returns:
        (n, 3, h, w) in [0, 1].
    """
    if not isinstance(solver, Fast) or not solver.style_share:
        return start
    fitted = resize(style, start.shape[2], start.shape[3])
    return start.lerp(fitted.expand_as(start), solver.style_share)
