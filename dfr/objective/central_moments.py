"""Central moment discrepancy of features.

Kalischek, Wegner, Schindler: In the Light of Feature Distributions: Moment Matching for Neural
Style Transfer, CVPR 2021, eq. 6, with the features brought into [0, 1] by a sigmoid and K = 5:

    L = || E x - E x' || + sum_{k=2}^{K} || c_k(x) - c_k(x') ||,    c_k(x) = E (x - E x)^k

over places, channel by channel; the norms are Euclidean over channels. The published network sees
colours divided by a standard deviation of 0.225 of [0, 1]; here it sees 0 to 255, so its features
are divided by 255 x 0.225 first.
"""

from __future__ import annotations

import torch

from dfr.core.precision import wide
from dfr.objective.style_term import StyleTerm

#: K: how many moments are matched.
MOMENTS = 5
#: How much larger features are here than in the published network.
SCALE = 255 * 0.225


def moments(features: torch.Tensor) -> torch.Tensor:
    """Return the mean and the central moments 2 to K of channels: (m, c, h, w) -> (m, K, c)."""
    places = torch.sigmoid(wide(features).flatten(2) / SCALE)
    mean = places.mean(dim=2)
    centred = places - mean.unsqueeze(2)
    higher = [(centred**power).mean(dim=2) for power in range(2, MOMENTS + 1)]
    return torch.stack([mean, *higher], dim=1)


def summed_norms(found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Sum over moments of the Euclidean norm of their difference over channels, (m,)."""
    norms: torch.Tensor = torch.linalg.vector_norm(found - target, dim=2)
    return norms.sum(dim=1)


CENTRAL_MOMENTS = StyleTerm("moments", moments, summed_norms, weight=3e10)
