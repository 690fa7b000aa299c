"""Statistics over pairs: paired differences with intervals and tests, and where variance is.

Every content meets every style, so pairs that share a content or a style are not independent.
Intervals therefore come from a bootstrap that draws contents and styles, each with replacement,
and takes every drawn content with every drawn style (a two-way cluster bootstrap; Owen, 2007,
"The pigeonhole bootstrap", Annals of Applied Statistics 1(2)).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Draws of the bootstrap.
DRAWS = 2000
#: Fewer contents or styles than this cannot be resampled to any purpose.
LEAST_CLUSTERS = 3


def per_pair(values: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Average a measure over the outputs of each cell.

    Args:
        values: rows with content, style, label and the measure.
        measure: name of the column.

    Returns:
        one row per (content, style), one column per label; NaN where a cell is missing.
    """
    return values.pivot_table(
        index=["content", "style"], columns="label", values=measure, aggfunc="mean", sort=False
    )


def grid_of(values: pd.Series) -> Array:
    """Arrange values indexed by (content, style) as (contents, styles), NaN where missing."""
    return values.unstack("style").to_numpy(dtype=np.float64)


def mean(values: Array) -> float:
    """Return the mean of what is known; NaN where nothing is."""
    return float(np.nanmean(values)) if not np.isnan(values).all() else np.nan


