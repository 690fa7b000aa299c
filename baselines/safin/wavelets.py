"""SAFIN's autoencoder: VGG-19 with Haar transforms in the place of pooling."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from baselines.layers import convolved

#: Channels of the four blocks, and convolutions of the first three.
CHANNELS, CONVOLUTIONS = (64, 128, 256, 512), (2, 2, 4)
BANDS = ("LL", "LH", "HL", "HH")


def haar() -> dict[str, torch.Tensor]:
    """Return the four filters of the Haar transform by name, (2, 2) each."""
    low, high = torch.tensor([1.0, 1.0]) / 2**0.5, torch.tensor([-1.0, 1.0]) / 2**0.5
    sides = {"L": low, "H": high}
    return {band: torch.outer(sides[band[0]], sides[band[1]]) for band in BANDS}


class Wavelet(nn.Module):
    """The Haar transform of each channel, or its inverse; filters are kept as published.

    Args:
        channels: of the features.
        inverse: whether it puts bands together.
    """

    def __init__(self, channels: int, inverse: bool) -> None:
        super().__init__()
        kind = nn.ConvTranspose2d if inverse else nn.Conv2d
        for band, filter_ in haar().items():
            layer = kind(channels, channels, 2, 2, groups=channels, bias=False)
            layer.weight = nn.Parameter(filter_.expand(channels, 1, 2, 2).clone())
            self.add_module(band, layer)

    def split(self, features: torch.Tensor) -> list[torch.Tensor]:
        """Return the bands, in the order of `BANDS`, (1, c, h / 2, w / 2) each."""
        return [self.get_submodule(band)(features) for band in BANDS]

    def join(self, bands: list[torch.Tensor]) -> torch.Tensor:
        """Return the features of which these are the bands."""
        joined: torch.Tensor = sum(
            self.get_submodule(band)(each) for band, each in zip(BANDS, bands, strict=True)
        )
        return joined


class WaveEncoder(nn.Module):
    """VGG-19 to relu4_1 with Haar transforms for pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 3, 1)
        before = 3
        for block, (width, count) in enumerate(zip(CHANNELS, (*CONVOLUTIONS, 1), strict=True), 1):
            for number in range(1, count + 1):
                self.add_module(f"conv{block}_{number}", nn.Conv2d(before, width, 3))
                before = width
            if block < len(CHANNELS):
                self.add_module(f"pool{block}", Wavelet(width, inverse=False))

    def block(self, number: int, features: torch.Tensor) -> list[torch.Tensor]:
        """Return the bands of a block, of block 4 its features alone.

        Args:
            number: 1 to 4.
            features: the LL that comes in; of block 1 the picture.
        """
        found = self.conv0(features) if number == 1 else features
        for layer in range(1, (*CONVOLUTIONS, 1)[number - 1] + 1):
            found = convolved(self, f"conv{number}_{layer}", found).relu()
        if number == len(CHANNELS):
            return [found]
        pool = self.get_submodule(f"pool{number}")
        assert isinstance(pool, Wavelet)
        return pool.split(found)


class WaveDecoder(nn.Module):
    """The way back: relu4_1 and the details of three blocks to the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv4_1 = nn.Conv2d(512, 256, 3)
        for block in (3, 2, 1):
            width, below = CHANNELS[block - 1], 3 if block == 1 else CHANNELS[block - 2]
            self.add_module(f"recon_block{block}", Wavelet(width, inverse=True))
            for number in range(CONVOLUTIONS[block - 1], 0, -1):
                out = below if number == 1 else width
                self.add_module(f"conv{block}_{number}", nn.Conv2d(width, out, 3))

    def forward(
        self, features: torch.Tensor, details: Mapping[int, list[torch.Tensor]]
    ) -> torch.Tensor:
        """Decode (1, 512, h, w) with block -> LH, HL, HH to (1, 3, 8 h, 8 w)."""
        found = convolved(self, "conv4_1", features).relu()
        for block in (3, 2, 1):
            unpool = self.get_submodule(f"recon_block{block}")
            assert isinstance(unpool, Wavelet)
            found = unpool.join([found, *details[block]])
            for number in range(CONVOLUTIONS[block - 1], 0, -1):
                found = convolved(self, f"conv{block}_{number}", found)
                if (block, number) != (1, 1):  # no ReLU on the picture
                    found = found.relu()
        return found
