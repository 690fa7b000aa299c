"""Second-order statistics of feature maps: (n, c, h, w) -> (n, c, c).

Results are float32 of whatever precision the features are, and float64 of float64.

F below is one picture's feature map as a matrix of c rows (channels) and N = h w columns
(places); mu and sd are the row means and population standard deviations. Gram: Gatys et al.,
CVPR 2016, eq. 3. The five together: DeCorMST, IEEE Access 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from dfr.core.precision import wide

Statistic = Callable[[torch.Tensor], torch.Tensor]

#: Places whose products are summed up before they are rounded to bfloat16.
_PART = 4096
#: Added to a norm or a standard deviation before dividing by it (as published).
EPSILON = 1e-8


def gram(features: torch.Tensor) -> torch.Tensor:
    """Gram matrix F F^T / N."""
    places = _places(features)
    return _products(places) / places.shape[1]


def pearson(features: torch.Tensor) -> torch.Tensor:
    """Pearson correlation Z Z^T with Z = (F - mu) / (sd + 1e-8); as published, not over N."""
    places = _centred(features)
    deviation = safe_sqrt(places.square().mean(dim=1, keepdim=True))
    return _products(places / (deviation + EPSILON))


def covariance(features: torch.Tensor) -> torch.Tensor:
    """Covariance (F - mu) (F - mu)^T / N."""
    places = _centred(features)
    return _products(places) / places.shape[1]


def euclidean(features: torch.Tensor) -> torch.Tensor:
    """Distances between channels: sqrt(D), D_ij = G_ii + G_jj - 2 G_ij with G = F F^T.

    Where D is not positive (its diagonal, equal channels, rounding) the distance is 0 and so
    is its gradient: the root's own slope there is infinite.
    """
    products = _products(wide(_places(features)))
    squares = products.diagonal(dim1=1, dim2=2)
    squared = squares.unsqueeze(2) + squares.unsqueeze(1) - 2 * products
    # A channel is at no distance from itself; rounding must not say otherwise.
    itself = torch.eye(features.shape[1], dtype=torch.bool, device=features.device)
    return safe_sqrt(squared.masked_fill(itself, 0.0))


def cosine(features: torch.Tensor) -> torch.Tensor:
    """Cosine similarity of channels U U^T with U = F / (|F| + 1e-8)."""
    places = wide(_places(features))
    norm = safe_sqrt(places.square().sum(dim=1, keepdim=True))
    return _products(places / (norm + EPSILON))


#: DeCorMST's five by their names, in its order. Style terms are in `dfr.objective.style_terms`.
STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        "gram": gram,
        "pearson": pearson,
        "covariance": covariance,
        "euclidean": euclidean,
        "cosine": cosine,
    }
)


def _places(features: torch.Tensor) -> torch.Tensor:
    """F^T, (n, N, c): one row for each place, which is how channels-last features lie."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def _centred(features: torch.Tensor) -> torch.Tensor:
    places = wide(_places(features))
    return places - places.mean(dim=1, keepdim=True)


def _products(places: torch.Tensor) -> torch.Tensor:
    """F F^T of each picture, (n, c, c), of (n, N, c) places."""
    products: torch.Tensor = _OwnProducts.apply(places)
    return products


class _OwnProducts(torch.autograd.Function):
    """F F^T, whose slope (D + D^T) F takes one product instead of the two of autograd."""

    @staticmethod
    def forward(ctx: Any, places: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(places)
        if places.device.type != "cpu":
            return _summed_in_parts(wide(places))
        # Row by row: on a CPU a batched product first copies what is transposed.
        return torch.stack([_summed(each) for each in places])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: torch.Tensor) -> torch.Tensor:
        (places,) = ctx.saved_tensors
        result: torch.Tensor = places @ (slope + slope.mT).to(places.dtype)
        return result


def _summed(places: torch.Tensor) -> torch.Tensor:
    """P^T P of (N, c); of bfloat16 in float32, though parts of the sum are rounded between."""
    if places.dtype != torch.bfloat16:
        return places.T @ places
    parts = [part.T @ part for part in torch.split(places, _PART)]
    return torch.stack(parts).sum(dim=0, dtype=torch.float32)


def _summed_in_parts(places: torch.Tensor) -> torch.Tensor:
    """P^T P of each of (n, N, c), cut along N so that the whole of a device has work to do.

    One product of 64 x 200,000 by 200,000 x 64 keeps a single multiprocessor of a graphics
    processor busy, and four of them took five times as long as all convolutions together.
    """
    count, size, channels = places.shape
    parts = -(-size // _PART)
    padded = torch.nn.functional.pad(places, (0, 0, 0, parts * _PART - size))
    each = padded.view(count * parts, _PART, channels)
    return torch.bmm(each.mT, each).view(count, parts, channels, channels).sum(dim=1)


def safe_sqrt(squared: torch.Tensor) -> torch.Tensor:
    """Square root with value 0 and gradient 0 where the argument is not positive."""
    positive = squared > 0
    # The inner `where` keeps the root away from 0, so no inf * 0 = nan arises in the gradient.
    root = torch.where(positive, squared, torch.ones_like(squared)).sqrt()
    return torch.where(positive, root, torch.zeros_like(squared))
