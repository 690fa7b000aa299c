"""Which device to compute on, and how to make it repeatable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from dfr.core.errors import UserError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of this name; ``auto`` takes CUDA where it is found, else the CPU.

    Raises:
        UserError: an unknown device, or one that is not here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"unknown device '{name}': known are {', '.join(DEVICES)}") from error
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if device.type not in there:
        raise UserError(f"unknown device '{name}': known are {', '.join(DEVICES)}")
    if not there[device.type]:
        raise UserError(f"device '{name}' is not available here; use --device auto")
    return device


def device_of_worker(device: torch.device, worker: int, count: int) -> torch.device:
    """Return where one of several processes computes: they take a machine's GPUs in turn.

    Args:
        device: that was asked for; one with a number, such as ``cuda:1``, is for all of them.
        worker: the number of the process, from 0 on.
        count: GPUs of this machine.
    """
    if str(device) != "cuda" or count < 2:
        return device
    return torch.device("cuda", worker % count)


def make_process_repeatable() -> None:
    """Make this process compute the same bytes from the same seed, on the same machine.

    It asks for deterministic algorithms, and switches TF32 off, so that fp32 means fp32. Call it
    before anything is computed: cuBLAS reads its setting when CUDA starts. The seed is set apart
    from this, for each cell of a run.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # As `torch.use_deterministic_algorithms` does, without the compiler that it imports: 4 s.
    torch.set_deterministic_debug_mode("warn")
    # Else torch fills every new tensor. Nothing here reads a tensor that was not written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def make_convolutions_fast() -> None:
    """Let cuDNN try its algorithms on each new size and take the fastest: for timing alone.

    Which one that is may differ from run to run, and so may the last digits.
    """
    torch.backends.cudnn.benchmark = True


@contextmanager
def convolving(*, tf32: bool) -> Iterator[None]:
    """Let CUDA round the factors of convolutions to TF32 in this block, or not.

    Afterwards it is as before, so that a network in TF32 leaves no other network in it. This is
    the one place that decides it.
    """
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = tf32
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked of it, before a clock is read."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
