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
- **size**: the published code scales the shorter side of every picture to 512 pixels, that of the
  style too. Here both are measured at the size of the run. `eval.published.decormst_table` has how
  DeCorMST's authors measured theirs.
- **one number**: the mean of the five. The paper calibrates them against people's choices; those
  coefficients are not published with the code.

So values compare within a run (one reference set, one size), and not with published ones. Nor
is the scale a straight one. Three places for each direction are few: at 96 x 116 the style itself,
shifted round by 16 pixels, falls from 13.8 to between -0.5 and -4 in the three deep layers. And
noise, which varies in every direction, can be nearer to a style than the content picture is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean
from types import MappingProxyType

import torch
from torch.distributions import MultivariateNormal, kl_divergence

from dfr.network.encoder import STYLE_LAYERS, Encoder
from eval.measures.context import Context
from eval.measures.pca_bases import PcaBases, covariance, features_at_places

#: Added to both covariances, in the references' variances.
RIDGE = 1e-3
#: The smallest divergence that is told apart from 0, in nats.
LEAST_DIVERGENCE = 1e-6
#: Layer -> the name of its E in tables.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {layer: f"e_{layer.replace('block', 'relu').replace('_conv', '_')}" for layer in STYLE_LAYERS}
)


def e_statistics(
    output: torch.Tensor, style: torch.Tensor, bases: PcaBases, encoder: Encoder
) -> dict[str, float]:
    """Return E of each layer: -ln KL(output || style), higher is nearer to the style.

    Args:
        output: (1, 3, h, w) in [0, 1].
        style: (1, 3, h', w') in [0, 1].
        bases: see `eval.measures.pca_bases.fit_bases`.
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
        bases: see `eval.measures.pca_bases.fit_bases`.
        encoder: the one that fitted the bases.
    """
    fitted = {}
    for layer, features in features_at_places(picture, encoder).items():
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


def to_style(context: Context) -> dict[str, dict[str, float]]:
    """E of each output: ``e_statistic``, the mean over the layers, and each layer's (`COLUMNS`)."""
    found = of_outputs(context.outputs, context.style, context.bases, context.encoder)
    return {
        mode: {"e_statistic": fmean(layers.values())}
        | {COLUMNS[layer]: value for layer, value in layers.items()}
        for mode, layers in found.items()
    }
