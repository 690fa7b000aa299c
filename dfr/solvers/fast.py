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

from collections.abc import Callable
from dataclasses import dataclass

import torch

from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.quasi_newton import QuasiNewton
from dfr.solvers.spectral_adam import SpectralAdam
from dfr.solvers.state import Descent, finite_rows, not_finite

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
        history: pairs of steps and changes of slope that L-BFGS remembers.
        lr: length of Adam's first steps; they shrink to nothing at the last.
        beta1: Adam's memory of the slope.
        beta2: Adam's memory of the slope's square.
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


def first_picture(solver: object, content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Return where a solver begins that is free to choose: the content, for all but `Fast`.

    `Fast` begins with a little of the style picture in it: where the content has large plain
    areas, textures that are there already spare it most of the way (on one of two pairs at 128
    pixels the last loss was 15 % lower, on the other as high).

    Args:
        solver: any solver.
        content: (1, 3, h, w) in [0, 1].
        style: (1, 3, h', w') in [0, 1].

    Returns:
        (1, 3, h, w) in [0, 1].
    """
    if not isinstance(solver, Fast) or not solver.style_share:
        return content
    fitted = resize(style, content.shape[2], content.shape[3])
    return content.lerp(fitted, solver.style_share)


def minimise(
    start: torch.Tensor,
    objective: Objective,
    encoder: Encoder,
    solver: Fast,
    progress: Callable[[int, int], None],
) -> Descent:
    """Minimise an objective over a batch of pictures.

    Args:
        start: (n, 3, h, w) in [0, 1] on the encoder's device.
        objective: with one target per row.
        encoder: gives the features.
        solver: the settings.
        progress: told after every iteration.

    A row fails only where it cannot be begun; the others end at the lowest loss they have seen.
    """
    losses, slope = loss_and_gradient(start, objective, encoder)
    good = finite_rows(losses, slope)
    failed = {
        row: not_finite("gradient" if bool(losses[row].isfinite()) else "loss", 0)
        for row in (~good).nonzero().flatten().tolist()
    }
    pictures = start.clone()
    curve = torch.full((len(start), solver.iterations), float("nan"))
    done: dict[int, int] = {}
    evaluations = 1
    short = solver.iterations < _SHORT
    scouts = solver.iterations if short else solver.scouts
    floor = _FLOOR_OF_SHORT if short else _FLOOR
    run: QuasiNewton | SpectralAdam = QuasiNewton(start, losses, slope, solver.history, floor)

    def leave(staying: torch.Tensor) -> None:
        nonlocal objective
        for index in (~staying).nonzero().flatten().tolist():
            pictures[run.state.row[index]] = run.state.best[index]
        kept = staying.nonzero().flatten()
        objective = objective.rows(kept.tolist())
        run.keep(kept)

    if failed:
        leave(good)
    for iteration in range(solver.iterations):
        if isinstance(run, QuasiNewton) and iteration == scouts:
            steps = solver.iterations - iteration
            run = SpectralAdam(run, steps, solver.lr, solver.beta1, solver.beta2)
        rows = run.state.row.tolist()
        if not rows:
            progress(solver.iterations, solver.iterations)
            break
        curve[rows, iteration] = run.state.lowest.cpu()
        stuck = run.step(objective, encoder)
        evaluations += 1
        lowest = run.state.lowest
        if solver.tolerance and run.settling and iteration + 1 >= solver.window:
            before = curve[rows, iteration + 1 - solver.window].to(lowest)
            stuck = stuck | (before - lowest < solver.tolerance * solver.window * lowest.abs())
        if bool(stuck.any()) and iteration + 1 < solver.iterations:
            for index in stuck.nonzero().flatten().tolist():
                done[rows[index]] = iteration + 1
                curve[rows[index], iteration + 1 :] = float(lowest[index])
            leave(~stuck)
        progress(iteration + 1, solver.iterations)
    leave(torch.zeros_like(run.state.row, dtype=torch.bool))
    return Descent(pictures, curve, failed, evaluations, done)
