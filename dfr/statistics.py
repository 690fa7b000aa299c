"""Second-order statistics of feature maps: (n, c, h, w) -> (n, c, c).

F below is one picture's feature map as a matrix of c rows (channels) and N = h w columns
(places); mu and sd are the row means and population standard deviations. Gram: Gatys et al.,
CVPR 2016, eq. 3. The five together: DeCorMST, IEEE Access 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch

from dfr.errors import unknown

Statistic = Callable[[torch.Tensor], torch.Tensor]

#: Added to a norm or a standard deviation before dividing by it (as published).
EPSILON = 1e-8


def gram(features: torch.Tensor) -> torch.Tensor:
    """Gram matrix F F^T / N."""
    rows = features.flatten(2)
    product: torch.Tensor = _OwnProducts.apply(rows)
    return product / rows.shape[2]


def pearson(features: torch.Tensor) -> torch.Tensor:
    """Pearson correlation Z Z^T with Z = (F - mu) / (sd + 1e-8); as published, not over N."""
    rows = _centred(features)
    deviation = _safe_sqrt(rows.square().mean(dim=2, keepdim=True))
    normal = rows / (deviation + EPSILON)
    return normal @ normal.mT


def covariance(features: torch.Tensor) -> torch.Tensor:
    """Covariance (F - mu) (F - mu)^T / N."""
    rows = _centred(features)
    return rows @ rows.mT / rows.shape[2]


def euclidean(features: torch.Tensor) -> torch.Tensor:
    """Distances between channels: sqrt(D), D_ij = G_ii + G_jj - 2 G_ij with G = F F^T.

    Where D is not positive (its diagonal, equal channels, rounding) the distance is 0 and so
    is its gradient: the root's own slope there is infinite.
    """
    rows = features.flatten(2)
    products = rows @ rows.mT
    squares = products.diagonal(dim1=1, dim2=2)
    squared = squares.unsqueeze(2) + squares.unsqueeze(1) - 2 * products
    # A channel is at no distance from itself; rounding must not say otherwise.
    itself = torch.eye(rows.shape[1], dtype=torch.bool, device=rows.device)
    return _safe_sqrt(squared.masked_fill(itself, 0.0))


def cosine(features: torch.Tensor) -> torch.Tensor:
    """Cosine similarity of channels U U^T with U = F / (|F| + 1e-8)."""
    rows = features.flatten(2)
    norm = _safe_sqrt(rows.square().sum(dim=2, keepdim=True))
    unit = rows / (norm + EPSILON)
    return unit @ unit.mT


#: Every statistic by its name, in DeCorMST's order.
STATISTICS: Mapping[str, Statistic] = MappingProxyType(
    {
        "gram": gram,
        "pearson": pearson,
        "covariance": covariance,
        "euclidean": euclidean,
        "cosine": cosine,
    }
)


def statistic(name: str) -> Statistic:
    """Look a statistic up by name.

    Raises:
        UserError: there is none of this name.
    """
    if name not in STATISTICS:
        raise unknown("statistic", name, STATISTICS)
    return STATISTICS[name]


class _OwnProducts(torch.autograd.Function):
    """F F^T, whose slope (D + D^T) F takes one product instead of the two of autograd."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(rows)
        return rows @ rows.mT

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: torch.Tensor) -> torch.Tensor:
        (rows,) = ctx.saved_tensors
        result: torch.Tensor = (slope + slope.mT) @ rows
        return result


def _centred(features: torch.Tensor) -> torch.Tensor:
    rows = features.flatten(2)
    return rows - rows.mean(dim=2, keepdim=True)


def _safe_sqrt(squared: torch.Tensor) -> torch.Tensor:
    """Square root with value 0 and gradient 0 where the argument is not positive."""
    positive = squared > 0
    # The inner `where` keeps the root away from 0, so no inf * 0 = nan arises in the gradient.
    root = torch.where(positive, squared, torch.ones_like(squared)).sqrt()
    return torch.where(positive, root, torch.zeros_like(squared))
