"""Statistics over pairs, written with their intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from eval.analysis.crossed import Array, interval
from eval.analysis.pairs import grid_of


def median(values: Array) -> float:
    """Return the median of what is known; NaN where nothing is."""
    return float(np.nanmedian(values)) if not np.isnan(values).all() else float("nan")


def with_interval(
    values: pd.Series,
    statistic: Callable[[Array], float] = median,
    digits: str = "+.2f",
) -> str:
    """Write a statistic over pairs with its 95 % interval, see `eval.analysis.crossed`.

    Args:
        values: indexed by (content, style).
        statistic: of the values; their median if not given.
        digits: how a number is written.

    Returns:
        ``+0.98 [+0.95, +0.99]``, or the number alone where there are too few contents or styles.
    """
    grid = grid_of(values)
    middle = format(statistic(grid), digits)
    low, high = interval(grid, statistic)
    if low != low:
        return middle
    return f"{middle} [{low:{digits}}, {high:{digits}}]"
