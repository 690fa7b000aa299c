"""Convolution, ReLU and pooling on a CPU, with as little work as their gradient needs.

Kernels are constants here: only features have a gradient. That is a convolution too, and each way
is taken by the faster means: in float32 Winograd's or the direct one, and eight-bit integers on
the way back where they are asked for; in bfloat16 kernels that lie as oneDNN reads them, or
float32 again where the processor does not compute with bfloat16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
from torch import nn

from dfr.network.cpu.integers import RoundedKernel
from dfr.network.cpu.winograd import Winograd, pays


class Convolution:
    """A 3 x 3 convolution and its ReLU, in float32 or bfloat16.

    Args:
        weight: (out, in, 3, 3), channels-last, on a CPU.
        bias: (out,) of the same type.
        rounded: whether gradients of float32 come back in eight-bit integers, see
            `dfr.network.cpu.integers`.

    Kernels of each kind are made when they are first needed.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor, rounded: bool = False) -> None:
        self.weight, self.bias, self.rounded = weight, bias, rounded

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Convolve (n, in, h, w); return (n, out, h, w) after ReLU."""
        result: torch.Tensor = _Convolved.apply(features, self)
        return result

    def pooled(self, features: torch.Tensor) -> torch.Tensor:
        """Convolve likewise, and take the largest of each 2 x 2: (n, out, h // 2, w // 2)."""
        result: torch.Tensor = _ConvolvedAndPooled.apply(features, self)
        return result

    @cached_property
    def ahead(self) -> Kernel:
        """What gives the features before the ReLU."""
        return _kernel(self.weight, self.bias)

    @cached_property
    def back(self) -> Kernel | RoundedKernel:
        """What gives the gradient of the input, of that before the ReLU."""
        turned = self.weight.flip(2, 3).transpose(0, 1)
        return RoundedKernel(turned) if self.rounded else _kernel(turned)


class _Unrounded:
    """What takes gradients as they are."""

    def encode(self, gradient: torch.Tensor) -> tuple[torch.Tensor]:
        """Return a gradient as it is; see `RoundedKernel`, which needs more."""
        return (gradient,)


class ExactKernel(_Unrounded):
    """A 3 x 3 convolution in float32, by Winograd's method where that is the faster one.

    Args:
        weight: (out, in, 3, 3) float32, on a CPU.
        bias: (out,) float32; zeros, if not given.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        self.weight = weight
        self.bias = weight.new_zeros(len(weight)) if bias is None else bias

    @cached_property
    def _direct(self) -> torch.Tensor:
        return self.weight.contiguous(memory_format=torch.channels_last)

    @cached_property
    def _winograd(self) -> Winograd:
        return Winograd(self.weight)

    def convolve(self, features: torch.Tensor, relu: bool = False) -> torch.Tensor:
        """Convolve (n, in, h, w), with a ReLU if asked for; return (n, out, h, w)."""
        if pays(*features.shape[1:]):
            result = self._winograd(features, self.bias)
        else:
            # Picture by picture: with few places, several at once are summed in another order.
            result = by_picture(
                lambda row: nn.functional.conv2d(row, self._direct, self.bias, padding=1), features
            )
        return result.relu_() if relu else result


def by_picture(
    convolve: Callable[[torch.Tensor], torch.Tensor], features: torch.Tensor
) -> torch.Tensor:
    """Convolve (n, in, h, w) one picture at a time, so that each is what it is alone."""
    if len(features) == 1:
        return convolve(features)
    return torch.cat([convolve(features[row : row + 1]) for row in range(len(features))])


def can_pack() -> bool:
    """Return whether this processor and torch can convolve in bfloat16 with packed kernels."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    ops = torch.ops.mkldnn
    needed = ("_reorder_convolution_weight", "_convolution_pointwise", "_is_mkldnn_bf16_supported")
    return all(hasattr(ops, name) for name in needed) and bool(ops._is_mkldnn_bf16_supported())


class PackedKernel(_Unrounded):
    """A 3 x 3 convolution in bfloat16, whose kernel lies as oneDNN reads it.

    A kernel that does not is copied at every call: of 512 to 512 channels and 10 x 16 places,
    that was half of the time.

    Args:
        weight: (out, in, 3, 3) bfloat16, on a CPU.
        bias: (out,) bfloat16; none, if not given.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        self.bias = bias
        self._packed = torch.ops.mkldnn._reorder_convolution_weight(
            weight.contiguous(memory_format=torch.channels_last), [1, 1], [1, 1], [1, 1], 1, None
        )

    def convolve(self, features: torch.Tensor, relu: bool = False) -> torch.Tensor:
        """Convolve (n, in, h, w), with a ReLU if asked for; return (n, out, h, w)."""
        result: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(
            features, self._packed, self.bias, [1, 1], [1, 1], [1, 1], 1,
            "relu" if relu else "none", [], "",
        )  # fmt: skip
        return result


class WidenedKernel(_Unrounded):
    """A 3 x 3 convolution of bfloat16 in float32, for processors that have nothing else.

    Torch's own convolution of bfloat16 took eight times as long as that on one of them.

    Args:
        weight: (out, in, 3, 3) bfloat16, on a CPU.
        bias: (out,) bfloat16; none, if not given.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        self._exact = ExactKernel(weight.float(), None if bias is None else bias.float())

    def convolve(self, features: torch.Tensor, relu: bool = False) -> torch.Tensor:
        """Convolve (n, in, h, w), with a ReLU if asked for; return (n, out, h, w)."""
        return self._exact.convolve(features.float(), relu).bfloat16()


Kernel = ExactKernel | PackedKernel | WidenedKernel


def _kernel(weight: torch.Tensor, bias: torch.Tensor | None = None) -> Kernel:
    if weight.dtype != torch.bfloat16:
        return ExactKernel(weight, bias)
    return PackedKernel(weight, bias) if can_pack() else WidenedKernel(weight, bias)


class _Convolved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, convolution: Convolution) -> torch.Tensor:
        result = convolution.ahead.convolve(features, relu=True)
        ctx.save_for_backward(result)
        ctx.convolution = convolution
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (result,), back = ctx.saved_tensors, ctx.convolution.back
        return back.convolve(*back.encode(_where_above_0(result, gradient))), None


