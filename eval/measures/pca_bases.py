"""The directions on which the E statistic compares features: principal components of the contents.

Fitted once for a run, per layer; see `eval.measures.effectiveness` for the source and for what was
chosen here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import torch

from dfr.core.errors import UserError
from dfr.network.encoder import STYLE_LAYERS, Encoder

#: The published rank of each layer's basis.
RANKS: Mapping[str, int] = MappingProxyType(
    dict(zip(STYLE_LAYERS, (32, 48, 128, 256, 256), strict=True))
)
#: At least this many places for every direction of a basis.
PLACES_PER_DIRECTION = 3
#: Directions with less than this part of the first direction's variance are rounding.
LEAST_VARIANCE = 1e-6


@dataclass(frozen=True)
class PcaBases:
    """The directions on which features are compared, fitted once for a run.

    Attributes:
        directions: layer -> (c, k): orthonormal columns, the most varying first.
        variances: layer -> (k,): the references' mean variance along each.
    """

    directions: Mapping[str, torch.Tensor]
    variances: Mapping[str, torch.Tensor]

    @property
    def ranks(self) -> dict[str, int]:
        """The number of directions of each layer, k."""
        return {layer: len(variances) for layer, variances in self.variances.items()}

    def project(self, layer: str, features: torch.Tensor) -> torch.Tensor:
        """Return features in standard deviations of the references along each direction.

        Args:
            layer: the layer they come from.
            features: (c, N).

        Returns:
            (k, N).
        """
        deviations = self.variances[layer].sqrt().unsqueeze(1)
        return self.directions[layer].T @ features / deviations


@torch.no_grad()
def fit_bases(
    pictures: Iterable[torch.Tensor],
    encoder: Encoder,
    ranks: Mapping[str, int] = RANKS,
    places_per_direction: int = PLACES_PER_DIRECTION,
) -> PcaBases:
    """Fit the bases to the reference pictures, which are the contents of a run.

    Args:
        pictures: (1, 3, h, w) in [0, 1] each, of any sizes; only one is held at a time.
        encoder: max pooling, fp32.
        ranks: layer -> the greatest number of directions.
        places_per_direction: see `rank_of`.

    Raises:
        UserError: there is no picture, or nothing varies over the places of some layer.
    """
    count = 0
    sums = {layer: torch.zeros((), dtype=torch.float64) for layer in RANKS}
    places = dict.fromkeys(RANKS, math.inf)
    for picture in pictures:
        count += 1
        for layer, features in features_at_places(picture, encoder).items():
            sums[layer] = sums[layer] + covariance(features)
            places[layer] = min(places[layer], features.shape[1])
    if not count:
        raise UserError("no reference pictures to fit the E statistic's directions to")
    fitted = {
        layer: _leading(
            layer,
            sums[layer] / count,
            rank_of(layer, int(places[layer]), ranks, places_per_direction),
        )
        for layer in RANKS
    }
    return PcaBases(
        directions={layer: directions for layer, (directions, _) in fitted.items()},
        variances={layer: variances for layer, (_, variances) in fitted.items()},
    )


def rank_of(
    layer: str,
    places: int,
    ranks: Mapping[str, int] = RANKS,
    places_per_direction: int = PLACES_PER_DIRECTION,
) -> int:
    """Return the rank used for pictures with this many places: the published, or a third of them.

    Args:
        layer: a style layer.
        places: N, of the smallest picture.
        ranks: layer -> the published rank.
        places_per_direction: at least this many for every direction; 1 leaves the published rank
            as it is wherever there are as many places.
    """
    return max(1, min(ranks[layer], places // places_per_direction))


def covariance(features: torch.Tensor) -> torch.Tensor:
    """Covariance over the places, (X - mean) (X - mean)^T / N, of (c, N): (c, c)."""
    centred = features - features.mean(dim=1, keepdim=True)
    return centred @ centred.T / features.shape[1]


def features_at_places(picture: torch.Tensor, encoder: Encoder) -> dict[str, torch.Tensor]:
    """Return layer -> (c, N); in float64 on the CPU, since not every device has float64."""
    found = encoder(picture.to(encoder.device), RANKS)
    return {layer: found[layer][0].flatten(1).cpu().double() for layer in RANKS}


def _leading(layer: str, matrix: torch.Tensor, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the leading eigenvectors as columns, and their eigenvalues, largest first."""
    values, vectors = torch.linalg.eigh(matrix)
    values, vectors = values.flip(0)[:rank], vectors.flip(1)[:, :rank]
    if not values[0] > 0:
        raise UserError(f"the reference pictures do not vary at {layer}: take larger ones")
    kept = values > LEAST_VARIANCE * values[0]
    return vectors[:, kept], values[kept]
