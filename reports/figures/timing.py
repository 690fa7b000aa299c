"""What the charts of time share: rows of timing, intervals as arms, and how it was measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from eval.analysis.times import Estimate, median_interval, timed
from reports.figures.plotstyle import COLOURS
from reports.inputs.run_data import RunData

#: Width of the ends of an interval, in points.
CAP = 3


def of_kind(run: RunData, kind: str) -> pd.DataFrame:
    """Return the rows of one kind of timing, see `eval.speed.timing.time_cases`."""
    rows = timed(run.timing)
    return rows[rows["kind"] == kind].copy()


def with_intervals(axes: Axes, x: pd.Series, table: pd.DataFrame, marker: str, label: str) -> None:
    """Draw medians as points with their intervals."""
    axes.errorbar(
        x, table["median"], yerr=arms(table), fmt=marker, color=COLOURS[0], capsize=CAP,
        label=label,
    )  # fmt: skip


def arms(table: pd.DataFrame) -> np.ndarray:
    """How far the intervals reach below and above the medians, (2, n)."""
    return np.stack([table["median"] - table["low"], table["high"] - table["median"]])


def kind_of(table: pd.DataFrame) -> str:
    """Say what points and intervals of a table of estimates are."""
    return f"median, {_of(int(table['rounds'].min())).name}"


def name_of(rows: pd.DataFrame) -> str:
    """Name the interval of a median over the rounds of some rows."""
    return _of(rows["round"].nunique()).name


def _of(count: int) -> Estimate:
    return median_interval([0.0] * count)


def setting(rows: pd.DataFrame, what: str = "iterations", *, sized: bool = True) -> str:
    """Say how it was measured."""
    count = max([0, *rows["iterations"]])
    what = what if count != 1 else what.removesuffix("es" if what == "passes" else "s")
    size = "one pair"
    if sized:
        size += f" at {rows['height'].iloc[0]} × {rows['width'].iloc[0]}"
    return f"{count} {what} a turn, {_counted(rows['round'].nunique(), 'round')}, {size}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
