"""What follows from timed runs: medians with intervals, paired ratios, and how time grows.

A time is never negative, and has a long tail upwards where the machine was busy with something
else: so medians, and intervals that assume no distribution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEVEL, Array

#: With fewer values than this even the smallest and the largest hold the median in less than 95 %.
LEAST_ROUNDS = 6


@dataclass(frozen=True)
class Estimate:
    """A median with its interval.

    Attributes:
        median: of the values; NaN if there are none.
        low: lower end of the interval.
        high: upper end.
        count: how many values.
        coverage: how often such an interval holds the true median: at least `LEVEL`, or less
            where there are fewer than `LEAST_ROUNDS` values.
    """

    median: float
    low: float
    high: float
    count: int
    coverage: float

    def __bool__(self) -> bool:
        """Whether there was anything to estimate from."""
        return self.count > 0

    @property
    def name(self) -> str:
        """What the interval is: ``95 % interval``, or that it is only the range of few values."""
        if self.count >= LEAST_ROUNDS:
            return "95 % interval"
        return f"range of {self.count} values" if self.count > 1 else "no interval"

    def show(self, digits: int = 3) -> str:
        """Write it for readers, to so many significant digits."""
        median, low, high = (
            f"{value:#.{digits}g}".rstrip(".") for value in (self.median, self.low, self.high)
        )
        ends = f": {low} to {high}" if self.count > 1 else ""
        return f"{median} ({self.name}{ends})"


def median_interval(values: Sequence[float] | pd.Series | Array) -> Estimate:
    """Return the median with its interval between two order statistics.

    The interval is from the k-th smallest to the k-th largest value, with the largest k at which
    it holds the true median with a probability of at least 95 %: how many of n values lie below
    the median is binomial (n, 1/2), whatever their distribution (Thompson, 1936, Annals of
    Mathematical Statistics 7(3)).

    Args:
        values: of the rounds; NaN are left out.
    """
    known = np.sort(np.asarray(values, dtype=np.float64))
    known = known[~np.isnan(known)]
    count = len(known)
    if count == 0:
        return Estimate(float("nan"), float("nan"), float("nan"), 0, 0.0)
    k, coverage = _rank(count)
    return Estimate(
        float(np.median(known)), float(known[k - 1]), float(known[count - k]), count, coverage
    )


@lru_cache
def _rank(count: int) -> tuple[int, float]:
    """Return k of `median_interval` for so many values, and the probability."""
    k = max(1, int(stats.binom.ppf((1 - LEVEL) / 2, count, 0.5)))
    return k, 1 - 2 * float(stats.binom.cdf(k - 1, count, 0.5))


def timed(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Return the rows of `eval.speed.timing.time_cases` as a table, with what is derived from them.

    Added are ``pixels``, ``per_iteration`` (seconds of an iteration for all outputs, without
    what comes before the first: at the published 3000 iterations that is next to nothing, in a
    short timed run it is not; NaN without iterations) and ``per_output_iteration``.
    """
    columns = ("kind", "name", "outputs", "height", "width", "round", "iterations", "seconds",
               "seconds_targets")  # fmt: skip
    frame = pd.DataFrame(list(rows), columns=columns)
    iterations = frame["iterations"].astype(float).replace(0.0, np.nan)
    frame["pixels"] = frame["height"] * frame["width"]
    frame["per_iteration"] = (frame["seconds"] - frame["seconds_targets"]) / iterations
    frame["per_output_iteration"] = frame["per_iteration"] / frame["outputs"]
    return frame


def of_case(frame: pd.DataFrame, kind: str, name: str, column: str = "per_iteration") -> pd.Series:
    """Return one case's values by round; empty if it was not timed."""
    part = frame[(frame["kind"] == kind) & (frame["name"] == name)]
    return part.set_index("round")[column].astype(float)


def paired_ratio(above: pd.Series, below: pd.Series) -> Estimate:
    """Return the ratio of two cases, taken round by round, both indexed by round."""
    return median_interval((above / below).dropna())


def estimates(frame: pd.DataFrame, by: str, column: str) -> pd.DataFrame:
    """Return one row per value of ``by``: median, low, high, rounds, coverage of a column."""
    rows = []
    for key, part in frame.groupby(by, sort=False):
        found = median_interval(part[column].astype(float))
        rows.append(
            {
                by: key,
                "median": found.median,
                "low": found.low,
                "high": found.high,
                "rounds": found.count,
                "coverage": found.coverage,
            }
        )
    return pd.DataFrame(rows, columns=[by, "median", "low", "high", "rounds", "coverage"])


@dataclass(frozen=True)
class Fit:
    """A straight line y = a + b x, fitted round by round.

    Attributes:
        intercept: a.
        slope: b.
        r_squared: share of the variance of the medians of y that the line of the two medians
            explains.
    """

    intercept: Estimate
    slope: Estimate
    r_squared: float


def fit_line(frame: pd.DataFrame, x: str, y: str) -> Fit | None:
    """Fit a line to each round by least squares.

    Args:
        frame: with a column ``round``.
        x: name of a column.
        y: name of a column.

    Returns:
        None where there are fewer than two values of x.
    """
    known = frame.dropna(subset=[x, y])
    if known[x].nunique() < 2:
        return None
    lines = [
        np.polynomial.Polynomial.fit(part[x], part[y], 1).convert().coef
        for _, part in known.groupby("round")
        if part[x].nunique() > 1
    ]
    intercept, slope = (median_interval([float(line[i]) for line in lines]) for i in (0, 1))
    medians = known.groupby(x)[y].median()
    drawn = intercept.median + slope.median * medians.index.to_numpy(dtype=np.float64)
    values = medians.to_numpy(dtype=np.float64)
    spread = float(((values - values.mean()) ** 2).sum())
    rest = float(((values - drawn) ** 2).sum())
    return Fit(intercept, slope, 1 - rest / spread if spread > 0 else float("nan"))


def fit_power(frame: pd.DataFrame, x: str, y: str) -> Fit | None:
    """Fit y = exp(a) x^b to each round: a line through the logarithms, whose slope is b."""
    logarithms = frame[["round"]].assign(x=np.log(frame[x]), y=np.log(frame[y]))
    return fit_line(logarithms, "x", "y")
