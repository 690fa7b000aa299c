"""In which numbers results are told, whatever the network computes with."""

from __future__ import annotations

import torch


def wide(values: torch.Tensor) -> torch.Tensor:
    """Return values in float32, or as they are where they are float64."""
    return values if values.dtype == torch.float64 else values.float()
