"""What the loops of all solvers give back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch


class Descent(NamedTuple):
    """Where n pictures have come to.

    Attributes:
        pictures: (n, 3, h, w) in [0, 1], detached.
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


def not_finite(what: str, iteration: int) -> str:
    """Tell why an output was stopped: its loss or gradient was not finite."""
    return (
        f"the {what} was not finite at iteration {iteration}; this output was stopped there "
        "(try --precision fp32, or smaller weights)"
    )
