"""What the loops of solvers share: what moves, and what they give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
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


@dataclass(kw_only=True)
class Moving:
    """The pictures that are still moving, a row each; every field of it is (n, ...).

    Attributes:
        row: of the whole batch.
        picture: where each is now.
        best: where its loss was lowest.
        lowest: that loss.
    """

    row: torch.Tensor
    picture: torch.Tensor
    best: torch.Tensor
    lowest: torch.Tensor

    def keep(self, rows: torch.Tensor) -> None:
        """Keep only these rows."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[rows])

    def remember(self, rows: torch.Tensor, pictures: torch.Tensor, loss: torch.Tensor) -> None:
        """Take pictures with a lower loss than ever as the best, among ``rows`` (n,)."""
        better = rows & (loss < self.lowest)
        self.best = torch.where(wide(better), pictures, self.best)
        self.lowest = torch.where(better, loss, self.lowest)


def finite_rows(loss: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Say which of n rows have a finite loss (n,) and slope (n, ...)."""
    return loss.isfinite() & slope.isfinite().flatten(1).all(dim=1)


def wide(values: torch.Tensor) -> torch.Tensor:
    """Give (n,) values the shape in which they meet (n, 3, h, w)."""
    return values.view(-1, 1, 1, 1)
