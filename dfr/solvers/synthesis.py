"""The one optimisation loop of the project: move a batch of pictures down an objective."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import torch

from dfr.core.errors import UserError, unknown
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient, terms_of
from dfr.objective.objective import Objective, Terms
from dfr.solvers.fast import Fast, minimise
from dfr.solvers.state import Descent, not_finite

#: Called after each iteration with (iterations done, iterations in all).
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True)
class Adam:
    """Adam as published for DFR and DeCorMST: lr .02, beta1 .99, beta2 .999, eps .1.

    The published code is TensorFlow's, whose epsilon stands beside the root of the *uncorrected*
    second moment; the loop gives torch's Adam the epsilon that makes the two the same step.
    After each step the picture is clipped to [0, 1].
    """

    iterations: int = 3000
    lr: float = 0.02
    beta1: float = 0.99
    beta2: float = 0.999
    epsilon: float = 0.1


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS with a strong Wolfe line search (Gatys et al., CVPR 2016, use L-BFGS).

    The box [0, 1] is part of the optimisation: the picture is the logistic function of the
    variable. (Clipping at the end would throw away much of what was won.) Each output has its
    own run, since one line search for a whole batch would tie the outputs together.
    """

    iterations: int = 500
    history: int = 100


Solver = Adam | LBFGS | Fast


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


def synthesise(
    start: torch.Tensor,
    objective: Objective,
    encoder: Encoder,
    solver: Solver,
    progress: Progress = silent,
) -> Synthesis:
    """Minimise an objective over a batch of pictures, each on its own.

    Args:
        start: (n, 3, h, w) in [0, 1], one row for each output of the objective.
        objective: with targets on the encoder's device.
        encoder: gives the features.
        solver: `Adam`, `LBFGS` or `Fast`.
        progress: told after every iteration.

    An output whose loss or gradient stops being finite is stopped where it last was finite and
    listed in ``failed``; the others go on.

    Raises:
        UserError: fewer than one iteration is asked for.
    """
    if solver.iterations < 1:
        raise UserError(f"iterations {solver.iterations}: must be at least 1")
    begin = time.perf_counter()
    run = _LOOPS[type(solver)]
    pictures, curve, failed, evaluations, done = run(
        start.to(encoder.device), objective, encoder, solver, progress
    )
    terms = terms_of(pictures, objective, encoder)
    last = terms.total.clone()
    for row in range(len(pictures)):
        if row not in failed and not bool(last[row].isfinite()):
            failed[row] = not_finite("loss", solver.iterations)
        if row in failed:
            last[row] = float("nan")
    curve = torch.cat([curve, last.cpu().unsqueeze(1)], dim=1)
    pictures = pictures.cpu()
    seconds = time.perf_counter() - begin
    terms = Terms(*(term.cpu() for term in terms))
    return Synthesis(
        pictures, curve, terms, MappingProxyType(failed), evaluations + 1, seconds, done
    )


def _adam(
    start: torch.Tensor,
    objective: Objective,
    encoder: Encoder,
    solver: Adam,
    progress: Progress,
) -> Descent:
    pictures = start.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([pictures], lr=solver.lr, betas=(solver.beta1, solver.beta2))
    count = len(pictures)
    active = torch.ones(count, dtype=torch.bool, device=pictures.device)
    failed: dict[int, str] = {}
    curve: list[torch.Tensor] = []
    good = pictures.detach().clone()

    def stop(rows: torch.Tensor, what: str, iteration: int) -> None:
        for row in rows.nonzero().flatten().tolist():
            failed[row] = not_finite(what, iteration)
            active[row] = False
        # A failed row stands still at its last finite picture and no longer counts.
        with torch.no_grad():
            pictures[rows] = good[rows]

    for iteration in range(solver.iterations):
        losses, gradient = loss_and_gradient(pictures, objective, encoder)
        if not bool(losses[active].isfinite().all()):
            stop(active & ~losses.isfinite(), "loss", iteration)
        curve.append(losses.masked_fill(~active, float("nan")))
        if not bool(active.any()):
            break
        if not bool(gradient.isfinite().all()):
            finite = gradient.isfinite().flatten(1).all(dim=1)
            stop(active & ~finite, "gradient", iteration)
        gradient = torch.where(active.view(-1, 1, 1, 1), gradient, torch.zeros_like(gradient))
        pictures.grad = gradient
        good = pictures.detach().clone()
        for group in optimiser.param_groups:
            group["eps"] = solver.epsilon / (1 - solver.beta2 ** (iteration + 1)) ** 0.5
        optimiser.step()
        with torch.no_grad():
            pictures.clamp_(0, 1)
            if failed:
                pictures[~active] = good[~active]
        progress(iteration + 1, solver.iterations)
    losses_seen = torch.stack(curve, dim=1).cpu()
    missing = solver.iterations - losses_seen.shape[1]
    if missing:
        losses_seen = torch.nn.functional.pad(losses_seen, (0, missing), value=float("nan"))
    return Descent(pictures.detach(), losses_seen, failed, len(curve))


