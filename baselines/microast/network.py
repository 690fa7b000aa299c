"""MicroAST's network: two small encoders, a modulator and a decoder, and no VGG.

Shapes, for a picture of h x w: both encoders give E1 and E2, (n, 64, h/4, w/4) each. Of the
style's, the modulator makes a weight and a bias for each channel, (n, 64, 1, 1). The decoder takes
the content's E2 to a picture. Names of modules are those of the published files' keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from baselines.adain.network import Statistics, adain, statistics
from baselines.checkpoints import Part, fill, read_parts
from baselines.sides import check_sides
from baselines.style_network import StyleNetwork

PARTS = tuple(
    Part(name, (f"{name}.pth.tar", f"{name}_iter_160000.pth.tar"))
    for name in ("content_encoder", "style_encoder", "modulator", "decoder")
)
CHANNELS = (16, 32, 64)
#: Reflection by 4 pixels, and two places at a quarter of the size.
SMALLEST = 5


class _Convolution(nn.Module):
    """A convolution whose borders are reflected."""

    def __init__(self, ins: int, outs: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.reflect = nn.ReflectionPad2d(size // 2)
        self.conv_layer = nn.Conv2d(ins, outs, size, stride, groups=groups)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.conv_layer(self.reflect(features))
        return result


class _Residual(nn.Module):
    """Two convolutions around which the features also go; the style can modulate both.

    With a weight w and a bias b of the style (section 3.3): x1 = w conv1(x) + b x,
    r = ReLU(x1), x2 = w conv2(r) + b r, and x + x2 comes out.
    """

    def __init__(self, channels: int = CHANNELS[-1]) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, channels, 3)
        self.conv2 = _Convolution(channels, channels, 3)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = features + self.conv2(self.conv1(features).relu())
        return result

    def modulated(
        self, features: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor
    ) -> torch.Tensor:
        inner = (weight * self.conv1(features) + bias * features).relu()
        result: torch.Tensor = features + weight * self.conv2(inner) + bias * inner
        return result


def _separable(ins: int, outs: int, stride: int = 1) -> list[nn.Module]:
    """A convolution of each channel (of each group, where outs is less), then one across them."""
    groups = min(ins, outs)
    return [
        _Convolution(ins, outs, 3, stride, groups),
        nn.ReLU(),
        _Convolution(outs, outs, 1),
        nn.ReLU(),
    ]


class Encoder(nn.Module):
    """Pictures (n, 3, h, w) in [0, 1] -> E1 and E2; one for contents, one for styles."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = CHANNELS
        self.enc1 = nn.Sequential(
            _Convolution(3, first, 9),
            nn.ReLU(),
            *_separable(first, second, stride=2),
            *_separable(second, third, stride=2),
            _Residual(),
        )
        self.enc2 = nn.Sequential(_Residual())

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return E1 and E2.

        Raises:
            UserError: the pictures are too small.
        """
        check_sides(pictures, SMALLEST, "MicroAST")
        first = self.enc1(pictures)
        return first, self.enc2(first)


def _mean_response(channels: int = CHANNELS[-1]) -> nn.Sequential:
    return nn.Sequential(
        _Convolution(channels, channels, 3, groups=channels), nn.AdaptiveAvgPool2d(1)
    )


class Modulation(NamedTuple):
    """What the decoder needs of a style, of E1 and of E2 each."""

    statistics: tuple[Statistics, Statistics]
    weights: tuple[torch.Tensor, torch.Tensor]
    biases: tuple[torch.Tensor, torch.Tensor]


class Modulator(nn.Module):
    """The style's E1 and E2 -> weights and biases of the decoder's residual blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.weight1, self.bias1 = _mean_response(), _mean_response()
        self.weight2, self.bias2 = _mean_response(), _mean_response()

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> Modulation:
        """Return the modulation of (n, 64, h', w') features."""
        return Modulation(
            (statistics(first), statistics(second)),
            (self.weight1(first), self.weight2(second)),
            (self.bias1(first), self.bias2(second)),
        )


class Decoder(nn.Module):
    """The content's E2 (n, 64, h', w') and a modulation -> pictures (n, 3, 4 h', 4 w')."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = CHANNELS

        def upsampling() -> nn.Module:
            return nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)

        self.dec1, self.dec2 = _Residual(), _Residual()
        self.dec3 = nn.Sequential(
            upsampling(),
            *_separable(third, second),
            upsampling(),
            *_separable(second, first),
            _Convolution(first, 3, 9),
        )

    def forward(self, content: torch.Tensor, style: Modulation, alpha: float) -> torch.Tensor:
        """Return pictures; the statistics are the style's by alpha, the filters wholly."""
        features = content
        for block, of in ((self.dec1, 1), (self.dec2, 0)):
            shifted = adain(features, style.statistics[of])
            mixed = alpha * shifted + (1 - alpha) * features
            features = block.modulated(mixed, style.weights[of], style.biases[of])
        pictures: torch.Tensor = self.dec3(features)
        return pictures


class MicroASTNetwork(StyleNetwork):
    """The four parts, by the names of their files."""

    def __init__(self) -> None:
        super().__init__()
        self.content_encoder, self.style_encoder = Encoder(), Encoder()
        self.modulator, self.decoder = Modulator(), Decoder()

    def look_at_style(self, style: torch.Tensor) -> Modulation:
        """Return the modulation."""
        modulation: Modulation = self.modulator(*self.style_encoder(style))
        return modulation

    def look_at_content(self, content: torch.Tensor) -> torch.Tensor:
        """Return E2."""
        features: torch.Tensor = self.content_encoder(content)[1]
        return features

    def painted(self, content: torch.Tensor, style: Modulation, strength: float) -> torch.Tensor:
        """Return the picture."""
        picture: torch.Tensor = self.decoder(content, style, strength)
        return picture


def read_network(path: Path, hashes: dict[str, str] | None = None) -> MicroASTNetwork:
    """Read the published network from its four files.

    Args:
        path: the folder, one of the files, or one file with all; see
            `baselines.checkpoints.read_parts`.
        hashes: file name -> SHA-256 that it must have.

    Raises:
        UserError: a file that cannot be used, or is another network's.
    """
    tensors = read_parts(path, PARTS, "MicroAST", hashes)
    network = MicroASTNetwork()
    for part in PARTS:
        module = getattr(network, part.name)
        fill(module, tensors[part.name], f"MicroAST's {part.name.replace('_', ' ')}", path)
    return network.eval()
