"""WCT's encoders and decoders: five of each, and their weights.

Encoder l is VGG-19 from the picture to relu_l_1: a first 1 x 1 convolution does what is done to the
picture before VGG (`conv0`), then 3 x 3 convolutions with reflection at the borders, and maxima of
2 x 2 places. Decoder l is the same in reverse, with nearest-neighbour enlargement, and was trained
to give the picture back. Two kinds:

- ``original``: VGG-19's own widths; the last convolution of a decoder has no ReLU.
- ``16x``: Wang, Li, Wang, Hu, Yang: "Collaborative Distillation for Ultra-Resolution Universal
  Style Transfer", CVPR 2020, arXiv 2003.08436: a quarter of the channels, so a sixteenth of the
  work. Its encoders come with 1 x 1 convolutions that their training needed (``conv11_aux``, ...);
  they are read, and not used. A ReLU ends its decoders.

The layout of the keys is Collaborative Distillation's (github.com/MingSun-Tse/
Collaborative-Distillation, model/model_original.py and model/model_cd.py) for both. It is the one
that has both kinds, and a class of its ``original`` turns the authors' own Torch 7 files into it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import torch
from torch import nn
from torch.nn import functional

from baselines.checkpoints import Part, fill, read_parts
from baselines.layers import convolved
from baselines.looks import Looks
from baselines.wct.transform import Statistics, statistics
from dfr.core.errors import UserError

LEVELS = (5, 4, 3, 2, 1)
#: Convolutions of each block of VGG-19.
_PER_BLOCK = (2, 2, 4, 4)


@dataclass(frozen=True)
class Kind:
    """One kind of networks.

    Attributes:
        widths: channels of the five blocks.
        first: channels of block 1 in the networks of level 1, which have no other block.
        helpers: block -> channels of the 1 x 1 convolutions that training needed.
        ends_with_relu: whether the pictures of the decoders go through a ReLU.
        encoder: file of encoder l, with ``{}`` for l.
        decoder: file of decoder l.
    """

    widths: tuple[int, ...]
    first: int
    helpers: Mapping[int, int]
    ends_with_relu: bool
    encoder: str
    decoder: str

    def width(self, block: int, level: int) -> int:
        """Return the channels of a block in the networks of a level."""
        return self.first if level == 1 else self.widths[block - 1]


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "original": Kind(
            (64, 128, 256, 512, 512), 64, MappingProxyType({}), False,
            "vgg_normalised_conv{}_1.pth", "feature_invertor_conv{}_1.pth",
        ),
        "16x": Kind(
            (16, 32, 64, 128, 128), 24,
            MappingProxyType({1: 64, 2: 128, 3: 256, 4: 512, 5: 512}), True,
            "{}SE.pth", "{}SD.pth",
        ),
    }
)  # fmt: skip


def convolutions(level: int) -> list[tuple[int, int]]:
    """Return (block, number in it) of each 3 x 3 convolution of encoder ``level``, in order."""
    return [
        (block, number)
        for block in range(1, level + 1)
        for number in range(1, 2 if block == level else _PER_BLOCK[block - 1] + 1)
    ]


class Encoder(nn.Module):
    """A picture's features at relu_l_1.

    Args:
        kind: see `KINDS`.
        level: l.
    """

    def __init__(self, kind: Kind, level: int) -> None:
        super().__init__()
        self.level = level
        self.conv0 = nn.Conv2d(3, 3, 1)
        before = 3
        for block, number in convolutions(level):
            width = kind.width(block, level)
            self.add_module(f"conv{block}{number}", nn.Conv2d(before, width, 3))
            before = width
        for block, channels in kind.helpers.items():
            if block <= level:
                helper = nn.Conv2d(kind.width(block, level), channels, 1)
                self.add_module(f"conv{block}1_aux", helper)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return (1, c, h / 2^(l-1), w / 2^(l-1)) of a (1, 3, h, w) picture, RGB in [0, 1]."""
        found: torch.Tensor = self.conv0(picture)
        for block, number in convolutions(self.level):
            if block > 1 and number == 1:
                found = functional.max_pool2d(found, 2)
            found = convolved(self, f"conv{block}{number}", found).relu_()
        return found


class Decoder(nn.Module):
    """The picture of features at relu_l_1.

    Args:
        kind: see `KINDS`.
        level: l.
    """

    def __init__(self, kind: Kind, level: int) -> None:
        super().__init__()
        self.level, self.ends_with_relu = level, kind.ends_with_relu
        before = 3
        for block, number in convolutions(level):
            width = kind.width(block, level)
            self.add_module(f"conv{block}{number}", nn.Conv2d(width, before, 3))
            before = width

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the (1, 3, h, w) picture; values may leave [0, 1]."""
        found = features
        for block, number in reversed(convolutions(self.level)):
            found = convolved(self, f"conv{block}{number}", found)
            if (block, number) != (1, 1) or self.ends_with_relu:
                found = found.relu_()
            if block > 1 and number == 1:
                found = functional.interpolate(found, scale_factor=2.0, mode="nearest")
        return found


@dataclass(frozen=True)
class Networks:
    """The loaded networks.

    Attributes:
        kind: a key of `KINDS`.
        encoders: level -> encoder.
        decoders: level -> decoder.
        looks: the statistics of the styles that they saw last.
    """

    kind: str
    encoders: Mapping[int, Encoder]
    decoders: Mapping[int, Decoder]
    looks: Looks = field(default_factory=Looks)

    def of_style(self, style: torch.Tensor, levels: Sequence[int]) -> dict[int, Statistics]:
        """Return level -> statistics of a (1, 3, h, w) style, computed once while it is in use."""
        return self.looks.of(style, levels, lambda level: statistics(self.encoders[level](style)))


def load_networks(
    path: Path,
    levels: Sequence[int],
    device: torch.device,
    hashes: Mapping[str, str] = MappingProxyType({}),
) -> Networks:
    """Load the networks of some levels.

    Args:
        path: a folder with the files of one of `KINDS`, as they are named there.
        levels: each of them needs its encoder and its decoder.
        device: where they are to compute.
        hashes: file name -> SHA-256 that it must have; others are not checked.

    Raises:
        UserError: no such folder, a file is missing, or one that cannot be used.
    """
    kind = _kind_in(path)
    names = KINDS[kind]
    parts = [
        Part(f"{what} {level}", (file.format(level),))
        for level in levels
        for what, file in (("encoder", names.encoder), ("decoder", names.decoder))
    ]
    tensors = read_parts(path, parts, "WCT", hashes)
    encoders = {level: Encoder(names, level) for level in levels}
    decoders = {level: Decoder(names, level) for level in levels}
    for level in levels:
        for what, network in (("encoder", encoders[level]), ("decoder", decoders[level])):
            of = f"{what} {level}"
            fill(network, tensors[of], f"WCT's {of} ({kind})", path)
            network.to(device).to(memory_format=torch.channels_last)
    return Networks(kind, encoders, decoders)


def _kind_in(path: Path) -> str:
    """Say of which kind the networks in a folder are."""
    if not path.is_dir():
        raise UserError(f"{path}: no such folder of weights for WCT")
    for kind, names in KINDS.items():
        files = (each.format(level) for each in (names.encoder, names.decoder) for level in LEVELS)
        if any((path / file).is_file() for file in files):
            return kind
    known = " or ".join(f"{names.encoder.format(5)} ({kind})" for kind, names in KINDS.items())
    raise UserError(f"{path}: holds no networks of WCT; they have names such as {known}")