def bootstrap_interval(
    grid: Array,
    statistic: Callable[[Array], float] = mean,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the percentile interval of a statistic of a (contents, styles) grid.

    Where no two known pairs share a picture they are independent, and are drawn as they are.

    Args:
        grid: (contents, styles), NaN where a pair is missing.
        statistic: of a grid drawn with replacement by rows and by columns.
        level: of the interval.
        draws: how often to draw.
        seed: of the draws.

    Returns:
        (low, high); NaN where there are fewer than `LEAST_CLUSTERS` contents or styles, or pairs
        where those are drawn.
    """
    known = ~np.isnan(grid)
    alone = known.any() and max(known.sum(axis=0).max(), known.sum(axis=1).max()) == 1
    if min(grid.shape) < LEAST_CLUSTERS or (alone and known.sum() < LEAST_CLUSTERS):
        return np.nan, np.nan
    if alone:
        random = np.random.default_rng(seed)
        values = grid[known][random.integers(known.sum(), size=(draws, known.sum()))]
        found = np.array([statistic(each[None]) for each in values])
    elif statistic is mean:
        found = _means_drawn(grid, _drawn(*grid.shape, draws, seed))
    else:
        drawn = zip(*_drawn(*grid.shape, draws, seed), strict=True)
        found = np.array([statistic(grid[np.ix_(*each)]) for each in drawn])
    if np.isnan(found).all():
        return np.nan, np.nan
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@lru_cache(16)
def _drawn(contents: int, styles: int, draws: int, seed: int) -> tuple[Indices, Indices]:
    """Return the contents, (draws, contents), and the styles, (draws, styles), of every draw."""
    random = np.random.default_rng(seed)
    found = [
        (random.integers(contents, size=contents), random.integers(styles, size=styles))
        for _ in range(draws)
    ]
    return np.array([rows for rows, _ in found]), np.array([columns for _, columns in found])


def _means_drawn(grid: Array, drawn: tuple[Indices, Indices]) -> Array:
    """Return `mean` of every drawn grid, all at once: (draws,)."""
    # How often each content and each style was drawn says how often each pair counts.
    rows, columns = (
        np.stack([np.bincount(each, minlength=size) for each in indices]).astype(np.float64)
        for indices, size in zip(drawn, grid.shape, strict=True)
    )
    sums = ((rows @ np.nan_to_num(grid)) * columns).sum(axis=1)
    counts = ((rows @ (~np.isnan(grid)).astype(np.float64)) * columns).sum(axis=1)
    found: Array = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found


def means(values: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return each label's mean over pairs with its clustered 95 % interval."""
    pairs = per_pair(values, measure)
    rows = []
    for label in pairs.columns:
        low, high = bootstrap_interval(grid_of(pairs[label]))
        rows.append(
            {
                "label": label,
                "pairs": int(pairs[label].notna().sum()),
                "mean": float(pairs[label].mean()),
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def paired_tests(values: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Compare every two labels, pair by pair.

    Returns:
        one row per two labels a and b: pairs, mean difference a - b with its clustered 95 %
        interval, the effect size d_z (mean over standard deviation of the differences), the
        share of pairs in which a is larger, and the p-value of Wilcoxon's signed-rank test, plain
        and after Holm's correction over all rows. The test takes pairs as independent, which
        pairs sharing a picture are not; the interval does not.
    """
    pairs = per_pair(values, measure)
    rows = []
    for a, b in combinations(pairs.columns, 2):
        difference = (pairs[a] - pairs[b]).dropna()
        low, high = bootstrap_interval(grid_of(pairs[a] - pairs[b]))
        spread = float(difference.std(ddof=1))  # NaN of a single pair
        rows.append(
            {
                "a": a,
                "b": b,
                "pairs": len(difference),
                "difference": float(difference.mean()),
                "low": low,
                "high": high,
                "effect": float(difference.mean()) / spread if spread > 0 else np.nan,
                "a_larger": float((difference > 0).mean()),
                "p": _signed_rank(difference.to_numpy(dtype=np.float64)),
            }
        )
    frame = pd.DataFrame(
        rows,
        columns=["a", "b", "pairs", "difference", "low", "high", "effect", "a_larger", "p"],
    )
    return frame.assign(p_holm=holm(frame["p"].to_numpy(dtype=np.float64)))


def holm(p: Array) -> Array:
    """Correct p-values for their number (Holm, 1979); NaN stay NaN and are not counted."""
    corrected = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    highest = 0.0
    for rank, index in enumerate(known[np.argsort(p[known])]):
        highest = max(highest, min(1.0, float(p[index]) * (len(known) - rank)))
        corrected[index] = highest
    return corrected


def variance_shares(values: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Split a measure's variance over label (an output), content, style and what is left.

    Sums of squares of the additive model on the largest complete grid of contents, styles and
    labels: a label that ran on a part of the pairs is left out where more is known without it,
    then pairs that lack a label, then contents that lack a pair.

    Returns:
        one row per source with its share of the total sum of squares; empty where there is no
        complete grid or nothing varies.
    """
    cube = _largest_cube(per_pair(values, measure))
    if cube.size == 0:
        return pd.DataFrame(columns=["source", "share"])
    centre = cube.mean()
    total = float(((cube - centre) ** 2).sum())
    if total == 0:
        return pd.DataFrame(columns=["source", "share"])
    shares = {}
    for source, axis in (("content", 0), ("style", 1), ("output", 2)):
        others = tuple(other for other in range(3) if other != axis)
        level = cube.mean(axis=others)
        shares[source] = float(((level - centre) ** 2).sum()) * cube.size / len(level) / total
    shares["interaction and rest"] = max(0.0, 1 - sum(shares.values()))
    return pd.DataFrame({"source": list(shares), "share": list(shares.values())})


def _largest_cube(pairs: pd.DataFrame) -> Array:
    """Return the largest complete (contents, styles, labels) of the labels with the most pairs."""
    counts = pairs.notna().sum()
    cubes = [
        _complete_cube(pairs.loc[:, counts >= least].dropna()) for least in sorted(set(counts))
    ]
    return max(cubes, key=lambda cube: cube.size, default=np.empty(0))


def _complete_cube(pairs: pd.DataFrame) -> Array:
    """Return (contents, styles, labels) over the contents that met every style."""
    if pairs.empty:
        return np.empty(0)
    contents = pairs.index.get_level_values("content")
    styles = list(dict.fromkeys(pairs.index.get_level_values("style")))
    whole = [name for name in dict.fromkeys(contents) if (contents == name).sum() == len(styles)]
    if not whole:
        return np.empty(0)
    return np.stack([pairs.loc[name].loc[styles].to_numpy(dtype=np.float64) for name in whole])


def _signed_rank(difference: Array) -> float:
    """Return the p-value of Wilcoxon's signed-rank test; NaN where there is nothing to test."""
    if len(difference) < 2 or not np.any(difference):
        return np.nan
    return float(stats.wilcoxon(difference).pvalue)
