"""Gatys, Ecker, Bethge: Image Style Transfer Using Convolutional Neural Networks, CVPR 2016."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

from dfr.core.errors import UserError, unknown
from dfr.methods.optimisation import OptimisationMethod
from dfr.methods.problem import Problem
from dfr.network.encoder import POOLINGS, STYLE_LAYERS, Encoder
from dfr.objective.objective import Objective, Weights
from dfr.objective.style_terms import GRAM
from dfr.solvers.fast import first_picture
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.synthesis import Solver

STARTS = ("content", "noise", "style")
CONTENT_LAYER = "block4_conv2"  # relu4_2


@dataclass(frozen=True)
class Gatys(OptimisationMethod):
    """The CVPR 2016 objective, alpha L_content + beta L_style.

    L_content = 1/2 sum (F - P)^2 on relu4_2 (eq. 1); L_style = sum_l w_l E_l with
    E_l = 1 / (4 N_l^2 M_l^2) sum (G - A)^2, G = F F^T unnormalised, w_l = 1/5 on relu1_1 to
    relu5_1 (eqs. 4 and 5). The paper rescaled the network's weights to a mean activation of
    one; the original weights are used as they are here, which changes the balance of layers.

    Attributes:
        ratio: alpha / beta, 1e-3 in the paper's figures (with beta = 1e3 here).
        pooling: ``"avg"`` as the paper prefers, or ``"max"``.
        start: ``"content"``, ``"noise"`` (white, the paper's) or ``"style"``.
        samples: outputs; more than one only from noise, each from noise of its own.
        solver: L-BFGS as in the paper.

    Raises:
        UserError: a setting out of its range.
    """

    name: ClassVar[str] = "gatys"

    ratio: float = 1e-3
    pooling: str = "avg"
    start: str = "content"
    samples: int = 1
    solver: Solver = LBFGS(iterations=500)

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        if not (self.ratio > 0 and math.isfinite(self.ratio)):
            raise UserError(f"ratio {self.ratio}: alpha / beta must be a positive number")
        if self.pooling not in POOLINGS:
            raise unknown("pooling", self.pooling, POOLINGS)
        if self.start not in STARTS:
            raise unknown("start", self.start, STARTS)
        if self.samples < 1 or (self.samples > 1 and self.start != "noise"):
            raise UserError(
                f"samples {self.samples}: must be 1, or more with start 'noise' "
                "(equal starts give equal outputs)"
            )

    @property
    def modes(self) -> tuple[str, ...]:
        """``gatys``, or ``noise0``, ``noise1``, ... for several samples."""
        if self.samples == 1:
            return ("gatys",)
        return tuple(f"noise{sample}" for sample in range(self.samples))

    @torch.no_grad()
    def problem(
        self, content: torch.Tensor, style: torch.Tensor, encoder: Encoder, seed: int = 0
    ) -> Problem:
        """Return the problem of a pair; see `dfr.methods.optimisation.OptimisationMethod.problem`.

        The seed draws the noise. The fast solver mixes the style picture into any start, see
        `dfr.solvers.fast.first_picture`.
        """
        encoder = encoder.with_pooling(self.pooling)
        content_features = encoder(content, (CONTENT_LAYER,))
        style_features = encoder(style, STYLE_LAYERS)
        objective = Objective(
            content=content_features,
            style={
                layer: GRAM(features).repeat(self.samples, 1, 1)
                for layer, features in style_features.items()
            },
            terms=(GRAM,) * self.samples,
            weights=self._loss_weights(content_features[CONTENT_LAYER].numel()),
        )
        start = self._start(content, style, seed)
        return Problem(
            start=first_picture(self.solver, start, style),
            objective=objective,
            encoder=encoder,
            rows={mode: row for row, mode in enumerate(self.modes)},
        )

    def _loss_weights(self, content_values: int) -> Weights:
        """Write the paper's sums in the means of `dfr.objective.objective.Objective`.

        1/2 of a sum is 1/2 numel times a mean. E_l of the unnormalised Gram matrix is a quarter
        of the mean squared difference of G / M_l, and w_l = 1/5 makes the sum over layers a mean.
        """
        beta = 1e3
        return Weights(
            content=beta * self.ratio * content_values / 2, style=beta / 4, variation=0.0
        )

    def _start(self, content: torch.Tensor, style: torch.Tensor, seed: int) -> torch.Tensor:
        if self.start == "noise":
            generator = torch.Generator().manual_seed(seed)
            noise = torch.rand((self.samples, *content.shape[1:]), generator=generator)
            return noise.to(content)
        return content if self.start == "content" else style
