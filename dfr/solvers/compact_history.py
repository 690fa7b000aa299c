"""What L-BFGS remembers, in its compact form: four products with all pairs instead of two loops.

With steps s_i and changes of gradient y_i as columns of S and Y, from the oldest to the newest, R
the upper triangle of S^T Y and D its diagonal, the inverse curvature times a gradient g is

    r + S R^-T (D a - Y^T r)    with    a = R^-1 S^T g,    r = gamma (g - Y a)

which is what the two loops of Liu and Nocedal (1989) compute (Byrd, Nocedal, Schnabel 1994, eq.
3.13). A graphics processor is busy with it, where 400 small operations would leave it waiting.
"""

from __future__ import annotations

import torch


class CompactHistory:
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
        self.steps = like.new_zeros((len(like), self.slots, like[0].numel()))
        self.changes = torch.zeros_like(self.steps)
        # (m, slot of a change, slot of a step)
        self.products = like.new_zeros((len(like), self.slots, self.slots))
        self.next = torch.zeros(len(like), dtype=torch.long, device=like.device)
        self.taken = torch.zeros_like(self.next)
        self.written = 0

    def add(self, rows: torch.Tensor, step: torch.Tensor, change: torch.Tensor) -> None:
        """Take the pairs (m, 3, h, w) of the rows (m,)."""
        place = torch.arange(len(rows), device=rows.device) * self.slots + self.next
        flat = change.flatten(1)
        self.steps.flatten(0, 1).index_copy_(0, place, step.flatten(1))
        self.changes.flatten(0, 1).index_copy_(0, place, flat)
        products = torch.cat(
            [
                self._whole(_times(self.steps[part, :used], flat[part]))
                for part, used in self._parts()
            ]
        )
        self.products.flatten(0, 1).index_copy_(0, place, products)
        self.next = torch.where(rows, (self.next + 1) % self.slots, self.next)
        self.taken = self.taken + rows
        self.written += 1

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        for name in ("steps", "changes", "products", "next", "taken"):
            setattr(self, name, getattr(self, name)[indices])

    def over_curvature(self, gradient: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """Return the inverse curvature times a gradient, (m, 3, h, w).

        Args:
            gradient: (m, 3, h, w).
            scale: gamma, the inverse curvature as it is guessed without any pairs, (m,).
        """
        # From the oldest slot to the newest; the next one to be written is left out.
        ages = torch.arange(1, self.slots, device=self.next.device)
        order = (self.next.unsqueeze(1) + ages) % self.slots
        triangle = self._triangle(order)
        found = [
            self._of_part(part, used, gradient[part].flatten(1), scale, order, triangle)
            for part, used in self._parts()
        ]
        return torch.cat(found).view_as(gradient)

    def _parts(self) -> list[tuple[slice, int]]:
        """Return the rows whose products are taken at once, with the slots that they have written.

        On a CPU that is row by row: a product of several has its sums in another order.
        """
        if self.next.device.type != "cpu":
            return [(slice(None), min(self.written + 1, self.slots))]
        return [
            (slice(row, row + 1), min(taken + 1, self.slots))
            for row, taken in enumerate(self.taken.tolist())
        ]

    def _of_part(
        self,
        part: slice,
        used: int,
        gradient: torch.Tensor,
        scale: torch.Tensor,
        order: torch.Tensor,
        triangle: torch.Tensor,
    ) -> torch.Tensor:
        steps, changes = self.steps[part, :used], self.changes[part, :used]
        order, triangle = order[part], triangle[part]
        diagonal = triangle.diagonal(dim1=1, dim2=2)
        filled = diagonal > 0
        triangle = triangle + torch.diag_embed((~filled).to(gradient.dtype))

        def by_age(products: torch.Tensor) -> torch.Tensor:
            return self._whole(products).gather(1, order)

        def by_slot(amounts: torch.Tensor) -> torch.Tensor:
            whole = amounts.new_zeros(len(amounts), self.slots)
            return whole.scatter(1, order, amounts)[:, :used]

        a = _solved(triangle.mT, by_age(_times(steps, gradient)), upper=True)
        rest = scale[part].unsqueeze(1) * (gradient - _sum(by_slot(a), changes))
        right = torch.where(filled, diagonal * a - by_age(_times(changes, rest)), 0.0)
        c = _solved(triangle, right, upper=False)
        return rest + _sum(by_slot(c), steps)

    def _whole(self, products: torch.Tensor) -> torch.Tensor:
        """Return (m, slots) of the products with the slots that are used."""
        return torch.nn.functional.pad(products, (0, self.slots - products.shape[1]))

    def _triangle(self, order: torch.Tensor) -> torch.Tensor:
        """Return R^T, (m, most, most): products of changes with steps that are not newer."""
        rows = order.unsqueeze(2).expand(-1, -1, self.slots)
        by_change = self.products.gather(1, rows)
        columns = order.unsqueeze(1).expand(-1, order.shape[1], -1)
        return by_change.gather(2, columns).tril()


def _times(kept: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
    """Return the product of each of (m, k, p) with (m, p), as (m, k)."""
    return torch.bmm(kept, vector.unsqueeze(2)).squeeze(2)


def _sum(amounts: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """Return the sum of (m, k, p), each times its amount (m, k), as (m, p)."""
    return torch.bmm(amounts.unsqueeze(1), kept).squeeze(1)


def _solved(triangle: torch.Tensor, right: torch.Tensor, *, upper: bool) -> torch.Tensor:
    found: torch.Tensor = torch.linalg.solve_triangular(triangle, right.unsqueeze(2), upper=upper)
    return found.squeeze(2)
