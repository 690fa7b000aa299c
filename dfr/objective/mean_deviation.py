"""Means and standard deviations of channels.

Li, Wang, Liu, Hou: Demystifying Neural Style Transfer, IJCAI 2017 (arXiv 1701.01036), eq. 15:

    L = 1 / c sum_i ((mu_i - mu'_i)^2 + (sd_i - sd'_i)^2)

with mu_i and sd_i the mean and the population standard deviation of channel i over the places of a
layer ("BN statistics").
"""

from __future__ import annotations

import torch

from dfr.core.precision import wide
from dfr.objective.feature_statistics import safe_sqrt
from dfr.objective.style_term import StyleTerm


def mean_and_deviation(features: torch.Tensor) -> torch.Tensor:
    """Return mu and sd of each channel: (m, c, h, w) -> (m, 2, c)."""
    places = wide(features).flatten(2)
    mean = places.mean(dim=2)
    variance = (places - mean.unsqueeze(2)).square().mean(dim=2)
    return torch.stack([mean, safe_sqrt(variance)], dim=1)


def summed_squares(found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Sum over mean and deviation of their mean squared difference over channels, (m,)."""
    return (found - target).square().mean(dim=2).sum(dim=1)


MEAN_DEVIATION = StyleTerm("mean-deviation", mean_and_deviation, summed_squares, weight=1e6)
