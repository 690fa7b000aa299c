"""Peak memory of a piece of work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from dfr.core.errors import UserError


class OutOfMemory(UserError):
    """The memory of the device does not hold what was asked for."""


#: In the messages of torch: on CUDA and mps; on the CPU.
_SHORT = ("out of memory", "DefaultCPUAllocator")


def out_of_memory(error: BaseException) -> OutOfMemory | None:
    """Return the error that says so, where this is what torch raises when memory is short."""
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SHORT)
    ):
        return OutOfMemory("not enough memory; choose a smaller --size or fewer outputs")
    return None


@contextmanager
def memory_named() -> Iterator[None]:
    """Turn what torch raises where memory is short, on any device, into `OutOfMemory`."""
    try:
        yield
    except Exception as error:
        short = out_of_memory(error)
        if short is None:
            raise
        raise short from error


@dataclass
class Peak:
    """The highest memory seen.

    Attributes:
        megabytes: resident memory of the process on the CPU; on CUDA what was allocated beyond
            that which lay there before, such as networks; in 10**6 bytes.
        kind: ``"cuda"``, ``"process"`` (of this piece of work), or ``"process so far"`` where
            the system cannot reset the mark.
    """

    megabytes: float = 0.0
    kind: str = "process"


@contextmanager
def peak_memory(device: torch.device) -> Iterator[Peak]:
    """Measure the peak memory of the block; the result is filled in at its end."""
    peak = Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield peak
        most = torch.cuda.max_memory_allocated(device)
        peak.megabytes, peak.kind = (most - before) / 1e6, "cuda"
        return
    if not _reset():
        peak.kind = "process so far"
    yield peak
    peak.megabytes = _high_water() / 1e6


def _reset() -> bool:
    """Set the process's high-water mark to what it uses now, where Linux lets it."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _high_water() -> float:
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return float(line.split()[1]) * 1024
    except OSError:
        pass
    import resource  # not there on Windows, where the lines above fail too

    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
