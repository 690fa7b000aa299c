"""Sums over each row of a batch that do not depend on the other rows, to the last bit.

On a CPU torch cuts a sum among its threads and vectors by the shape of the whole tensor, so the
sum of a row changes its last bit with the number of rows. A solver that decides by such a sum goes
another way then. Here each row is summed as it would be alone.
"""

from __future__ import annotations

from typing import Any

import torch


def row_sums(values: torch.Tensor) -> torch.Tensor:
    """Return the sum of each row of (n, ...), (n,)."""
    sums: torch.Tensor = _RowSums.apply(values)
    return sums


def row_means(values: torch.Tensor) -> torch.Tensor:
    """Return the mean of each row of (n, ...), (n,)."""
    return row_sums(values) / values[0].numel()


class _RowSums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: torch.Tensor) -> torch.Tensor:
        ctx.shape = values.shape
        if values.device.type != "cpu":
            return values.flatten(1).sum(dim=1)
        return torch.stack([row.sum() for row in values])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, slope: torch.Tensor) -> torch.Tensor:
        return slope.view(-1, *[1] * (len(ctx.shape) - 1)).expand(ctx.shape)
