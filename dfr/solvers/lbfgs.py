"""L-BFGS with a line search, as Gatys et al. (CVPR 2016) use it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch

from dfr.core.progress import Progress
from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective
from dfr.solvers.batch import SolverResult, not_finite

#: Evaluations of one line search at most.
_SEARCH = 25
#: How far inside (0, 1) the logistic variable starts: half a level of an 8-bit picture.
_MARGIN = 0.5 / 255


@dataclass(frozen=True)
class LBFGS:
    """L-BFGS with a strong Wolfe line search (Gatys et al., CVPR 2016, use L-BFGS).

    The box [0, 1] is part of the optimisation: the picture is the logistic function of the
    variable. (Clipping at the end would throw away much of what was gained.) Each output has its
    own run, since one line search for a whole batch would tie the outputs together.
    """

    iterations: int = 500
    history: int = 100

    def minimise(
        self, start: torch.Tensor, objective: Objective, encoder: Encoder, progress: Progress
    ) -> SolverResult:
        """Minimise an objective; see `dfr.solvers.synthesis.synthesise` for the arguments."""
        total = len(start) * self.iterations
        curve = torch.full((len(start), self.iterations), float("nan"), dtype=start.dtype)
        pictures = torch.empty_like(start)
        failed: dict[int, str] = {}
        evaluations = 0
        for row in range(len(start)):
            variable = start[row : row + 1].clamp(_MARGIN, 1 - _MARGIN).logit()
            variable = variable.contiguous().requires_grad_(True)
            closure = _Closure(variable, objective.rows([row]), encoder)
            optimiser = torch.optim.LBFGS(
                [variable],
                max_iter=1,
                max_eval=_SEARCH,
                history_size=self.history,
                tolerance_grad=0,
                tolerance_change=0,
                line_search_fn="strong_wolfe",
            )
            last_finite = variable.detach().clone()
            for iteration in range(self.iterations):
                try:
                    loss = float(optimiser.step(closure))  # type: ignore[no-untyped-call]
                except _NotFinite as error:
                    failed[row] = not_finite(str(error), iteration)
                    break
                if not bool(variable.isfinite().all()):
                    failed[row] = not_finite("gradient", iteration)
                    break
                curve[row, iteration] = loss
                last_finite = variable.detach().clone()
                progress(row * self.iterations + iteration + 1, total)
            pictures[row] = last_finite[0].sigmoid()
            evaluations = max(evaluations, closure.evaluations)
        return SolverResult(pictures, curve, failed, evaluations)


class _NotFinite(Exception):
    """What was not finite: torch's line search would go on with it, and may crash."""


class _Closure:
    """Loss and gradient of one picture, for torch's L-BFGS.

    Each step of L-BFGS asks first for the point that the line search before has just settled on,
    so the evaluations of the last search are remembered.
    """

    def __init__(self, variable: torch.Tensor, objective: Objective, encoder: Encoder) -> None:
        self.variable, self.objective, self.encoder = variable, objective, encoder
        self.evaluations = 0
        self._known: deque[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = deque(maxlen=_SEARCH)

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
        if not bool(loss.isfinite()):
            raise _NotFinite("loss")
        if not bool(gradient.isfinite().all()):
            raise _NotFinite("gradient")
        self._known.append((self.variable.detach().clone(), loss, gradient.clone()))
        self.variable.grad = gradient
        return loss
