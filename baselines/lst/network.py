"""LST's network: an encoder and its decoder that reconstruct, and a linear map between them.

The map is found by two small networks, one for each picture, and not by an eigenvalue
decomposition as WCT's is. With centred features F, of the content and of the style,

    C = compress(F_c), (n, 32, N);   T = M(F_s) M'(F_c), (n, 32, 32)
    out = unzip(T C) + mean of the style                                   (section 3.2)

and M the matrix that a network makes of features: three convolutions to 32 channels, their
covariance, (32, 32), and a fully connected layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import torch
from torch import nn

from baselines.adain.network import decoder as adain_decoder
from baselines.checkpoints import Part, fill, read_parts
from baselines.normalised_vgg import NormalisedVGG, load_encoder
from baselines.own_vgg import OwnVGG
from baselines.sides import filled
from baselines.style_network import StyleNetwork
from dfr.core.errors import UserError, unknown

#: Channels of the compressed features: T has so many rows.
SIZE = 32


@dataclass(frozen=True)
class Level:
    """A layer at which the network can work.

    Attributes:
        channels: of the layer.
        widths: of the first two convolutions that lead to the matrix.
        stride: in pixels of the picture.
        short: its name in the published files.
        first: number of the decoder's first convolution, in its published keys.
    """

    channels: int
    widths: tuple[int, int]
    stride: int
    short: str
    first: int

    @property
    def parts(self) -> tuple[Part, Part, Part]:
        """The files of the network."""
        return (
            Part("encoder", (f"vgg_{self.short}.pth",)),
            Part("decoder", (f"dec_{self.short}.pth",)),
            Part("transform", (f"{self.short}.pth", f"layer{self.short[1]}.pth")),
        )


LEVELS: Mapping[str, Level] = MappingProxyType(
    {
        "relu3_1": Level(256, (128, 64), 4, "r31", 7),
        "relu4_1": Level(512, (256, 128), 8, "r41", 11),
    }
)


def level(layer: str) -> Level:
    """Look a level up.

    Raises:
        UserError: LST has none of this name.
    """
    if layer not in LEVELS:
        raise unknown("layer of LST", layer, LEVELS)
    return LEVELS[layer]


class _Matrix(nn.Module):
    """Centred features (n, c, h, w) -> a matrix (n, 32, 32)."""

    def __init__(self, channels: int, widths: tuple[int, int]) -> None:
        super().__init__()
        first, second = widths
        self.convs = nn.Sequential(
            nn.Conv2d(channels, first, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(first, second, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(second, SIZE, 3, padding=1),
        )
        self.fc = nn.Linear(SIZE * SIZE, SIZE * SIZE)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        rows = self.convs(features).flatten(2)
        covariance = rows @ rows.mT / rows.shape[2]
        matrix: torch.Tensor = self.fc(covariance.flatten(1)).view(-1, SIZE, SIZE)
        return matrix


class Look(NamedTuple):
    """What the transform needs of a style: its matrix (n, 32, 32), its mean (n, c, 1, 1)."""

    matrix: torch.Tensor
    mean: torch.Tensor


class Transform(nn.Module):
    """The linear map; names of modules are those of the published file's keys.

    Args:
        of: the level.
    """

    def __init__(self, of: Level) -> None:
        super().__init__()
        self.snet, self.cnet = _Matrix(of.channels, of.widths), _Matrix(of.channels, of.widths)
        self.compress = nn.Conv2d(of.channels, SIZE, 1)
        self.unzip = nn.Conv2d(SIZE, of.channels, 1)

    def look(self, style: torch.Tensor) -> Look:
        """Return what is needed of style features (n, c, h', w')."""
        mean = style.mean((2, 3), keepdim=True)
        return Look(self.snet(style - mean), mean)

    def forward(self, content: torch.Tensor, style: Look) -> torch.Tensor:
        """Map content features (n, c, h, w)."""
        centred = content - content.mean((2, 3), keepdim=True)
        matrix = style.matrix @ self.cnet(centred)
        compressed = self.compress(centred)
        mapped = (matrix @ compressed.flatten(2)).view_as(compressed)
        result: torch.Tensor = self.unzip(mapped) + style.mean
        return result


def decoder(layer: str, widths: tuple[int, int, int, int] = (512, 256, 128, 64)) -> nn.Sequential:
    """Return an untrained decoder of a level: AdaIN's, from that layer on.

    Args:
        layer: name of the level.
        widths: see `baselines.adain.network.decoder`; the published ones by default.
    """
    whole = list(adain_decoder(widths))
    if layer == "relu4_1":
        return nn.Sequential(*whole)
    narrows = [m for m in whole if isinstance(m, nn.Conv2d) and m.in_channels == widths[1]][-1]
    return nn.Sequential(*whole[whole.index(narrows) - 1 :])


class LSTNetwork(StyleNetwork):
    """The whole. Strength mixes what the decoder gets: the content's features, or mapped ones.

    Args:
        layer: name of the level.
        encoder: up to that layer, or beyond it.
        transform: the linear map.
        decoder: back to a picture.
    """

    def __init__(
        self,
        layer: str,
        encoder: NormalisedVGG | OwnVGG,
        transform: Transform,
        decoder: nn.Sequential,
    ) -> None:
        super().__init__()
        self.layer, self.encoder, self.transform, self.decoder = layer, encoder, transform, decoder

    def look_at_style(self, style: torch.Tensor) -> Look:
        """Return the style's matrix and mean."""
        return self.transform.look(self.encoder(style, (self.layer,))[self.layer])

    def look_at_content(self, content: torch.Tensor) -> torch.Tensor:
        """Return the content's features; borders are repeated up to whole places."""
        if min(content.shape[-2:]) >= self.encoder.smallest:
            content = filled(content, LEVELS[self.layer].stride, "replicate")
        features: torch.Tensor = self.encoder(content, (self.layer,))[self.layer]
        return features

    def painted(self, content: torch.Tensor, style: Look, strength: float) -> torch.Tensor:
        """Return the picture."""
        if strength:
            content = (1 - strength) * content + strength * self.transform(content, style)
        picture: torch.Tensor = self.decoder(content)
        return picture


