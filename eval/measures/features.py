"""Features of VGG-19 in one unit, for measures whose value depends on it.

Published code of such measures reads torchvision's weights, whose activations are much smaller than
those of the original Caffe weights, the default here. So Caffe's are divided by a number for each
layer: the ratio of the root mean squares of both networks' activations. Torchvision's VGG-19 cannot
be had from the package index, so its VGG-16 (LPIPS's trunk) stands for it: on five photographs and
three paintings at 128 x 128 the ratio was 95 to 110 at relu2_2 and 67 to 81 at relu3_1. Values are
therefore of the size of published ones, and not comparable to a few per cent.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import torch

from dfr.network.encoder import Encoder

#: Layer -> Caffe's activations, in torchvision's.
CAFFE_UNIT: Mapping[str, float] = MappingProxyType({"block2_conv2": 104.0, "block3_conv1": 75.0})


@torch.no_grad()
def places_in_unit(picture: torch.Tensor, encoder: Encoder, layer: str) -> torch.Tensor:
    """Return the features of one layer as (N, c): one row for each place, in torchvision's unit.

    On the encoder's device, but on the CPU where that device has no float64.

    Args:
        picture: (1, 3, h, w) in [0, 1].
        encoder: max pooling, fp32.
        layer: one of `CAFFE_UNIT`.
    """
    found: torch.Tensor = encoder(picture.to(encoder.device), (layer,))[layer][0].flatten(1).T
    if found.device.type == "mps":
        found = found.cpu()
    unit = CAFFE_UNIT[layer] if encoder.weights.convention == "caffe" else 1.0
    found = found / unit
    return found
