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
    depend on what other rows do.

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
        self.used = 1  # slots that any row may have written

    def add(self, rows: torch.Tensor, step: torch.Tensor, change: torch.Tensor) -> None:
        """Take the pairs (m, 3, h, w) of the rows (m,)."""
        place = torch.arange(len(rows), device=rows.device) * self.slots + self.next
        flat = change.flatten(1)
        self.steps.flatten(0, 1).index_copy_(0, place, step.flatten(1))
        self.changes.flatten(0, 1).index_copy_(0, place, flat)
        products = torch.zeros_like(self.products[:, 0])
        products[:, : self.used] = _times(self.steps[:, : self.used], flat)
        self.products.flatten(0, 1).index_copy_(0, place, products)
        self.next = torch.where(rows, (self.next + 1) % self.slots, self.next)
        self.used = min(self.used + 1, self.slots)

    def keep(self, indices: torch.Tensor) -> None:
        """Keep only the pictures at these indices, (k,)."""
        for name in ("steps", "changes", "products", "next"):
            setattr(self, name, getattr(self, name)[indices])

    def over_curvature(self, gradient: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        """Return the inverse curvature times a gradient, (m, 3, h, w).

        Args:
            gradient: (m, 3, h, w).
            scale: gamma, the inverse curvature as it is guessed without any pairs, (m,).
        """
        g, used = gradient.flatten(1), self.used
        steps, changes = self.steps[:, :used], self.changes[:, :used]
        # From the oldest slot to the newest; the next one to be written is left out.
        ages = torch.arange(1, self.slots, device=self.next.device)
        order = (self.next.unsqueeze(1) + ages) % self.slots
        triangle = self._triangle(order)
        diagonal = triangle.diagonal(dim1=1, dim2=2)
        filled = diagonal > 0
        triangle = triangle + torch.diag_embed((~filled).to(g.dtype))

        def ordered(products: torch.Tensor) -> torch.Tensor:
            whole = torch.nn.functional.pad(products, (0, self.slots - used))
            return whole.gather(1, order)

        def placed(amounts: torch.Tensor) -> torch.Tensor:
            whole = torch.zeros_like(self.products[:, 0]).scatter(1, order, amounts)
            return whole[:, :used]

        a = _solved(triangle.mT, ordered(_times(steps, g)), upper=True)
        rest = scale.unsqueeze(1) * (g - _sum(placed(a), changes))
        right = torch.where(filled, diagonal * a - ordered(_times(changes, rest)), 0.0)
        c = _solved(triangle, right, upper=False)
        return (rest + _sum(placed(c), steps)).view_as(gradient)

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