def read_autoencoder(path: Path, layer: str) -> tuple[NormalisedVGG, nn.Sequential]:
    """Read the encoder and the decoder alone; see `read_network`."""
    parts = level(layer).parts[:2]
    return _autoencoder(read_parts(path, parts, "LST"), path, layer)


def read_network(path: Path, layer: str) -> LSTNetwork:
    """Read the published network from its files.

    Args:
        path: a folder with the three files of the level, one of them, or one file with all; see
            `baselines.checkpoints.read_parts`.
        layer: name of the level.

    Raises:
        UserError: no such level, or a file that cannot be used, or is another network's.
    """
    of = level(layer)
    tensors = read_parts(path, of.parts, "LST")
    encoder, made = _autoencoder(tensors, path, layer)
    transform = Transform(of)
    fill(transform, tensors["transform"], f"LST's transform of {layer}", path)
    return LSTNetwork(layer, encoder, transform, made).eval()


def _autoencoder(
    tensors: Mapping[str, Mapping[str, torch.Tensor]], path: Path, layer: str
) -> tuple[NormalisedVGG, nn.Sequential]:
    with torch.device("meta"):
        blank, made = NormalisedVGG(layer, ceil=False).layers, decoder(layer)
    made.to_empty(device="cpu")
    encoder = load_encoder(
        _renamed(tensors["encoder"], blank, 1, path, f"LST's encoder of {layer}"),
        path, layer, f"LST's encoder of {layer}", ceil=False, spare=(),
    )  # fmt: skip
    what = f"LST's decoder of {layer}"
    fill(made, _renamed(tensors["decoder"], made, LEVELS[layer].first, path, what), what, path)
    return encoder, made


def _renamed(
    tensors: Mapping[str, torch.Tensor], module: nn.Sequential, first: int, path: Path, what: str
) -> dict[str, torch.Tensor]:
    """Give tensors of ``conv7.weight``, ``conv8.weight``, ... the keys of the module's own."""
    places = [place for place, each in enumerate(module) if isinstance(each, nn.Conv2d)]
    names = {
        f"conv{first + number}.{kind}": f"{place}.{kind}"
        for number, place in enumerate(places)
        for kind in ("weight", "bias")
    }
    strange = next((key for key in tensors if key not in names), None)
    missing = next((key for key in names if key not in tensors), None)
    if strange or missing:
        told = f"'{missing}' is missing" if missing else f"'{strange}' is not of this network"
        raise UserError(f"{path}: is not {what}: {told}")
    return {names[key]: tensor for key, tensor in tensors.items()}
