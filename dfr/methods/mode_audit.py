"""The mode audit: which modes of a method are the same objective.

A Gram matrix sums over places, so a permutation of places leaves it as it was. Two modes whose
targets are equal at every layer, from one start, are one objective under two names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import STYLE_LAYERS, Encoder
from dfr.objective.targets import same_targets, target_distances


@dataclass(frozen=True)
class Audit:
    """Relative Frobenius distances of the Gram targets between every two modes.

    Attributes:
        modes: names, in order.
        distances: (mode a, mode b) -> layer -> |G_a - G_b| / |G_b| (Frobenius).
        groups: modes that are the same objective, together; one group per distinct objective.
    """

    modes: tuple[str, ...]
    distances: Mapping[tuple[str, str], Mapping[str, float]]
    groups: tuple[tuple[str, ...], ...]

    @property
    def distinct(self) -> int:
        """How many really different objectives there are."""
        return len(self.groups)


@torch.no_grad()
def audit(method: DFR, style: torch.Tensor, encoder: Encoder) -> Audit:
    """Compare the targets of all modes of a DFR method for one style picture.

    Args:
        method: its rotations, reading, lambda and fusion are what is audited.
        style: (1, 3, h, w) in [0, 1].
        encoder: gives the features.
    """
    targets = method.targets(encoder(style.to(encoder.device), STYLE_LAYERS))
    modes = method.modes
    distances = {
        (modes[b], modes[a]): target_distances(targets, a, b)
        for b in range(len(modes))
        for a in range(b)
    }
    groups = tuple(tuple(modes[row] for row in rows) for rows in same_targets(targets))
    return Audit(modes, distances, groups)