class _ConvolvedAndPooled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: torch.Tensor, convolution: Convolution) -> torch.Tensor:
        result = convolution.ahead.convolve(features, relu=True)
        if not ctx.needs_input_grad[0]:
            return nn.functional.max_pool2d(result, 2)
        pooled, *winners = _largest(result)
        ctx.save_for_backward(pooled, *winners)
        ctx.convolution, ctx.shape = convolution, result.shape
        return pooled

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (pooled, *winners), back = ctx.saved_tensors, ctx.convolution.back
        values, *unit = back.encode(_where_above_0(pooled, gradient))
        return back.convolve(_at_winners(values, winners, ctx.shape), *unit), None


def _where_above_0(activations: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    passed: torch.Tensor = torch.ops.aten.threshold_backward(gradient, activations, 0)
    return passed


def _corners(maps: torch.Tensor) -> list[torch.Tensor]:
    """Return the four places of each window of 2 x 2, (n, c, h // 2, w // 2) each, as views."""
    height, width = maps.shape[2] // 2 * 2, maps.shape[3] // 2 * 2
    return [maps[:, :, y:height:2, x:width:2] for y in (0, 1) for x in (0, 1)]


def _largest(features: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the largest of each window of 2 x 2, and where it was found.

    That is told by three maps of ones and zeros: whether in the upper row, whether on the left if
    so, and whether on the left if not. Of equal ones the first counts, as in torch's max pooling.
    """
    upper_left, upper_right, lower_left, lower_right = _corners(features)
    upper = torch.maximum(upper_left, upper_right)
    lower = torch.maximum(lower_left, lower_right)
    compared = ((upper, lower), (upper_left, upper_right), (lower_left, lower_right))
    # Of the type of the features: comparisons that make booleans take twice as long.
    winners = [torch.ge(a, b, out=torch.empty_like(upper)) for a, b in compared]
    return torch.maximum(upper, lower), *winners


def _at_winners(
    values: torch.Tensor, winners: Sequence[torch.Tensor], shape: torch.Size
) -> torch.Tensor:
    """Put a value for each window where its largest was found, and 0 elsewhere."""
    is_upper, *is_left = (each.to(values.dtype) for each in winners)
    wide = torch.empty(shape, dtype=values.dtype, memory_format=torch.channels_last)
    # The last row and column of an odd size are in no window.
    wide[:, :, shape[2] // 2 * 2 :] = 0
    wide[:, :, :, shape[3] // 2 * 2 :] = 0
    places, upper = _corners(wide), values * is_upper
    for row, share in enumerate((upper, values - upper)):
        torch.mul(share, is_left[row], out=places[2 * row])
        torch.sub(share, places[2 * row], out=places[2 * row + 1])
    return wide
