"""DeCorMST: one output per correlation (Tuyen et al., IEEE Access 2021)."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from dfr.core.errors import UserError
from dfr.core.progress import Progress, silent
from dfr.methods.method import Stylization, optimise
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.objective.feature_statistics import STATISTICS, statistic
from dfr.objective.objective import Objective, Weights, apply_each
from dfr.solvers.adam import Adam
from dfr.solvers.synthesis import Solver


@dataclass(frozen=True)
class DeCorMST:
    """Match five statistics of the style, each in an output of its own.

    All five use the same weights although their losses are on very different scales; that is
    how it was published, and it is kept.

    Attributes:
        statistics: names in `dfr.objective.feature_statistics.STATISTICS`, one output each.
        loss_weights: 1e4 content, 1e-2 style, no total variation as published.
        solver: Adam for 1000 iterations as published.

    Raises:
        UserError: no, a repeated, or an unknown statistic.
    """

    statistics: tuple[str, ...] = tuple(STATISTICS)
    loss_weights: Weights = Weights(variation=0.0)
    solver: Solver = Adam(iterations=1000)

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        if not self.statistics or len(set(self.statistics)) < len(self.statistics):
            raise UserError(f"statistics {self.statistics}: name at least one, and each once")
        for name in self.statistics:
            statistic(name)

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the statistics."""
        return self.statistics

    def stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,  # noqa: ARG002  (nothing here is random)
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize, starting from the content picture; see `dfr.methods.method.Method`."""
        began = time.perf_counter()
        content, style = content.to(encoder.device), style.to(encoder.device)
        count = len(self.statistics)
        statistics = tuple(statistic(name) for name in self.statistics)
        with torch.no_grad():
            style_features = encoder(style, STYLE_LAYERS)
            objective = Objective(
                content=encoder(content, CONTENT_LAYERS),
                style={
                    layer: apply_each(statistics, features.expand(count, -1, -1, -1))
                    for layer, features in style_features.items()
                },
                statistics=statistics,
                weights=self.loss_weights,
            )
        start = content.repeat(count, 1, 1, 1)
        return optimise(self, "decormst", start, objective, encoder, self.solver, began, progress)
