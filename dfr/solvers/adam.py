"""Adam as published for Deep Feature Rotation and DeCorMST."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from dfr.core.progress import Progress
from dfr.network.encoder import Encoder
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.solvers.batch import SolverResult, failures, finite_rows, per_row


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

    def minimise(
        self, start: torch.Tensor, objective: Objective, encoder: Encoder, progress: Progress
    ) -> SolverResult:
        """Minimise an objective; see `dfr.solvers.synthesis.synthesise` for the arguments."""
        pictures = start.clone().requires_grad_(True)
        optimiser = torch.optim.Adam([pictures], lr=self.lr, betas=(self.beta1, self.beta2))
        active = torch.ones(len(start), dtype=torch.bool, device=start.device)
        last_finite = start.clone()
        failed: dict[int, str] = {}
        curve = start.new_full((len(start), self.iterations), float("nan"))
        evaluations = 0
        for iteration in range(self.iterations):
            losses, gradient = loss_and_gradient(pictures, objective, encoder)
            evaluations += 1
            broken = active & ~finite_rows(losses, gradient)
            if bool(broken.any()):
                failed.update(failures(broken, losses, iteration))
                active = active & ~broken
                if not bool(active.any()):
                    break
            curve[:, iteration] = losses.masked_fill(~active, float("nan"))
            # A failed row stands still at its last finite picture.
            last_finite = torch.where(per_row(active), pictures.detach(), last_finite)
            pictures.grad = torch.where(per_row(active), gradient, torch.zeros_like(gradient))
            for group in optimiser.param_groups:
                group["eps"] = self.epsilon / (1 - self.beta2 ** (iteration + 1)) ** 0.5
            optimiser.step()
            with torch.no_grad():
                pictures.clamp_(0, 1)
                if failed:
                    pictures.copy_(torch.where(per_row(active), pictures, last_finite))
            progress(iteration + 1, self.iterations)
        return SolverResult(
            torch.where(per_row(active), pictures.detach(), last_finite),
            curve.cpu(),
            failed,
            evaluations,
        )
