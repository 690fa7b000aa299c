"""VGG-19 features by layer name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from copy import copy
from itertools import zip_longest
from typing import Any

import torch
from torch import nn

from dfr.core.devices import convolving
from dfr.core.errors import unknown
from dfr.core.precision import wide
from dfr.network.cpu.convolution import Convolution, by_picture, can_pack
from dfr.network.precisions import PRECISIONS, check_precision
from dfr.network.weights import CONVOLUTIONS, Vgg19Weights

#: The shared setting of DFR and DeCorMST (after ReLU).
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
CONTENT_LAYERS = ("block5_conv2",)

POOLINGS: Mapping[str, Callable[[torch.Tensor, int], torch.Tensor]] = {
    "max": nn.functional.max_pool2d,
    "avg": nn.functional.avg_pool2d,
}

CAFFE_MEAN = (103.939, 116.779, 123.68)  # blue, green, red, of 0..255
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Encoder(nn.Module):
    """The convolutional part of VGG-19, up to the deepest layer that is asked for.

    Args:
        weights: trained kernels, see `dfr.network.weights.load_vgg19`.
        pooling: ``"max"`` (as published for DFR and DeCorMST) or ``"avg"`` (Gatys et al.).
        precision: ``"fp32"``; ``"fp64"`` for checks, slow; ``"tf32"`` for
            convolutions whose factors are rounded to 10 bits, on CUDA only; ``"bf16"`` for kernels
            and activations in bfloat16, with sums in float32 where the device has them (as oneDNN
            and cuDNN do); or ``"int8"`` for activations of float32, whose slope comes back in
            eight-bit integers: on a CPU only, see `dfr.network.cpu.integers`.

        graphs: whether a solver may capture its iterations with this encoder as a CUDA graph, see
            `dfr.solvers.adam`. The numbers are the same.

    Kernels and activations are kept channels-last, or not if asked. Weights are constants: only the
    picture has a gradient.

    On a CPU, kernels are also kept as they are computed with: made of the parameters when they
    are first needed, and made again after the encoder was moved or converted. In float32, for
    Winograd's method, that is 243 MB more from the first pictures on, and as much again from the
    first gradient on, which int8 does not need; in bfloat16 an eighth of that, or as much where
    it is computed in float32.

    Raises:
        UserError: an unknown pooling, or a precision that cannot be had.
    """

    mean: torch.Tensor
    deviation: torch.Tensor

    def __init__(
        self,
        weights: Vgg19Weights,
        pooling: str = "max",
        precision: str = "fp32",
        channels_last: bool = True,
        graphs: bool = True,
    ) -> None:
        super().__init__()
        if pooling not in POOLINGS:
            raise unknown("pooling", pooling, POOLINGS)
        check_precision(precision)
        self.weights, self.pooling, self.precision = weights, pooling, precision
        self.graphs, self.swaps_colours = graphs, False
        self._memory: _Memory | None = None
        self._layout = torch.channels_last if channels_last else torch.contiguous_format
        self.convolutions = nn.ModuleDict()
        self._on_cpu: dict[str, Convolution] = {}
        self._widens = precision == "bf16" and not can_pack()
        for name in CONVOLUTIONS:
            weight, bias = weights.kernels[name]
            layer = nn.Conv2d(weight.shape[1], weight.shape[0], 3, padding=1)
            layer.weight = nn.Parameter(weight.clone(), requires_grad=False)
            layer.bias = nn.Parameter(bias.clone(), requires_grad=False)
            self.convolutions[name] = layer
        caffe = weights.convention == "caffe"
        mean = torch.tensor(CAFFE_MEAN if caffe else IMAGENET_MEAN).view(1, 3, 1, 1)
        deviation = torch.tensor((1.0, 1.0, 1.0) if caffe else IMAGENET_DEVIATION)
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation.view(1, 3, 1, 1))
        self.convolutions.to(PRECISIONS[precision]).to(memory_format=self._layout)

    def _apply(self, fn: Any, recurse: bool = True) -> Encoder:
        """Move or convert the parameters, as `to` does: what was made of them is made again."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self._on_cpu.clear()  # in place: encoders of another pooling share it
        return self

    def _cpu_convolution(self, name: str) -> Convolution | None:
        """Return what computes a layer on the CPU; None where torch's own way is as fast."""
        # That is the first layer, of three channels, in float32; and float64, which needs no speed.
        if self.precision == "fp64" or (self.precision != "bf16" and name == CONVOLUTIONS[0]):
            return None
        if name not in self._on_cpu:
            layer = self.convolutions[name]
            assert isinstance(layer, nn.Conv2d)
            assert layer.bias is not None
            self._on_cpu[name] = Convolution(layer.weight, layer.bias, self.precision == "int8")
        return self._on_cpu[name]

    def with_pooling(self, pooling: str) -> Encoder:
        """Return this encoder with another pooling; the two share their kernels and device."""
        if pooling == self.pooling:
            return self
        other = self._that_sees_otherwise()
        other.pooling = pooling
        return other

    def with_graphs(self, graphs: bool) -> Encoder:
        """Return this encoder, but for `graphs`; the two share their kernels and device."""
        other = copy(self)
        other.graphs = graphs
        return other

    def with_swapped_colours(self) -> Encoder:
        """Return this encoder, but taking red for blue and blue for red; twice, it is as it was.

        The weights are then fed the channels in the wrong order, as in the published code of
        DeCorMST. The two share their kernels and device.
        """
        other = self._that_sees_otherwise()
        other.swaps_colours = not self.swaps_colours
        return other

    def _that_sees_otherwise(self) -> Encoder:
        """Return a copy that remembers the same layers, but nothing that this one saw."""
        other = copy(self)
        other._memory = None if self._memory is None else _Memory(self._memory.layers)
        return other

    def remembering(self, layers: Iterable[str]) -> Encoder:
        """Return this encoder, but one that looks at each picture once, for as long as it is kept.

        For measures that look at the same few pictures again and again. It computes all these
        layers of a picture together, has no gradient, and knows a picture by its tensor, which
        must not be changed. The two share their kernels and device.

        Args:
            layers: that will be asked for; others are computed each time.
        """
        other = copy(self)
        other._memory = _Memory(tuple(layers))
        return other

    @property
    def device(self) -> torch.device:
        """The device the kernels lie on."""
        return self.mean.device

    @property
    def picture_dtype(self) -> torch.dtype:
        """What pictures are optimised in: float32; float64 in that precision."""
        return torch.float64 if self.precision == "fp64" else torch.float32

    def preprocess(self, pictures: torch.Tensor) -> torch.Tensor:
        """Turn RGB in [0, 1] into the input the weights were trained for.

        With swapped colours, the first and the third channel take each other's place before.
        """
        if self.swaps_colours:
            pictures = pictures.flip(1)
        if self.weights.convention == "caffe":
            return pictures.flip(1) * 255 - self.mean
        return (pictures - self.mean) / self.deviation

    def forward(
        self, pictures: torch.Tensor, layers: Iterable[str] = (*STYLE_LAYERS, *CONTENT_LAYERS)
    ) -> Mapping[str, torch.Tensor]:
        """Return the activations after ReLU of the named layers.

        Args:
            pictures: (n, 3, h, w), RGB in [0, 1].
            layers: Keras names such as ``block4_conv2``; nothing past the deepest is computed.

        Returns:
            layer -> (n, c, h', w') float32; float64 in that precision.

        Raises:
            UserError: a layer name that VGG-19 does not have up to block5_conv2.
        """
        if self._memory is not None and self._memory.layers.issuperset(layers := tuple(layers)):
            return self._memory.of(pictures, layers, self._seen)
        return self._seen(pictures, layers)

    def _seen(self, pictures: torch.Tensor, layers: Iterable[str]) -> dict[str, torch.Tensor]:
        return {name: wide(found) for name, found in self.as_kept(pictures, layers).items()}

    def as_kept(self, pictures: torch.Tensor, layers: Iterable[str]) -> Mapping[str, torch.Tensor]:
        """Return the activations as `forward` does, but in the network's own precision.

        Those of bfloat16 are float32 on a processor that does not compute with it.

        Raises:
            UserError: as `forward`; also int8 for pictures that are not on the CPU.
        """
        check_precision(self.precision, pictures.device)
        with self.convolving():
            return self._as_kept(pictures, set(layers))

    def convolving(self) -> AbstractContextManager[None]:
        """Return the block in which this network is computed, forwards and backwards."""
        return convolving(tf32=self.precision == "tf32")

    def _as_kept(self, pictures: torch.Tensor, wanted: set[str]) -> Mapping[str, torch.Tensor]:
        for name in wanted - set(CONVOLUTIONS):
            raise unknown("layer", name, CONVOLUTIONS)
        if not wanted:
            return {}
        deepest = max(CONVOLUTIONS.index(name) for name in wanted)
        features: dict[str, torch.Tensor] = {}
        current = self.preprocess(pictures)
        current = current.to(PRECISIONS[self.precision], memory_format=self._layout)
        on_cpu = current.device.type == "cpu"
        names = CONVOLUTIONS[: deepest + 1]
        for name, after in zip_longest(names, names[1:]):
            pools = after is not None and _block(after) != _block(name)
            own = self._cpu_convolution(name) if on_cpu else None
            if own is None:
                layer = self.convolutions[name]
                found = by_picture(layer, current) if on_cpu else layer(current)
                current = nn.functional.relu(found)
            elif pools and self.pooling == "max" and name not in wanted:
                current, pools = own.pooled(current), False
            else:
                current = own(current)
            if name in wanted:
                features[name] = current.float() if self._widens and on_cpu else current
            if pools:
                current = POOLINGS[self.pooling](current, 2)
        return features


class _Memory:
    """Features that were computed once, of whole pictures.

    Args:
        layers: that are computed together.
    """

    def __init__(self, layers: Iterable[str]) -> None:
        self.layers = frozenset(layers)
        # With the picture, so that no other one gets its identity.
        self._known: dict[int, tuple[torch.Tensor, Mapping[str, torch.Tensor]]] = {}

    def of(
        self,
        pictures: torch.Tensor,
        layers: Iterable[str],
        look: Callable[[torch.Tensor, Iterable[str]], Mapping[str, torch.Tensor]],
    ) -> Mapping[str, torch.Tensor]:
        """Return the layers of pictures; ``look`` computes those of pictures not seen before."""
        if id(pictures) not in self._known:
            with torch.no_grad():
                self._known[id(pictures)] = pictures, look(pictures, self.layers)
        found = self._known[id(pictures)][1]
        return {name: found[name] for name in layers}


def _block(layer: str) -> str:
    return layer.split("_")[0]
