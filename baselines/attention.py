"""Attention of the places of one picture to those of another, some at a time."""

from __future__ import annotations

import torch

#: Values of the attention that are held at once: 64 MB.
AT_ONCE = 2**24


def attended(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, at_once: int = AT_ONCE
) -> torch.Tensor:
    """Return V softmax(Q^T K)^T: for each query the mean of the values, weighted by attention.

    The attention of 512 x 512 pixels at relu3_1 to as many has 2.7e8 values, 1 GB; they are
    computed for some queries at a time.

    Args:
        queries: Q, (k, n_c).
        keys: K, (k, n_s).
        values: V, (c, n_s).
        at_once: how many values of the attention are held.

    Returns:
        (c, n_c).
    """
    step = max(1, at_once // keys.shape[1])
    parts = [
        (part.T @ keys).softmax(dim=1) @ values.T for part in torch.split(queries, step, dim=1)
    ]
    return torch.cat(parts).T
