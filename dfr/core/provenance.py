"""Where a result came from: versions, device, machine and code, to stand beside every number."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import torch

from dfr.core.version import VERSION

_PACKAGES = (
    "torch",
    "torchvision",
    "lpips",
    "onnxruntime",
    "numpy",
    "scipy",
    "scikit-image",
    "pillow",
)


def environment(
    device: torch.device, threads: int | None = None, workers: int = 1
) -> dict[str, Any]:
    """Describe code, libraries and machine as plain values.

    Args:
        device: where is computed.
        threads: of each process; torch's own number if None.
        workers: processes that compute beside each other.
    """
    return {
        "version": VERSION,
        "git": git_state(),
        "python": platform.python_version(),
        "libraries": {name: version for name in _PACKAGES if (version := _version(name))},
        "device": device_name(device),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads() if threads is None else threads,
        "workers": workers,
        "system": f"{platform.system()} {platform.machine()}",
        **({"cuda": cuda_versions()} if device.type == "cuda" else {}),
    }


def cuda_versions() -> dict[str, str]:
    """Return the versions of CUDA, cuDNN and the driver, where there are any."""
    try:
        driver = subprocess.run(
            ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"],
            capture_output=True, text=True, check=True, timeout=20,
        ).stdout.split("\n")[0].strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        driver = "unknown"
    return {
        "cuda": str(torch.version.cuda),
        "cudnn": str(torch.backends.cudnn.version()),  # type: ignore[no-untyped-call]
        "driver": driver,
    }


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def device_name(device: torch.device) -> str:
    """Return ``cpu (model)`` or ``cuda (model)``."""
    model = torch.cuda.get_device_name(device) if device.type == "cuda" else cpu_name()
    return f"{device.type} ({model})"


def cpu_name() -> str:
    """Return the processor's name as the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def git_state() -> str:
    """Return the commit of the code, with ``+changes`` where files differ, or ``unknown``."""
    folder = Path(__file__).resolve().parents[2]

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, text=True, check=True, timeout=10,
        ).stdout.strip()  # fmt: skip

    try:
        commit = git("rev-parse", "HEAD")
        return commit + ("+changes" if git("status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"
