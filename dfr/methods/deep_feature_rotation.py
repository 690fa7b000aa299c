"""Deep Feature Rotation (Nguyen, Tuyen, Phuc, NICS 2021, arXiv 2202.04426)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from dfr.core.errors import UserError, unknown
from dfr.methods.optimisation import OptimisationMethod
from dfr.methods.problem import Problem
from dfr.methods.rotation import PUBLISHED, rotation
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.objective.balance import with_balance
from dfr.objective.feature_statistics import gram
from dfr.objective.objective import Features, Objective, Weights
from dfr.objective.published_size import DFR_SIZE
from dfr.objective.style_terms import GRAM
from dfr.objective.targets import same_targets
from dfr.solvers.adam import Adam
from dfr.solvers.fast import first_picture
from dfr.solvers.synthesis import Solver

FUSIONS = ("gram", "features")


@dataclass(frozen=True)
class DFR(OptimisationMethod):
    """One output per rotation of the style features W.

    The style target of an output is a mixture, weighted by lambda, of the plain and the rotated
    style. Fusion ``gram`` (the published code) mixes Gram matrices,
    G_hat = (1 - lambda) G(W) + lambda G(rot W); fusion ``features`` (the slides) mixes features,
    G_hat = G((1 - lambda) W + lambda rot W).

    Attributes:
        rotations: degrees, one output each; DFR-X has X of them.
        reading: what "rotate" means, see `dfr.methods.rotation`.
        rotation_weight: lambda in [0, 1].
        fusion: ``"gram"`` or ``"features"``.
        merge: compute modes whose targets are the same once (see
            `dfr.objective.targets.same_targets`), and give the one picture for each. The
            published code computes every mode.
        balanced: scale the weights to what they weigh at the published size, 422 x 512, see
            `dfr.objective.balance`. The readings ``code`` and ``paper`` of 90 and 270 have no
            miniature all the same: there another size is another target.
        loss_weights: 1e4 content, 1e-2 style, 30 total variation as published.
        solver: Adam for 3000 iterations as published.

    Raises:
        UserError: a setting out of its range, or a rotation that the reading does not define.
    """

    name: ClassVar[str] = "dfr"

    rotations: tuple[float, ...] = PUBLISHED
    reading: str = "code"
    rotation_weight: float = 1.0
    fusion: str = "gram"
    merge: bool = False
    balanced: bool = False
    loss_weights: Weights = Weights()
    solver: Solver = Adam(iterations=3000, counter_steps=4)

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        if not self.rotations:
            raise UserError("no rotation is given: name at least one, such as 0")
        if len(set(self.rotations)) < len(self.rotations):
            raise UserError(f"rotations {self.rotations}: one of them stands there twice")
        for degrees in self.rotations:
            rotation(self.reading, degrees)
        if not 0 <= self.rotation_weight <= 1:
            raise UserError(
                f"weight lambda {self.rotation_weight}: must be a number from 0 (no rotation) "
                "to 1 (rotation alone)"
            )
        if self.fusion not in FUSIONS:
            raise unknown("fusion", self.fusion, FUSIONS)

    @property
    def modes(self) -> tuple[str, ...]:
        """Names such as ``rot090``, one per rotation."""
        return tuple(mode_name(degrees) for degrees in self.rotations)

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
        objective = Objective(
            content=encoder(content, CONTENT_LAYERS),
            style=self.targets(encoder(style, STYLE_LAYERS)),
            terms=(GRAM,) * len(self.rotations),
            weights=self.loss_weights,
        )
        if self.balanced:
            objective = with_balance(objective, content, DFR_SIZE)
        groups: Sequence[Sequence[int]] = [[index] for index in range(len(self.rotations))]
        if self.merge:
            groups = same_targets(objective.style)
            objective = objective.rows([group[0] for group in groups])
        row_of = {index: row for row, group in enumerate(groups) for index in group}
        start = first_picture(self.solver, content, style)
        return Problem(
            start=start.repeat(len(groups), 1, 1, 1),
            objective=objective,
            encoder=encoder,
            rows={mode: row_of[index] for index, mode in enumerate(self.modes)},
        )

    def targets(self, style: Features) -> Mapping[str, torch.Tensor]:
        """Return the fused Gram targets: layer -> (outputs, c, c).

        Args:
            style: layer -> (1, c, h, w), the style picture's features W.
        """
        return {
            layer: torch.cat([self._fused(features, degrees) for degrees in self.rotations])
            for layer, features in style.items()
        }

    def _fused(self, features: torch.Tensor, degrees: float) -> torch.Tensor:
        amount = self.rotation_weight
        rotated = rotation(self.reading, degrees)(features)
        if self.fusion == "gram":
            return (1 - amount) * gram(features) + amount * gram(rotated)
        if rotated.shape != features.shape:
            raise UserError(
                f"fusion of features needs equal shapes, but reading '{self.reading}' turns "
                f"{tuple(features.shape[2:])} into {tuple(rotated.shape[2:])}: use a square "
                "--size, or --reading angle, or --fusion gram"
            )
        return gram((1 - amount) * features + amount * rotated)


def mode_name(degrees: float) -> str:
    """Return the name of the output of one rotation, usable as a file name: 90 -> ``rot090``."""
    return f"rot{degrees:03.0f}" if degrees == int(degrees) else f"rot{degrees:g}"
