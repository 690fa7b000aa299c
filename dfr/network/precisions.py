"""The precisions in which VGG-19 can be computed, and where each can be had."""

from __future__ import annotations

import torch

from dfr.core.errors import UserError, unknown
from dfr.core.precision import widest
from dfr.network.cpu import integers

#: Precision -> what kernels and activations are kept in.
PRECISIONS = {
    "fp64": torch.float64,
    "fp32": torch.float32,
    "tf32": torch.float32,
    "bf16": torch.bfloat16,
    "int8": torch.float32,
}


def cheap_precision(device: torch.device | None = None) -> str:
    """Return the precision to make steps cheap with on a device, or on this processor.

    On CUDA that is bf16. On a CPU it is bf16 where a matrix unit (AMX) multiplies bfloat16: with
    one, a step at 256 pixels took half as long as int8's. Elsewhere it is int8 where it can be had,
    and fp32 where neither is known to be faster.
    """
    if device is not None and device.type != "cpu":
        return "bf16" if device.type == "cuda" else "fp32"
    if integers.missing():
        return "fp32"
    return "bf16" if torch.cpu.get_capabilities().get("amx_bf16") else "int8"


def check_precision(precision: str, device: torch.device | None = None) -> None:
    """Refuse a precision that cannot be had.

    Raises:
        UserError: an unknown one; fp64 on a device without it; int8 on another device than the
            CPU, or without VNNI; tf32 on another device than CUDA.
    """
    if precision not in PRECISIONS:
        raise unknown("precision", precision, PRECISIONS)
    if precision == "tf32" and device is not None and device.type != "cuda":
        raise UserError("precision tf32 is for CUDA: use fp32, or bf16 where it is fast")
    if device is not None and PRECISIONS[precision].itemsize > widest(device).itemsize:
        raise UserError(
            f"precision {precision} is not to be had on {device.type}: use fp32, or --device cpu"
        )
    if precision != "int8":
        return
    if device is not None and device.type != "cpu":
        raise UserError("precision int8 is for the CPU: add --device cpu, or use bf16 or fp32")
    lacks = integers.missing()
    if lacks:
        raise UserError(f"precision int8: {lacks}; use bf16 or fp32")
