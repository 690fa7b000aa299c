"""Slopes through convolutions in eight-bit integers, on processors that have VNNI.

Such a processor multiplies 64 pairs of bytes where it multiplies 16 pairs of float32. A slope on
its way back, and the kernel that it meets, can be rounded: each slope and each channel of the
kernel to its own range, with exact sums (Jacob et al., CVPR 2018, section 2). On the way ahead it
does not do, even with rounding that is right in the mean (on one pair at 256 pixels, the loss after
670 evaluations was 17 % higher): where an activation changes its sign, or another place wins a
pooling, a whole part of the slope changes.
"""

from __future__ import annotations

import platform

import torch

#: Largest code to either side of zero, and the code of zero in an unsigned byte.
_LARGEST, _MIDDLE = 127, 128
#: Least range, so that nothing is divided by zero.
_LEAST = 1e-30


def available() -> bool:
    """Say whether this processor has the instructions, and torch the kernels, for it."""
    if not hasattr(torch.cpu, "get_capabilities"):  # an older torch cannot tell
        return False
    found = torch.cpu.get_capabilities()
    return (
        platform.machine() in ("x86_64", "AMD64")
        and bool(found.get("avx512_vnni") or found.get("avx_vnni"))
        and hasattr(torch.ops.onednn, "qconv2d_pointwise")
    )


class RoundedKernel:
    """A 3 x 3 convolution of slopes, of stride 1 with zeros around.

    Args:
        weight: (out, in, 3, 3) float32, on a CPU.
    """

    def __init__(self, weight: torch.Tensor) -> None:
        self._scales = weight.abs().amax(dim=(1, 2, 3)).clamp_min(_LEAST) / _LARGEST
        codes = (weight / self._scales.view(-1, 1, 1, 1)).round().to(torch.int8)
        self._zeros = torch.zeros(len(weight), dtype=torch.int8)
        self._packed = torch.ops.onednn.qconv_prepack(
            codes, self._scales, 1.0, _MIDDLE, [1, 1], [1, 1], [1, 1], 1, None
        )

    def encode(self, slope: torch.Tensor) -> tuple[torch.Tensor, float]:
        """Round a slope, which is overwritten, to int8 from -127 to 127; return the unit too.

        All rows share one range: pictures that must not touch each other go one by one.
        """
        unit = max(-float(slope.amin()), float(slope.amax()), _LEAST) / _LARGEST
        # To signed bytes, since torch converts to unsigned ones ten times as slowly.
        codes = slope.mul_(1 / unit).round_().to(torch.int8, memory_format=torch.channels_last)
        return codes, unit

    def convolve(self, codes: torch.Tensor, unit: float) -> torch.Tensor:
        """Convolve codes, which are overwritten: (n, in, h, w) int8 to (n, out, h, w) float32."""
        # Flipping the first bit adds 128: oneDNN takes unsigned bytes, and a code for zero.
        unsigned = codes.bitwise_xor_(-_MIDDLE).view(torch.uint8)
        slope: torch.Tensor = torch.ops.onednn.qconv2d_pointwise(
            unsigned, unit, _MIDDLE, self._packed, self._scales, self._zeros, None,
            [1, 1], [1, 1], [1, 1], 1, 1.0, 0, torch.float32, "none", [], "",
        )  # fmt: skip
        return slope
