"""DeCorMST's correlations as its published notebook computes them: channel by channel.

Source: the authors' notebook to Tuyen, Nguyen, Choi, Dinh, IEEE Access 2021, which takes the
mean, the standard deviation and the norm of every channel in a Python loop, eagerly
(64 + 128 + 256 + 512 + 512 channels for each pass over the five style layers). Written here from
that description, to be timed against `dfr.objective.feature_statistics`, which does the same
arithmetic in one call; nothing else uses it.

Only the loops differ: the matrix products are the same. A channel that does not vary has a
deviation of 0, and torch gives its root a gradient of 0 there, as
`dfr.objective.feature_statistics` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch

from dfr.objective.feature_statistics import EPSILON, Statistic


def pearson(features: torch.Tensor) -> torch.Tensor:
    """Pearson correlation, as `feature_statistics.pearson`; mean and deviation in loops."""
    return torch.stack([_pearson(picture.flatten(1)) for picture in features])


def covariance(features: torch.Tensor) -> torch.Tensor:
    """Covariance, see `dfr.objective.feature_statistics.covariance`; the mean in a loop."""
    return torch.stack([_covariance(picture.flatten(1)) for picture in features])


def cosine(features: torch.Tensor) -> torch.Tensor:
    """Cosine similarity, see `dfr.objective.feature_statistics.cosine`; the norm in a loop."""
    return torch.stack([_cosine(picture.flatten(1)) for picture in features])


#: The statistics that have a loop. The Gram matrix is one product, and the distances between
#: channels follow from it: there is nothing to loop over.
LOOPS: Mapping[str, Statistic] = MappingProxyType(
    {"pearson": pearson, "covariance": covariance, "cosine": cosine}
)


def _pearson(rows: torch.Tensor) -> torch.Tensor:
    normal = (rows - _means(rows)) / (_deviations(rows) + EPSILON)
    return normal @ normal.mT


def _covariance(rows: torch.Tensor) -> torch.Tensor:
    centred = rows - _means(rows)
    return centred @ centred.mT / rows.shape[1]


def _cosine(rows: torch.Tensor) -> torch.Tensor:
    unit = rows / (_norms(rows) + EPSILON)
    return unit @ unit.mT


def _means(rows: torch.Tensor) -> torch.Tensor:
    """(c, N) -> (c, 1), one channel at a time."""
    return torch.stack([row.mean() for row in rows]).unsqueeze(1)


def _deviations(rows: torch.Tensor) -> torch.Tensor:
    """(c, N) -> (c, 1), one channel at a time; of the population."""
    return torch.stack([row.std(correction=0) for row in rows]).unsqueeze(1)


def _norms(rows: torch.Tensor) -> torch.Tensor:
    """(c, N) -> (c, 1), one channel at a time."""
    return torch.stack([torch.linalg.vector_norm(row) for row in rows]).unsqueeze(1)
