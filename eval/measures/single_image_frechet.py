"""A distance after SIFID: how far an output's local features are from the style's.

Source: Shaham, Dekel, Michaeli, "SinGAN", ICCV 2019, arXiv 1905.01164: the Frechet distance of two
Gaussians, one each fitted to the features of one picture over its places,

    d = |m - s|^2 + tr(M + S - 2 (M S)^(1/2)),

with means m, s and covariances M, S of output and style. SIFID takes the layer before the second
pooling of Inception; here it is the same place in VGG-19, relu2_2 with 128 channels, whose weights
the suite has. So values do not compare with published SIFID. Their unit is that of
`eval.measures.features`, squared.

Limits: 0 for the style itself and for any picture of its first two moments there. Noise can be
nearer to a style than the content picture is. Styles differ in how much they vary, and the
distance with them: compare outputs of one style.
"""

from __future__ import annotations

import torch

from dfr.network.encoder import Encoder
from eval.measures.context import Context
from eval.measures.features import places_in_unit
from eval.measures.frechet import Gaussian, frechet_distance

LAYER = "block2_conv2"


def to_style(context: Context) -> dict[str, float]:
    """The distance of each output to the style."""
    wanted = gaussian_of(context.style, context.encoder)
    return {
        mode: frechet_distance(gaussian_of(picture, context.encoder), wanted)
        for mode, picture in context.outputs.items()
    }


def gaussian_of(picture: torch.Tensor, encoder: Encoder) -> Gaussian:
    """Return the Gaussian of a picture's features over the places.

    Args:
        picture: (1, 3, h, w) in [0, 1].
        encoder: max pooling, fp32.
    """
    return Gaussian.of(places_in_unit(picture, encoder, LAYER).cpu().double().numpy())
