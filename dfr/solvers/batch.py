"""What all solvers share: a batch of pictures, a row each, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch


class SolverResult(NamedTuple):
    """What a solver made of n pictures.

    Attributes:
        pictures: (n, 3, h, w) in [0, 1], detached; a failed row holds a picture whose loss was
            finite, or its start.
        curve: the loss before each iteration, (n, iterations), on the CPU; nan once a row has
            failed, and the last value again once it is done.
        failed: row -> why it was stopped, see `not_finite`.
        evaluations: of the objective, of the picture that took most.
        done: row -> iterations after which it was done, where that was before the last.
    """

    pictures: torch.Tensor
    curve: torch.Tensor
    failed: dict[int, str]
    evaluations: int
    done: Mapping[int, int] = {}


class Step(NamedTuple):
    """What one step of a batch of m pictures tells, each of shape (m,).

    Attributes:
        ended: the picture can go no further, for whatever reason.
        broken: it ended because its loss or gradient was not finite.
        loss: of the pictures that were tried.
    """

    ended: torch.Tensor
    broken: torch.Tensor
    loss: torch.Tensor


def finite_rows(loss: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return which of n rows have a finite loss (n,) and gradient (n, ...), as (n,)."""
    return loss.isfinite() & gradient.isfinite().flatten(1).all(dim=1)


def per_row(values: torch.Tensor) -> torch.Tensor:
    """Return (n,) values as (n, 1, 1, 1), so that each applies to one picture of a batch."""
    return values.view(-1, 1, 1, 1)


def not_finite(what: str, iteration: int) -> str:
    """Return the message for an output that was stopped: its loss or gradient was not finite."""
    return (
        f"the {what} was not finite at iteration {iteration}; this output was stopped there "
        "(try --precision fp32, or smaller weights)"
    )
