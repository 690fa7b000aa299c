"""What a style term is: what of a picture's features is matched to the style's, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from dfr.core.row_sums import row_means
from dfr.objective.feature_statistics import Statistic

#: What is compared of m pictures and of their targets, (m, ...) each -> (m,).
Distance = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def mean_squared(found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean squared difference of each row: (m, ...) and (m, ...) -> (m,)."""
    return row_means((found - target).square())


@dataclass(frozen=True)
class StyleTerm:
    """What of a layer's features is matched to the style's, and how far two of them are apart.

    Called with features, (m, c, h, w), it returns what is compared, (m, ...); of the style's
    features that is the target. What random numbers it needs are drawn from a seed once, so that
    an objective stays the same.

    Attributes:
        name: in the table of terms, see `dfr.objective.style_terms`.
        statistic: features (m, c, h, w) -> (m, ...), of which each row depends on its own picture.
        distance: between what is compared and its target.
        growth: the power of the number of places N with which the distance grows where features
            stay the same, for the published balance (`dfr.objective.balance`); 0 for means.
        weight: factor of the distance, so that at the content picture the term is about as large
            as that of the Gram matrices (measured on five pairs of photographs and paintings at 96
            pixels, where single pairs are up to 1.6 times off); 1 for the five, as published.
    """

    name: str
    statistic: Statistic
    distance: Distance = mean_squared
    growth: int = 0
    weight: float = 1.0

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Return what is compared of (m, c, h, w)."""
        return self.statistic(features)

    def apart(self, found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return the weighted distance, (m,)."""
        distance = self.distance(found, target)
        return distance if self.weight == 1 else self.weight * distance
