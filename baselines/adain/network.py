"""AdaIN's network: an encoder that is not trained, a shift of statistics, and a decoder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from baselines.checkpoints import Part, fill, read_parts
from baselines.layers import convolution, doubled
from baselines.normalised_vgg import NormalisedVGG, load_encoder
from baselines.own_vgg import OwnVGG
from baselines.style_network import StyleNetwork

#: The published files; the encoder's may end at relu4_1 or go on to relu5_4.
PARTS = (
    Part("encoder", ("vgg_normalised.pth", "vgg_normalised_to_relu4_1.pth")),
    Part("decoder", ("decoder.pth", "decoder.pth.tar")),
)
#: Added to variances (the published code's value), so that one colour has a deviation too.
EPSILON = 1e-5
LAYER = "relu4_1"


class Statistics(NamedTuple):
    """Mean and standard deviation of each channel over places, (n, c, 1, 1) both."""

    mean: torch.Tensor
    deviation: torch.Tensor


def statistics(features: torch.Tensor) -> Statistics:
    """Return the statistics of features (n, c, h, w), which have two places or more."""
    variance, mean = torch.var_mean(features, (2, 3), keepdim=True)
    return Statistics(mean, (variance + EPSILON).sqrt())


def normalised(features: torch.Tensor) -> torch.Tensor:
    """Return (n, c, h, w) with mean 0 and variance 1 over places, channel by channel."""
    own = statistics(features)
    return (features - own.mean) / own.deviation


def adain(content: torch.Tensor, style: Statistics) -> torch.Tensor:
    """Give content features (n, c, h, w) the style's statistics.

    AdaIN(x, y) = sigma(y) (x - mu(x)) / sigma(x) + mu(y) (eq. 8).
    """
    return style.deviation * normalised(content) + style.mean


def decoder(widths: tuple[int, int, int, int] = (512, 256, 128, 64)) -> nn.Sequential:
    """Return an untrained decoder: (n, 512, h, w) -> (n, 3, 8 h, 8 w).

    It mirrors the encoder; pooling becomes nearest upsampling, borders are reflected, and nothing
    is normalised (section 6). Keys of its ``state_dict`` are those of the published file,
    ``1.weight`` to ``28.weight``, counting every padding, convolution, ReLU and upsampling.

    Args:
        widths: channels of relu4_1 and of the three blocks below it; the published ones by
            default.
    """
    deep, third, second, first = widths

    layers = [
        *convolution(deep, third),
        doubled(),
        *convolution(third, third),
        *convolution(third, third),
        *convolution(third, third),
        *convolution(third, second),
        doubled(),
        *convolution(second, second),
        *convolution(second, first),
        doubled(),
        *convolution(first, first),
        *convolution(first, 3),
    ]
    return nn.Sequential(*layers[:-1])  # no ReLU on the picture


class AdaINNetwork(StyleNetwork):
    """The whole: T(c, s) = g((1 - alpha) f(c) + alpha AdaIN(f(c), f(s))) (eqs. 10, 11 and 14).

    Args:
        encoder: f, pictures -> layer -> features.
        decoder: g, see `decoder`.
    """

    def __init__(self, encoder: NormalisedVGG | OwnVGG, decoder: nn.Sequential) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder

    def look_at_style(self, style: torch.Tensor) -> Statistics:
        """Return the statistics of relu4_1."""
        return statistics(self.encoder(style)[LAYER])

    def look_at_content(self, content: torch.Tensor) -> torch.Tensor:
        """Return relu4_1, (1, 512, h', w')."""
        features: torch.Tensor = self.encoder(content)[LAYER]
        return features

    def painted(self, content: torch.Tensor, style: Statistics, strength: float) -> torch.Tensor:
        """Decode what lies between the content's features (0) and the target (1)."""
        if strength:
            content = (1 - strength) * content + strength * adain(content, style)
        picture: torch.Tensor = self.decoder(content)
        return picture


def read_network(path: Path, hashes: dict[str, str] | None = None) -> AdaINNetwork:
    """Read the published network from its files.

    Args:
        path: a folder with both files, one of them, or one file with both; see
            `baselines.checkpoints.read_parts`.
        hashes: file name -> SHA-256 that it must have.

    Raises:
        UserError: a file that cannot be used, or is another network's.
    """
    tensors = read_parts(path, PARTS, "AdaIN", hashes)
    encoder = load_encoder(tensors["encoder"], path, LAYER, "AdaIN's encoder")
    with torch.device("meta"):
        made = decoder()
    made.to_empty(device="cpu")
    fill(made, tensors["decoder"], "AdaIN's decoder", path)
    return AdaINNetwork(encoder, made).eval()
