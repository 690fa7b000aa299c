"""What a claim and a verdict are, and when a run is large enough for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eval.comparison import Array, bootstrap_interval, grid_of
from reports import published
from reports.data import RunData

HOLDS, FAILS, OPEN = "holds", "does not hold", "not testable at this scale"

#: Fewer iterations than this show no style yet.
LEAST_ITERATIONS = 100
#: Fewer pairs than this carry no verdict about pairs.
LEAST_PAIRS = 5
#: A timed run of fewer iterations than this is mostly start-up.
LEAST_TIMED = 5


@dataclass(frozen=True)
class Claim:
    """One row of the claims table.

    Attributes:
        name: a few words.
        claim: what was published.
        source: where.
        rule: how the verdict follows from the data, in words.
        measured: what this run says.
        verdict: one of `HOLDS`, `FAILS`, `OPEN`.
        evidence: name of the figure or table that shows it.
    """

    name: str
    claim: str
    source: str
    rule: str
    measured: str
    verdict: str
    evidence: str


def median(values: Array) -> float:
    """Return the median of what is known; NaN where nothing is."""
    return float(np.nanmedian(values)) if not np.isnan(values).all() else float("nan")


def with_interval(
    values: pd.Series,
    statistic: Callable[[Array], float] = median,
    digits: str = "+.2f",
) -> str:
    """Write a statistic over pairs with its 95 % interval, clustered by content and by style.

    Args:
        values: indexed by (content, style).
        statistic: of the values; their median if not given.
        digits: how a number is written.

    Returns:
        ``+0.98 [+0.95, +0.99]``, or the number alone where there are too few contents or styles.
    """
    grid = grid_of(values)
    middle = format(statistic(grid), digits)
    low, high = bootstrap_interval(grid, statistic)
    if low != low:
        return middle
    return f"{middle} [{low:{digits}}, {high:{digits}}]"


def verdict_of(data: object, holds: Callable[[], bool]) -> str:
    """Return the verdict of a rule, or that there is no data for it."""
    if not data:
        return OPEN
    return HOLDS if holds() else FAILS


def published_dfr(run: RunData) -> list[str]:
    """Return the labels of DFR as published: code reading, lambda 1, all four rotations."""
    return list(
        dict.fromkeys(
            cell["label"]
            for cell in run.cells
            if cell["method"] == "dfr"
            and cell["settings"]["reading"] == "code"
            and cell["settings"]["rotation_weight"] == 1
            and len(cell["settings"]["rotations"]) == published.DFR_MODES
        )
    )


def large_enough(run: RunData, labels: list[str]) -> bool:
    """Tell whether these methods' iterations and the run's pairs carry a verdict."""
    counts = [count for label, count in run.iterations.items() if label in labels]
    return bool(counts) and min(counts) >= LEAST_ITERATIONS and len(run.pairs) >= LEAST_PAIRS
