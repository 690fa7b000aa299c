"""The mode audit: which modes of a method are the same objective.

A Gram matrix sums over places, so a permutation of places leaves it as it was. Two modes whose
targets are equal at every layer, from one start, are one objective under two names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from dfr.encoder import STYLE_LAYERS, Encoder
from dfr.model import DFR

#: Two targets nearer than this, relative, at every layer are the same objective: float32 sums
#: of the same numbers in another order differ by less.
SAME = 1e-5


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
    distances: dict[tuple[str, str], dict[str, float]] = {}
    groups: list[list[str]] = []
    for b, mode_b in enumerate(modes):
        for a in range(b):
            distances[mode_b, modes[a]] = {
                layer: float((grams[b] - grams[a]).norm() / grams[a].norm().clamp_min(1e-30))
                for layer, grams in targets.items()
            }
        for group in groups:
            if max(distances[mode_b, group[0]].values()) < SAME:
                group.append(mode_b)
                break
        else:
            groups.append([mode_b])
    return Audit(modes, distances, tuple(tuple(group) for group in groups))
