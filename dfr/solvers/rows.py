"""The rows of a batch while a solver moves them: each on its own, decided by masks."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch

from dfr.solvers.batch import per_row

#: Why a row has ended: its loss or its gradient was not finite, or it was done.
LOSS, GRADIENT, DONE = 1, 2, 3


def why_not_finite(loss: torch.Tensor) -> torch.Tensor:
    """Return `LOSS` or `GRADIENT` for rows (m,) of which one of the two is not finite."""
    return torch.where(loss.isfinite(), GRADIENT, LOSS)


@dataclass(kw_only=True)
class Rows:
    """The pictures of a batch that a solver still holds; every field is a tensor (m, ...).

    Attributes:
        row: the picture's row in the whole batch, (m,).
        active: whether it is still optimised, (m,); the others wait for the host to look.
        ended: the iteration at which it ended, (m,), where it is not active.
        why: see `LOSS`, (m,); 0 where it is active.
    """

    row: torch.Tensor
    active: torch.Tensor
    ended: torch.Tensor
    why: torch.Tensor

    @property
    def failed(self) -> torch.Tensor:
        """Which ended because their loss or gradient was not finite, (m,)."""
        return (self.why == LOSS) | (self.why == GRADIENT)

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[indices])

    def end(
        self, rows: torch.Tensor, why: int | torch.Tensor, iteration: int | torch.Tensor
    ) -> None:
        """End those of the rows (m,) that are active, and note why and when."""
        now = rows & self.active
        self.ended = torch.where(now, iteration, self.ended)
        self.why = torch.where(now, why, self.why)
        self.active = self.active & ~now


def all_active(count: int, device: torch.device) -> dict[str, torch.Tensor]:
    """Return the fields of `Rows` where a batch of ``count`` pictures begins."""
    none = torch.zeros(count, dtype=torch.long, device=device)
    return {
        "row": torch.arange(count, device=device),
        "active": torch.ones(count, dtype=torch.bool, device=device),
        "ended": none,
        "why": none,
    }


@dataclass(kw_only=True)
class RowsWithBest(Rows):
    """Rows that remember the best picture they had.

    Attributes:
        picture: where each is now, (m, 3, h, w).
        best: where its loss was lowest, (m, 3, h, w).
        lowest: that loss, (m,).
    """

    picture: torch.Tensor
    best: torch.Tensor
    lowest: torch.Tensor

    def remember(self, tried: torch.Tensor, pictures: torch.Tensor, loss: torch.Tensor) -> None:
        """Keep pictures as the best where ``tried`` (m,) holds and their loss is the lowest yet."""
        better = tried & self.active & (loss < self.lowest)
        self.best = torch.where(per_row(better), pictures, self.best)
        self.lowest = torch.where(better, loss, self.lowest)
