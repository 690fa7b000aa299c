"""The pairs of steps and changes of gradient that L-BFGS remembers, for each row its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch

from dfr.core.row_sums import row_sums
from dfr.solvers.batch import per_row

#: A step, (k, 3, h, w), the change of gradient along it, and the inverse of their product, (k,).
_Pair = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
#: Gives each row's pair of so many pairs ago; 1 is the last one.
_Reader = Callable[[int], _Pair]


class History:
    """The last pairs of each of m pictures, in a ring of slots.

    A row moves on to the next slot only where it takes a pair, so what it remembers does not
    depend on what other rows do. All slots are made at once: what memory holds shows early.

    Args:
        like: (m, 3, h, w), of the pictures' size and on their device.
        most: pairs that a row remembers.
    """

    def __init__(self, like: torch.Tensor, most: int) -> None:
        # One slot more: it is written where a row takes no pair, and never read.
        self.slots = most + 1
        self.steps = like.new_zeros((self.slots, *like.shape))
        self.changes = torch.zeros_like(self.steps)
        self.inverse = like.new_zeros((self.slots, len(like)))  # of step times change; 0 for none
        self.next = torch.zeros(len(like), dtype=torch.long, device=like.device)
        self.written = 0

    def add(
        self, rows: torch.Tensor, step: torch.Tensor, change: torch.Tensor, inverse: torch.Tensor
    ) -> None:
        """Take the pairs (m, 3, h, w) of the rows (m,) and the inverses (m,) of their products."""
        place = self._places(0)
        for kept, new in ((self.steps, step), (self.changes, change), (self.inverse, inverse)):
            kept.flatten(0, 1).index_copy_(0, place, new)
        self.next = torch.where(rows, (self.next + 1) % self.slots, self.next)
        self.written = min(self.written + 1, self.slots - 1)

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        self.steps, self.changes = self.steps[:, indices], self.changes[:, indices]
        self.inverse, self.next = self.inverse[:, indices], self.next[indices]

    def forget(self, rows: torch.Tensor) -> None:
        """Drop what the rows (m,) have learned."""
        self.inverse = torch.where(rows, 0.0, self.inverse)

    def over_curvature(
        self, gradient: torch.Tensor, first: Callable[[torch.Tensor], torch.Tensor]
    ) -> torch.Tensor:
        """Return the inverse curvature times a gradient, (m, 3, h, w) (two loops).

        Args:
            gradient: (m, 3, h, w).
            first: divides by the curvature as it is guessed without any pairs.
        """
        readers = self._readers()
        parts = [
            _down(pair, self.written, part)
            for pair, part in zip(readers, gradient.chunk(len(readers)), strict=True)
        ]
        middle = first(torch.cat([current for current, _ in parts]))
        return torch.cat(
            [
                _up(pair, amounts, part)
                for pair, (_, amounts), part in zip(
                    readers, parts, middle.chunk(len(readers)), strict=True
                )
            ]
        )

    def _readers(self) -> list[_Reader]:
        """Return what reads the pairs of all rows; on a CPU one for each row, if need be.

        There pairs are read where they lie, which for rows at different slots goes row by row.
        """
        if self.next.device.type != "cpu":
            return [self._of_all]
        slots = self.next.tolist()
        if len(set(slots)) == 1:
            return [partial(self._of_rows, slice(None), slots[0])]
        return [partial(self._of_rows, slice(row, row + 1), slot) for row, slot in enumerate(slots)]

    def _of_rows(self, rows: slice, slot: int, back: int) -> _Pair:
        at = (slot - back) % self.slots
        return self.steps[at, rows], self.changes[at, rows], self.inverse[at, rows]

    def _of_all(self, back: int) -> _Pair:
        place = self._places(back)
        step, change, inverse = (
            kept.flatten(0, 1).index_select(0, place)
            for kept in (self.steps, self.changes, self.inverse)
        )
        return step, change, inverse

    def _places(self, back: int) -> torch.Tensor:
        """Return where each row's slot lies among all slots of all rows, (m,)."""
        count = len(self.next)
        rows = torch.arange(count, device=self.next.device)
        return (self.next - back) % self.slots * count + rows


def _down(
    pair: _Reader, count: int, gradient: torch.Tensor
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """Take the first loop, from the last pair to the first; return its result and amounts."""
    current, amounts = gradient, []
    for back in range(1, count + 1):
        step, change, inverse = pair(back)
        amount = inverse * dot(step, current)
        amounts.append(amount)
        current = current - per_row(amount) * change
    return current, amounts


def _up(pair: _Reader, amounts: list[torch.Tensor], current: torch.Tensor) -> torch.Tensor:
    """Take the second loop, from the first pair to the last."""
    for back in range(len(amounts), 0, -1):
        step, change, inverse = pair(back)
        current = current + per_row(amounts[back - 1] - inverse * dot(change, current)) * step
    return current


def dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the scalar product of each row, (m,)."""
    return row_sums(a * b)
