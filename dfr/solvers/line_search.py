"""A strong Wolfe line search in each row of a batch, decided by masks.

It looks for a step t along a direction d with (f the loss, g its slope along d)

    f(t) <= f(0) + 1e-4 t g(0)    and    |g(t)| <= 0.9 |g(0)|,

first with growing steps until such a step lies between two that were tried, and then inside
(Nocedal and Wright, Numerical Optimization, 2nd edition, algorithms 3.5 and 3.6); the next step is
where a cubic is least (eq. 3.59). Each row is at its own place in its own search.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import torch

from dfr.solvers.batch import per_row

#: Part of the fall that the slope promises which a step must bring (Armijo).
_FALL = 1e-4
#: Part of the first slope that may be left.
_LEFT = 0.9
#: A step that was too short is made longer by at least this part of the last growth ...
_LEAST_GROWTH = 0.01
#: ... and at most to this many times itself.
_MOST_GROWTH = 10.0
#: Part of what lies between two steps that the next one stays away from both, if need be.
_MARGIN = 0.1
#: Where the search ends because no pixel's variable would change by more.
_NARROW = 1e-9


class Tried(NamedTuple):
    """A step that was tried, in each of m rows.

    Attributes:
        length: in units of the direction, (m,).
        loss: there, (m,).
        slope: of the loss along the direction, (m,).
        gradient: (m, 3, h, w).
    """

    length: torch.Tensor
    loss: torch.Tensor
    slope: torch.Tensor
    gradient: torch.Tensor


@dataclass(kw_only=True)
class LineSearch:
    """Where each of m rows is in its search.

    Attributes:
        first: what the search began with, at length 0.
        reach: the largest entry of the direction, (m,).
        length: of the step to try next, (m,).
        low: the best step so far, or the longest one while steps still grow.
        high: the other end of where a good step must lie, once that is known.
        between: whether it is known, (m,).
        near: whether the last step tried was near an end of it, (m,).
        tried: steps so far, (m,).
    """

    first: Tried
    reach: torch.Tensor
    length: torch.Tensor
    low: Tried
    high: Tried
    between: torch.Tensor
    near: torch.Tensor
    tried: torch.Tensor

    @classmethod
    def idle(cls, gradient: torch.Tensor) -> LineSearch:
        """Return searches that have not begun, for gradients (m, 3, h, w)."""
        none = gradient.new_zeros(len(gradient))
        never = torch.zeros_like(none, dtype=torch.bool)
        nothing = Tried(none, none, none, gradient)
        return cls(
            first=nothing, reach=none, length=none, low=nothing, high=nothing, between=never,
            near=never, tried=torch.zeros_like(never, dtype=torch.long),
        )  # fmt: skip

    def begin(
        self, rows: torch.Tensor, first: Tried, reach: torch.Tensor, length: torch.Tensor
    ) -> None:
        """Begin anew in these rows (m,); see the attributes."""
        self.first, self.low = chosen(rows, first, self.first), chosen(rows, first, self.low)
        self.reach = torch.where(rows, reach, self.reach)
        self.length = torch.where(rows, length, self.length)
        self.between, self.near = self.between & ~rows, self.near & ~rows
        self.tried = torch.where(rows, 0, self.tried)

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the rows at these indices, (k,)."""
        for field in fields(self):
            value = getattr(self, field.name)
            kept = (
                Tried(*(each[indices] for each in value))
                if isinstance(value, Tried)
                else value[indices]
            )
            setattr(self, field.name, kept)

    def go_on(self, found: Tried, most: int) -> torch.Tensor:
        """Take in what was found at the steps to try, and choose the next ones.

        Args:
            found: at `length`, of which every number is finite in rows that matter.
            most: steps that a row tries.

        Returns:
            which rows have ended, (m,): their result is `low`.
        """
        low, high, first = self.low, self.high, self.first
        self.tried = self.tried + 1
        above = found.loss > first.loss + _FALL * found.length * first.slope
        above |= (found.loss >= low.loss) & (self.between | (self.tried > 2))
        accepted = ~above & (found.slope.abs() <= -_LEFT * first.slope)
        # The loss rises again from here towards the other end: a good step lies behind.
        onwards = torch.where(self.between, high.length - low.length, 1.0)
        behind = ~above & ~accepted & (found.slope * onwards >= 0)
        shrinks = above | behind
        longer = self._longer(low, found)
        best = ~shrinks | (found.loss < low.loss)
        self.high = chosen(shrinks, chosen(best, low, found), high)
        self.low = chosen(best, found, low)
        self.between = self.between | shrinks
        inside, near = self._inside()
        self.near = self.between & near
        self.length = torch.where(self.between, inside, longer)
        narrow = (self.high.length - self.low.length).abs() * self.reach < _NARROW
        return accepted | (self.between & narrow) | (self.tried >= most)

    @staticmethod
    def _longer(last: Tried, found: Tried) -> torch.Tensor:
        """Return a step beyond the one that was found, (m,)."""
        least = found.length + _LEAST_GROWTH * (found.length - last.length)
        return _of_cubic(last, found, least, _MOST_GROWTH * found.length)

    def _inside(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a step between `low` and `high`, (m,), and whether it is near one of them.

        A second one in turn that is near, or one at an end, is moved away from it.
        """
        left = torch.minimum(self.low.length, self.high.length)
        right = torch.maximum(self.low.length, self.high.length)
        step = _of_cubic(self.low, self.high, left, right)
        margin = _MARGIN * (right - left)
        near = torch.minimum(right - step, step - left) < margin
        moves = near & (self.near | (step >= right) | (step <= left))
        away = torch.where(right - step < step - left, right - margin, left + margin)
        return torch.where(moves, away, step), near & ~moves


def chosen(rows: torch.Tensor, one: Tried, other: Tried) -> Tried:
    """Return ``one`` in the rows (m,) and ``other`` elsewhere."""
    return Tried(
        *(
            torch.where(per_row(rows) if here.dim() > 1 else rows, here, there)
            for here, there in zip(one, other, strict=True)
        )
    )


def _of_cubic(one: Tried, other: Tried, least: torch.Tensor, most: torch.Tensor) -> torch.Tensor:
    """Return where the cubic through two losses and slopes is least, within bounds, all (m,).

    Where it has no minimum, that is the middle of the bounds.
    """
    swapped = one.length > other.length
    left, right = (
        [torch.where(swapped, b, a) for a, b in zip(pair[0][:3], pair[1][:3], strict=True)]
        for pair in ((one, other), (other, one))
    )
    bend = left[2] + right[2] - 3 * (left[1] - right[1]) / (left[0] - right[0])
    # Squares of such numbers may be too large for float32.
    size = torch.maximum(bend.abs(), torch.maximum(left[2].abs(), right[2].abs()))
    square = (bend / size).square() - (left[2] / size) * (right[2] / size)
    root = size * square.clamp_min(0).sqrt()
    part = (right[2] + root - bend) / (right[2] - left[2] + 2 * root)
    step = right[0] - (right[0] - left[0]) * part
    found = (square >= 0) & step.isfinite()
    return torch.where(found, step.clamp(least, most), (least + most) / 2)
