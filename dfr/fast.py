"""The fast solver: L-BFGS inside the box, told how curvature depends on frequency.

The objective of style transfer is ill-conditioned in a way that can be measured. On a real pair
at 128 pixels, after 100 steps, a change of brightness at a wavelength of 7 pixels met thirty times
the curvature of one at 100 pixels and a hundred times that of one at 2; a change of colour met
hundreds of times more at 30 pixels than at 3. L-BFGS (Liu, Nocedal 1989) starts every direction
from a guess of the inverse curvature. The usual guess is one number; here it is one number for
each band of spatial frequency, for brightness and for colour, learned from the steps taken. All
of it runs on a batch of pictures, each on its own:
its own step length, its own curvature, its own end. The box [0, 1] is kept by projection
(Bertsekas 1982): pixels at a bound that want to leave it stand still.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch

from dfr.descent import Descent, not_finite
from dfr.encoder import Encoder
from dfr.errors import UserError
from dfr.evaluation import loss_and_gradient
from dfr.objective import Objective


@dataclass(frozen=True)
class Fast:
    """Projected L-BFGS with a learned spectrum of curvature, stopping when a picture is done.

    Attributes:
        iterations: evaluations of the objective at most, per picture.
        history: pairs of steps and changes of slope that are remembered.
        tolerance: a picture is done when its loss falls by less than this part of itself per
            iteration, over the last `window` iterations. 0 never stops early.
        window: iterations that are looked back on.
    """

    iterations: int = 500
    history: int = 20
    tolerance: float = 1e-4
    window: int = 20

    def __post_init__(self) -> None:
        """Refuse settings with which nothing can be solved."""
        if self.history < 1 or self.window < 1 or not 0 <= self.tolerance < 1:
            raise UserError(
                f"history {self.history}, window {self.window}, tolerance {self.tolerance}: "
                "must be at least 1, at least 1, and in [0, 1)"
            )


#: Edges of the bands of spatial frequency, in cycles per pixel; 0.71 is a chessboard.
BANDS = (0.01, 0.02, 0.04, 0.08, 0.12, 0.18, 0.25, 0.35, 0.5)
#: Added to curvature, relative to the greatest of all bands: flat bands get no endless steps.
_FLOOR = 0.01
#: How fast the learned spectrum forgets.
_MEMORY = 0.9
#: Root mean square of the first step, when nothing is known of the curvature.
_FIRST = 0.01
#: A step is taken when the loss falls by this part of what the slope promises (Armijo) ...
_SUFFICIENT = 1e-4
#: ... or rises by no more than this: less is noise of the network's precision, and a loss that
#: may never rise stalls in it.
_NOISE = 1e-3
#: Refused steps in a row after which what was learned is dropped, and then the picture is done.
_PATIENCE = 8


class Spectrum:
    """What was learned of the curvature of n pictures: band, brightness or colour -> how much.

    Args:
        pictures: (n, 3, h, w), whose number, size and device it is for.
    """

    def __init__(self, pictures: torch.Tensor) -> None:
        self.size = (pictures.shape[2], pictures.shape[3])
        down = torch.fft.fftfreq(self.size[0]).unsqueeze(1)
        right = torch.fft.rfftfreq(self.size[1]).unsqueeze(0)
        edges = torch.tensor(BANDS)
        self.band = torch.bucketize((down**2 + right**2).sqrt(), edges).to(pictures.device)
        shape = (len(pictures), 2, len(BANDS) + 1)
        self.slopes = pictures.new_zeros(shape)
        self.steps = pictures.new_zeros(shape)

    def learn(self, steps: torch.Tensor, slopes: torch.Tensor, rows: torch.Tensor) -> None:
        """Take in steps (n, 3, h, w) and how they changed the slope; ``rows`` (n,) says whose."""
        moved, changed = self._powers(steps), self._powers(slopes)
        scale = moved.sum(dim=(1, 2), keepdim=True).clamp_min(1e-30)
        keep = torch.where(rows, _MEMORY, 1.0).view(-1, 1, 1)
        new = rows.view(-1, 1, 1).to(moved.dtype)
        self.steps = keep * self.steps + new * moved / scale
        self.slopes = keep * self.slopes + new * changed / scale

    def curvature(self) -> torch.Tensor:
        """Return it relative to the greatest, (n, 2, bands); 1 where nothing was learned."""
        found = (self.slopes / self.steps.clamp_min(1e-30)).sqrt()
        greatest = found.amax(dim=(1, 2), keepdim=True)
        return torch.where(greatest > 0, found / greatest.clamp_min(1e-30), torch.ones_like(found))

    def flatten(self, slopes: torch.Tensor) -> torch.Tensor:
        """Divide (n, 3, h, w) slopes by the curvature of their frequencies."""
        factors = 1 / (self.curvature() + _FLOOR)
        brightness = factors[:, 0, self.band].unsqueeze(1)
        colour = factors[:, 1, self.band].unsqueeze(1)
        spectrum = torch.fft.rfft2(slopes)
        grey = spectrum.mean(dim=1, keepdim=True)
        flat: torch.Tensor = torch.fft.irfft2(
            brightness * grey + colour * (spectrum - grey), s=self.size
        )
        return flat

    def rows(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        self.slopes, self.steps = self.slopes[rows], self.steps[rows]

    def _powers(self, pictures: torch.Tensor) -> torch.Tensor:
        spectrum = torch.fft.rfft2(pictures)
        grey = spectrum.mean(dim=1, keepdim=True)
        both = [part.abs().square().sum(dim=1) for part in (grey, spectrum - grey)]
        flat = torch.stack(both, dim=1).flatten(2)
        sums = flat.new_zeros(*flat.shape[:2], len(BANDS) + 1)
        return sums.index_add_(2, self.band.flatten(), flat)


@dataclass
class _State:
    """The pictures that are still moving, a row each; all of it is (n, ...)."""

    row: torch.Tensor  # of the whole batch
    picture: torch.Tensor
    loss: torch.Tensor
    slope: torch.Tensor
    free: torch.Tensor  # 1 where a pixel may move, 0 where it is held by its bound
    direction: torch.Tensor
    length: torch.Tensor  # of the step along the direction
    scale: torch.Tensor  # of the inverse curvature
    refused: torch.Tensor  # steps in a row
    fresh: torch.Tensor  # what was learned was dropped, and no step was taken since
    best: torch.Tensor
    lowest: torch.Tensor

    def keep(self, rows: torch.Tensor) -> None:
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[rows])


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
            current = current - _wide(amount) * change
        current = spectrum.flatten(current * free) * free * _wide(scale)
        for (step, change, inverse), amount in zip(self.pairs, reversed(amounts), strict=True):
            current = current + _wide(amount - inverse * _dot(change, current)) * step
        return -current * free


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
    count = len(start)
    losses, slope = loss_and_gradient(start, objective, encoder)
    good = _finite(losses, slope)
    failed = {
        row: not_finite("gradient" if bool(losses[row].isfinite()) else "loss", 0)
        for row in (~good).nonzero().flatten().tolist()
    }
    pictures = start.clone()
    curve = torch.full((count, solver.iterations), float("nan"))
    done: dict[int, int] = {}
    evaluations = 1
    state = _State(
        row=torch.arange(count, device=start.device),
        picture=start.clone(),
        loss=losses,
        slope=slope,
        free=torch.ones_like(start),
        direction=torch.zeros_like(start),
        length=torch.zeros_like(losses),
        scale=torch.ones_like(losses),
        refused=torch.zeros(count, dtype=torch.long, device=start.device),
        fresh=torch.ones(count, dtype=torch.bool, device=start.device),
        best=start.clone(),
        lowest=losses.clone(),
    )
    history, spectrum = _History(solver.history), Spectrum(start)

    def leave(staying: torch.Tensor) -> None:
        nonlocal objective
        for index in (~staying).nonzero().flatten().tolist():
            pictures[state.row[index]] = state.best[index]
        kept = staying.nonzero().flatten()
        objective = objective.rows(kept.tolist())
        state.keep(kept)
        history.keep(kept)
        spectrum.rows(kept)

    if failed:
        leave(good)
    ready = torch.ones_like(state.row, dtype=torch.bool)  # wants a new direction
    for iteration in range(solver.iterations):
        rows = state.row.tolist()
        if not rows:
            progress(solver.iterations, solver.iterations)
            break
        curve[rows, iteration] = state.lowest.cpu()
        _aim(state, ready, history, spectrum)
        ready = _step(state, objective, encoder, history, spectrum)
        evaluations += 1
        spent = state.refused >= _PATIENCE
        stuck = spent & state.fresh
        again = spent & ~state.fresh  # once more, with nothing learned
        history.forget(again)
        ready = ready | again
        state.refused = torch.where(again, 0, state.refused)
        state.fresh = state.fresh | again
        if solver.tolerance and iteration + 1 >= solver.window:
            before = curve[rows, iteration + 1 - solver.window].to(state.lowest)
            stuck = stuck | (
                before - state.lowest < solver.tolerance * solver.window * state.lowest.abs()
            )
        if bool(stuck.any()) and iteration + 1 < solver.iterations:
            for index in stuck.nonzero().flatten().tolist():
                done[rows[index]] = iteration + 1
                curve[rows[index], iteration + 1 :] = float(state.lowest[index])
            ready = ready[~stuck]
            leave(~stuck)
        progress(iteration + 1, solver.iterations)
    leave(torch.zeros_like(state.row, dtype=torch.bool))
    return Descent(pictures, curve, failed, evaluations, done)


def _aim(state: _State, ready: torch.Tensor, history: _History, spectrum: Spectrum) -> None:
    """Give the rows that are ready a new direction and step length."""
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
        direction = torch.where(_wide(usable), direction, plain)
    size = direction.square().flatten(1).mean(dim=1).sqrt().clamp_min(1e-30)
    learned = usable & ~state.fresh
    length = torch.where(learned, torch.ones_like(size), _FIRST / size)
    state.free = torch.where(_wide(ready), free, state.free)
    state.direction = torch.where(_wide(ready), direction, state.direction)
    state.length = torch.where(ready, length, state.length)


def _step(
    state: _State, objective: Objective, encoder: Encoder, history: _History, spectrum: Spectrum
) -> torch.Tensor:
    """Try each row's step; return which rows took it."""
    trial = (state.picture + _wide(state.length) * state.direction).clamp(0, 1)
    step = trial - state.picture
    loss, slope = loss_and_gradient(trial, objective, encoder)
    promised = _dot(state.slope, step)
    limit = state.loss + _SUFFICIENT * promised + _NOISE * state.loss.abs()
    finite = _finite(loss, slope)
    taken = finite & (loss <= limit)
    # A refused step is shortened to the least value of the parabola through what is known.
    excess = loss - state.loss - promised
    parabola = torch.where(finite & (excess > 0), -promised / (2 * excess), 0.5)
    shorter = state.length * parabola.clamp(0.1, 0.5)

    change = torch.where(_wide(taken), slope - state.slope, torch.zeros_like(slope))
    step = torch.where(_wide(taken), step, torch.zeros_like(step))
    bends = _dot(step, change)
    sizes = (_dot(step, step) * _dot(change, change)).sqrt()
    convex = taken & (bends > 1e-10 * sizes) & (sizes > 0)
    inverse = torch.where(convex, 1 / bends.clamp_min(1e-30), torch.zeros_like(bends))
    if bool(convex.any()):
        history.add(step, change, inverse)
        moved, changed = step * state.free, change * state.free
        spectrum.learn(moved, changed, convex)
        found = bends / _dot(changed, spectrum.flatten(changed)).clamp_min(1e-30)
        state.scale = torch.where(convex, found, state.scale)
    state.picture = torch.where(_wide(taken), trial, state.picture)
    state.loss = torch.where(taken, loss, state.loss)
    state.slope = torch.where(_wide(taken), slope, state.slope)
    state.length = torch.where(taken, state.length, shorter)
    state.refused = torch.where(taken, 0, state.refused + 1)
    state.fresh = state.fresh & ~convex
    better = taken & (loss < state.lowest)
    state.best = torch.where(_wide(better), trial, state.best)
    state.lowest = torch.where(better, loss, state.lowest)
    return taken


def _finite(loss: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    return loss.isfinite() & slope.isfinite().flatten(1).all(dim=1)


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a * b).flatten(1).sum(dim=1)


def _wide(values: torch.Tensor) -> torch.Tensor:
    return values.view(-1, 1, 1, 1)
