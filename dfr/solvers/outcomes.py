"""What becomes of the rows of a batch, kept on the device until the host looks at it.

A graphics processor works through a queue that the host fills; whoever reads a value back waits
until the queue is empty. So solvers decide with masks, and the host looks every some iterations:
rows that have ended meanwhile stand still until then.
"""

from __future__ import annotations

import torch

from dfr.solvers.batch import SolverResult, not_finite
from dfr.solvers.rows import DONE, GRADIENT, LOSS, Rows

#: Iterations between two looks of the host at a device that is not the CPU.
LOOK_EVERY = 50

_FAILURES = {LOSS: "loss", GRADIENT: "gradient"}


def looks_every(device: torch.device) -> int:
    """Return the iterations between two looks of the host; on the CPU a look costs nothing."""
    return 1 if device.type == "cpu" else LOOK_EVERY


def may_hold(mask: torch.Tensor) -> bool:
    """Say whether a mask (m,) may hold for any row, without waiting for a device.

    On the CPU this is so where it does, and spares work; elsewhere reading it would cost more.
    """
    return mask.device.type != "cpu" or bool(mask.any())


def told_failures(ended: list[int], why: list[int]) -> dict[int, str]:
    """Return row -> message for the rows that failed.

    Args:
        ended: the iteration at which each row ended.
        why: why, see `dfr.solvers.rows`; another number for rows that did not fail.
    """
    return {
        row: not_finite(_FAILURES[reason], at)
        for row, (at, reason) in enumerate(zip(ended, why, strict=True))
        if reason in _FAILURES
    }


class Outcomes:
    """What the n rows of a batch ended with.

    Args:
        start: (n, 3, h, w).
        iterations: of each row at most.

    Attributes:
        pictures: (n, 3, h, w), of the rows that were taken out; where the others began.
        curve: the loss before each iteration, (iterations + 1, n), on the device of the pictures;
            nan where it is not known. Whoever has nothing to tell may write it in the last row.
    """

    def __init__(self, start: torch.Tensor, iterations: int) -> None:
        self.pictures = start.clone()
        self.curve = start.new_full((iterations + 1, len(start)), float("nan"))
        self.iterations = iterations
        self._ended, self._why = [iterations] * len(start), [0] * len(start)

    def look(self, rows: Rows, pictures: torch.Tensor, loss: torch.Tensor) -> list[int] | None:
        """Take the rows over that have ended. The host waits for the device here.

        Args:
            rows: m rows.
            pictures: what each would end with, (m, 3, h, w).
            loss: of them, (m,); it goes on in the curve where a row is done.

        Returns:
            the indices of the rows that stay; None where all do.
        """
        active = rows.active.tolist()
        if all(active):
            return None
        leaving = [index for index, stays in enumerate(active) if not stays]
        self._take(leaving, rows, pictures, loss)
        return [index for index, stays in enumerate(active) if stays]

    def take_rest(self, rows: Rows, pictures: torch.Tensor, loss: torch.Tensor) -> None:
        """Take all rows over, at the end; see `look`."""
        self._take(list(range(len(rows.row))), rows, pictures, loss)

    def _take(
        self, leaving: list[int], rows: Rows, pictures: torch.Tensor, loss: torch.Tensor
    ) -> None:
        where = rows.row[leaving]
        self.pictures[where] = pictures[leaving]
        told = (each.tolist() for each in (where, rows.ended[leaving], rows.why[leaving]))
        for row, at, why, last in zip(*told, loss[leaving], strict=True):
            if why:
                self._ended[row], self._why[row] = at, why
            if why == DONE:
                self.curve[at:, row] = last

    @property
    def taken(self) -> int:
        """Iterations of the row that took most."""
        return max(self._ended, default=0)

    def result(self, evaluations: int) -> SolverResult:
        """Return what came of all rows, once all were taken over.

        Args:
            evaluations: of the row that took most.
        """
        ended = enumerate(zip(self._ended, self._why, strict=True))
        return SolverResult(
            pictures=self.pictures,
            curve=self.curve[:-1].T.contiguous().cpu(),
            failed=told_failures(self._ended, self._why),
            evaluations=evaluations,
            done={row: at for row, (at, why) in ended if why == DONE and at < self.iterations},
        )
