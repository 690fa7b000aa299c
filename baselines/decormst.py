"""DeCorMST: one output per correlation (Tuyen et al., IEEE Access 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from dfr.core.errors import UserError, unknown
from dfr.methods.optimisation import OptimisationMethod
from dfr.methods.problem import Problem
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.objective.balance import with_balance
from dfr.objective.feature_statistics import STATISTICS
from dfr.objective.objective import Objective, Weights
from dfr.objective.published_size import DECORMST_SIZE
from dfr.objective.style_terms import style_term
from dfr.objective.targets import targets_of
from dfr.solvers.adam import Adam
from dfr.solvers.fast import first_picture
from dfr.solvers.synthesis import Solver

CHANNELS = ("published", "correct")


@dataclass(frozen=True)
class DeCorMST(OptimisationMethod):
    """Match five statistics of the style, each in an output of its own.

    All five use the same weights although their losses are on very different scales; that is
    how it was published, and it is kept.

    Attributes:
        statistics: names of style terms, one output each; by default the published five, see
            `dfr.objective.style_terms`.
        channels: ``published`` or ``correct``. The published code reads pictures as blue, green,
            red and hands them to a preprocessing that expects red, green, blue. So its network
            sees red where its weights expect blue, and the other way round, with the means of the
            expected order. Content, style and output are swapped alike, so an output has the
            style's true colours; but its features are those of other colours than the weights
            were trained for, and the losses that it minimises are not those that the common
            yardstick measures in the correct order.
        balanced: scale the weights to what they weigh at the published size, 321 x 481, see
            `dfr.objective.balance`.
        loss_weights: 1e4 content, 1e-2 style, no total variation as published.
        solver: Adam for 1000 iterations as published.

    Raises:
        UserError: no, a repeated, or an unknown style term, or unknown channels.
    """

    name: ClassVar[str] = "decormst"

    statistics: tuple[str, ...] = tuple(STATISTICS)
    channels: str = "published"
    balanced: bool = False
    loss_weights: Weights = Weights(variation=0.0)
    solver: Solver = Adam(iterations=1000, counter_steps=5)

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        if not self.statistics or len(set(self.statistics)) < len(self.statistics):
            raise UserError(f"statistics {self.statistics}: name at least one, and each once")
        for name in self.statistics:
            style_term(name)
        if self.channels not in CHANNELS:
            raise unknown("channels", self.channels, CHANNELS)

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the statistics."""
        return self.statistics

    @torch.no_grad()
    def problem(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,  # noqa: ARG002  (nothing here is random)
    ) -> Problem:
        """Return the problem of a pair; see `dfr.methods.optimisation.OptimisationMethod.problem`.

        It starts from the content picture, or near it with the fast solver, see
        `dfr.solvers.fast.first_picture`.
        """
        if self.channels == "published":
            encoder = encoder.with_swapped_colours()
        count = len(self.statistics)
        terms = tuple(style_term(name) for name in self.statistics)
        style_features = encoder(style, STYLE_LAYERS)
        objective = Objective(
            content=encoder(content, CONTENT_LAYERS),
            style={
                layer: targets_of(terms, features.expand(count, -1, -1, -1))
                for layer, features in style_features.items()
            },
            terms=terms,
            weights=self.loss_weights,
        )
        if self.balanced:
            objective = with_balance(objective, content, DECORMST_SIZE)
        start = first_picture(self.solver, content, style)
        return Problem(
            start=start.repeat(count, 1, 1, 1),
            objective=objective,
            encoder=encoder,
            rows={mode: row for row, mode in enumerate(self.modes)},
        )
