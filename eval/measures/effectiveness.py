"""The E statistic: how near an output's feature distribution has come to the style's.

Source: Yeh, Tang, Bhattad, Zou, Forsyth, "Improving Style Transfer with Calibrated Metrics",
WACV 2020, arXiv 1910.09447, and the authors' code (github.com/stringtron/quantative_style).
Followed as published:

- features: VGG-19 with max pooling, after ReLU of block1..5_conv1;
- basis: per layer, the leading eigenvectors of the covariance over places, averaged over a set of
  reference pictures, which are the contents; published ranks 32, 48, 128, 256, 256;
- per layer: a Gaussian each for output and style over the places, and
  E = -ln KL(output || style), in this one direction, not symmetrized.

Chosen here, because it is not in the published code:

- **rank**: a picture of N places at a layer gives a covariance of rank N - 1 at most, and the
  divergence of two singular Gaussians is infinite. The rank is limited to a third of the places
  of the smallest reference picture. That leaves the published ranks as they are from about 400 x
  500 pixels on; at 96 x 116 it gives 32, 48, 128, 56, 14. Directions in which the references vary
  less than 1e-6 of the first are rounding, and are left out.
- **ridge**: each direction is measured in standard deviations of the references (which leaves the
  divergence as it is), and 1e-3 is added to both variances in every direction, so that a flat
  style, which does not vary at all in some, has a finite divergence.
- **floor**: below 1e-6 the divergence counts as 1e-6. E is therefore at most 13.8, which is the
  style itself.
- **one number**: the mean of the five. The paper calibrates them against people's choices; those
  coefficients are not published with the code.

So values compare within a run (one reference set, one size), and not with published ones. Nor
is the scale a straight one. Three places for each direction are few: at 96 x 116 the style itself,
shifted round by 16 pixels, falls from 13.8 to between -0.5 and -4 in the three deep layers. And
noise, which varies in every direction, can be nearer to a style than the content picture is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from types import MappingProxyType
from typing import TYPE_CHECKING

import torch
from torch.distributions import MultivariateNormal, kl_divergence

from dfr.core.errors import UserError
from dfr.network.encoder import STYLE_LAYERS, Encoder

if TYPE_CHECKING:
    from eval.measures.context import Context

#: The published rank of each layer's basis.
RANKS: Mapping[str, int] = MappingProxyType(
    dict(zip(STYLE_LAYERS, (32, 48, 128, 256, 256), strict=True))
)
#: At least this many places for every direction of a basis.
PLACES_PER_DIRECTION = 3
#: Directions with less than this part of the first direction's variance are rounding.
LEAST_VARIANCE = 1e-6
#: Added to both covariances, in the references' variances.
RIDGE = 1e-3
#: The smallest divergence that is told apart from 0, in nats.
LEAST_DIVERGENCE = 1e-6


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
def fit_bases(pictures: Iterable[torch.Tensor], encoder: Encoder) -> PcaBases:
    """Fit the bases to the reference pictures, which are the contents of a run.

    Args:
        pictures: (1, 3, h, w) in [0, 1] each, of any sizes; only one is held at a time.
        encoder: max pooling, fp32.

    Raises:
        UserError: there is no picture, or nothing varies over the places of some layer.
    """
    count = 0
    sums = {layer: torch.zeros((), dtype=torch.float64) for layer in RANKS}
    places = dict.fromkeys(RANKS, math.inf)
    for picture in pictures:
        count += 1
        for layer, features in _features(picture, encoder).items():
            sums[layer] = sums[layer] + covariance(features)
            places[layer] = min(places[layer], features.shape[1])
    if not count:
        raise UserError("no reference pictures to fit the E statistic's directions to")
    fitted = {
        layer: _leading(layer, sums[layer] / count, rank_of(layer, int(places[layer])))
        for layer in RANKS
    }
    return PcaBases(
        directions={layer: directions for layer, (directions, _) in fitted.items()},
        variances={layer: variances for layer, (_, variances) in fitted.items()},
    )


def rank_of(layer: str, places: int) -> int:
    """Return the rank used for pictures with this many places: the published, or a third of them.

    Args:
        layer: a style layer.
        places: N, of the smallest picture.
    """
    return max(1, min(RANKS[layer], places // PLACES_PER_DIRECTION))


def e_statistics(
    output: torch.Tensor, style: torch.Tensor, bases: PcaBases, encoder: Encoder
) -> dict[str, float]:
    """Return E of each layer: -ln KL(output || style), higher is nearer to the style.

    Args:
        output: (1, 3, h, w) in [0, 1].
        style: (1, 3, h', w') in [0, 1].
        bases: see `fit_bases`.
        encoder: the one that fitted the bases.
    """
    return of_outputs({"output": output}, style, bases, encoder)["output"]


def of_outputs(
    outputs: Mapping[str, torch.Tensor], style: torch.Tensor, bases: PcaBases, encoder: Encoder
) -> dict[str, dict[str, float]]:
    """Return mode -> `e_statistics`, with one look at the style for all outputs."""
    wanted = gaussians(style, bases, encoder)
    return {
        mode: {
            layer: effectiveness(found, wanted[layer])
            for layer, found in gaussians(output, bases, encoder).items()
        }
        for mode, output in outputs.items()
    }


def e_statistic(
    output: torch.Tensor, style: torch.Tensor, bases: PcaBases, encoder: Encoder
) -> float:
    """Return the mean over the layers of E, see `e_statistics`."""
    return fmean(e_statistics(output, style, bases, encoder).values())


@torch.no_grad()
def gaussians(
    picture: torch.Tensor, bases: PcaBases, encoder: Encoder
) -> dict[str, MultivariateNormal]:
    """Return the Gaussian of each layer's projected features over the places, with the ridge.

    Args:
        picture: (1, 3, h, w) in [0, 1].
        bases: see `fit_bases`.
        encoder: the one that fitted the bases.
    """
    fitted = {}
    for layer, features in _features(picture, encoder).items():
        projected = bases.project(layer, features)
        ridge = RIDGE * torch.eye(len(projected), dtype=projected.dtype)
        fitted[layer] = MultivariateNormal(projected.mean(dim=1), covariance(projected) + ridge)
    return fitted


def effectiveness(output: MultivariateNormal, style: MultivariateNormal) -> float:
    """E of one layer: -ln KL(output || style), with the floor.

    KL = (tr(S^-1 O) + (s - o)^T S^-1 (s - o) - k + ln det S - ln det O) / 2 in nats, for means
    o, s and covariances O, S of k dimensions.
    """
    divergence = float(kl_divergence(output, style))
    return -math.log(max(divergence, LEAST_DIVERGENCE))


def to_style(context: Context) -> dict[str, float]:
    """E of each output: the mean over the layers."""
    return {mode: fmean(layers.values()) for mode, layers in context.effectiveness.items()}


def covariance(features: torch.Tensor) -> torch.Tensor:
    """Covariance over the places, (X - mean) (X - mean)^T / N, of (c, N): (c, c)."""
    centred = features - features.mean(dim=1, keepdim=True)
    return centred @ centred.T / features.shape[1]


def _features(picture: torch.Tensor, encoder: Encoder) -> dict[str, torch.Tensor]:
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