class _Closure:
    """Loss and gradient of one picture, for torch's L-BFGS.

    Each step of L-BFGS asks first for the point that the line search before has just settled on,
    so the evaluations of the last search are remembered.
    """

    _REMEMBERED = 25

    def __init__(self, variable: torch.Tensor, objective: Objective, encoder: Encoder) -> None:
        self.variable, self.objective, self.encoder = variable, objective, encoder
        self.evaluations = 0
        self._known: deque[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = deque(
            maxlen=self._REMEMBERED
        )

    def __call__(self) -> torch.Tensor:
        for place, loss, gradient in reversed(self._known):
            if torch.equal(place, self.variable):
                self.variable.grad = gradient.clone()
                return loss
        self.evaluations += 1
        picture = self.variable.sigmoid()
        features = self.encoder.as_kept(picture, self.objective.layers)
        value = self.objective(picture, features).total.sum()
        (gradient,) = torch.autograd.grad(value, self.variable)
        gradient = gradient.contiguous()  # the flip to BGR leaves it strided; L-BFGS flattens it
        loss = value.detach()
        self._known.append((self.variable.detach().clone(), loss, gradient.clone()))
        self.variable.grad = gradient
        return loss


#: How far inside (0, 1) the logistic variable starts: half a level of an 8-bit picture.
_MARGIN = 0.5 / 255


def _lbfgs(
    start: torch.Tensor,
    objective: Objective,
    encoder: Encoder,
    solver: LBFGS,
    progress: Progress,
) -> Descent:
    results, curves, failed, evaluations = [], [], {}, 0
    for row in range(len(start)):
        part = objective.rows([row])
        variable = start[row : row + 1].clamp(_MARGIN, 1 - _MARGIN).logit()
        variable = variable.contiguous().requires_grad_(True)
        optimiser = torch.optim.LBFGS(
            [variable],
            max_iter=1,
            max_eval=25,
            history_size=solver.history,
            tolerance_grad=0,
            tolerance_change=0,
            line_search_fn="strong_wolfe",
        )
        closure = _Closure(variable, part, encoder)
        curve = torch.full((solver.iterations,), float("nan"))
        good = variable.detach().clone()
        for iteration in range(solver.iterations):
            loss = float(optimiser.step(closure))  # type: ignore[no-untyped-call]
            curve[iteration] = loss
            finite = variable.grad is not None and bool(variable.grad.isfinite().all())
            if not (loss - loss == 0 and finite and bool(variable.isfinite().all())):
                failed[row] = not_finite("loss" if loss - loss != 0 else "gradient", iteration)
                with torch.no_grad():
                    variable.copy_(good)
                break
            good = variable.detach().clone()
            progress(row * solver.iterations + iteration + 1, len(start) * solver.iterations)
        results.append(variable.detach().sigmoid())
        curves.append(curve)
        evaluations = max(evaluations, closure.evaluations)
    return Descent(torch.cat(results), torch.stack(curves), failed, evaluations)


_LOOPS: Mapping[type, Callable[..., Descent]] = MappingProxyType(
    {Adam: _adam, LBFGS: _lbfgs, Fast: minimise}
)


#: The solvers by name, for text that names one. The published one of DFR and DeCorMST is Adam.
SOLVERS: Mapping[str, type[Adam] | type[LBFGS] | type[Fast]] = MappingProxyType(
    {"adam": Adam, "lbfgs": LBFGS, "fast": Fast}
)


def solver_named(name: str, iterations: int | None = None) -> Solver:
    """Return a solver with its own settings, and a number of iterations if one is given.

    Raises:
        UserError: there is no solver of this name.
    """
    if name not in SOLVERS:
        raise unknown("solver", name, SOLVERS)
    return SOLVERS[name]() if iterations is None else SOLVERS[name](iterations=iterations)
