"""Layers of decoders that mirror VGG-19: convolutions reflect at the borders."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


def convolution(ins: int, outs: int) -> list[nn.Module]:
    """Return a padding, a 3 x 3 convolution and a ReLU."""
    return [nn.ReflectionPad2d(1), nn.Conv2d(ins, outs, 3), nn.ReLU()]


def doubled() -> nn.Module:
    """Return what doubles both sides, in the place of VGG's pooling."""
    return nn.Upsample(scale_factor=2, mode="nearest")


def convolved(network: nn.Module, name: str, features: torch.Tensor) -> torch.Tensor:
    """Return what a 3 x 3 convolution of a network, known by its name, makes of features."""
    found: torch.Tensor = network.get_submodule(name)(
        functional.pad(features, (1, 1, 1, 1), mode="reflect")
    )
    return found
