"""In which numbers is computed on a device, and results are told."""

from __future__ import annotations

import torch


def widest(device: torch.device) -> torch.dtype:
    """Return the numbers of most digits that a device computes with: mps has no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def wide(values: torch.Tensor) -> torch.Tensor:
    """Return values in float32, or as they are where they are float64."""
    return values if values.dtype == torch.float64 else values.float()


def doubled(values: torch.Tensor) -> torch.Tensor:
    """Return values in float64: where they are, or on the CPU where their device has none."""
    return (values if widest(values.device) == torch.float64 else values.cpu()).double()
