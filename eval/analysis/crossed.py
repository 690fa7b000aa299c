"""Intervals of a mean or another statistic over pairs, where pairs share contents and styles.

Of a value over pairs, y_ij = mu + a_i + b_j + e_ij, with a_i what content i adds to every pair that
it is in, b_j what style j adds, and e_ij what is left (two crossed random factors). A mean over n
contents and m styles that are drawn at random has the variance
var(a) / n + var(b) / m + var(e) / nm. The variance of the contents' means over n estimates
var(a) / n + var(e) / nm, that of the styles' means over m estimates var(b) / m + var(e) / nm, and
their sum is taken: it is never negative, and too large by var(e) / nm only. Its degrees of freedom
are Satterthwaite's (1946, "An approximate distribution of estimates of variance components",
Biometrics Bulletin 2(6)).

Where there are many contents and styles, and for other statistics than the mean, the standard error
is that of a bootstrap that draws contents and styles, each with replacement, and takes every drawn
content with every drawn style (Owen, 2007, "The pigeonhole bootstrap", Annals of Applied Statistics
1(2)). Its percentiles are too narrow where there are few (87 % instead of 95 % of the truths at
3 x 4), so Student's t gives the width there too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import stats

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

#: Of every interval.
LEVEL = 0.95
#: Draws of the bootstrap.
DRAWS = 2000
#: With fewer contents or styles than this there is no interval.
LEAST_CLUSTERS = 3
#: With fewer than this there is none of another statistic than the mean.
LEAST_RESAMPLED = 5
#: From so many of both on, the mean's interval is by the bootstrap too.
MANY = 10


@dataclass(frozen=True)
class Clusters:
    """What known pairs share, see `clusters_of`.

    Attributes:
        grid: (contents, styles), NaN where a pair is missing, without empty rows and columns.
        sums: one array of sums of values for each factor that pairs share: contents, styles.
        counts: how many pairs each of these sums is of.
    """

    grid: Array
    sums: tuple[Array, ...]
    counts: tuple[Array, ...]

    @property
    def fewest(self) -> int:
        """The number of levels of the factor that has the fewest; 0 if nothing is known."""
        return min(map(len, self.counts))


def mean(values: Array) -> float:
    """Return the mean of what is known; NaN where nothing is."""
    return float(np.nanmean(values)) if not np.isnan(values).all() else np.nan


def clusters_of(grid: Array) -> Clusters:
    """Find which factors pairs share: contents, styles, or both.

    Where no style comes twice, pairs of different contents are independent, and contents are the
    only factor; likewise for styles. Where no picture comes twice, the pairs are independent.

    Args:
        grid: (contents, styles), NaN where a pair is missing.
    """
    known = ~np.isnan(grid)
    grid = grid[known.any(axis=1)][:, known.any(axis=0)]
    known = ~np.isnan(grid)
    by = [(np.nansum(grid, axis=axis), known.sum(axis=axis).astype(float)) for axis in (1, 0)]
    shared = [each for each in by if len(each[1]) and each[1].max() > 1] or by[:1]
    return Clusters(grid, tuple(each[0] for each in shared), tuple(each[1] for each in shared))


def variance_parts(sums: Sequence[Array], counts: Sequence[Array]) -> Array:
    """Return each factor's part of the variance of the mean over pairs, (factors, ...).

    For a factor of g levels: g / (g - 1) times the sum over levels of (sum of residuals)² / pairs²,
    which for a full grid is the variance of the levels' means over g.

    Args:
        sums: for each factor, (..., g) sums of values.
        counts: for each factor, (g,) how many pairs each sum is of.
    """
    pairs = counts[0].sum()
    centre = sums[0].sum(axis=-1, keepdims=True) / pairs
    return np.array(
        [
            len(count) / (len(count) - 1) * ((total - count * centre) ** 2).sum(axis=-1) / pairs**2
            for total, count in zip(sums, counts, strict=True)
        ]
    )


def mean_error(clusters: Clusters) -> tuple[float, float]:
    """Return the standard error of the mean over pairs, and its degrees of freedom.

    Args:
        clusters: see `clusters_of`; with two levels or more of each factor.
    """
    parts = variance_parts(clusters.sums, clusters.counts)
    levels = np.array([len(count) for count in clusters.counts])
    variance = float(parts.sum())
    freedom = variance**2 / (parts**2 / (levels - 1)).sum() if variance > 0 else levels.min() - 1
    return float(np.sqrt(variance)), float(freedom)


def interval(
    grid: Array,
    statistic: Callable[[Array], float] = mean,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the interval of a statistic of a (contents, styles) grid, see the module.

    How often it holds the truth, by simulation: ``tests/benchmarks/test_pair_coverage.py``.

    Args:
        grid: (contents, styles), NaN where a pair is missing.
        statistic: of a grid drawn with replacement by rows and by columns.
        level: of the interval.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        (low, high), symmetric around the statistic; NaN where there are fewer than
        `LEAST_CLUSTERS` contents or styles, or fewer than `LEAST_RESAMPLED` for another statistic
        than the mean. Of a factor that no two pairs share, see `clusters_of`, the number does not
        matter.
    """
    if np.isnan(grid).all():
        return np.nan, np.nan
    clusters = clusters_of(grid)
    if clusters.fewest < (LEAST_CLUSTERS if statistic is mean else LEAST_RESAMPLED):
        return np.nan, np.nan
    middle = statistic(clusters.grid)
    error, freedom = mean_error(clusters)
    if statistic is not mean or (clusters.fewest >= MANY and len(clusters.counts) > 1):
        error = _bootstrap_error(clusters, statistic, draws, seed)
    half = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    return middle - half, middle + half


def _bootstrap_error(
    clusters: Clusters, statistic: Callable[[Array], float], draws: int, seed: int
) -> float:
    """Return the standard deviation of a statistic over grids drawn with replacement."""
    grid = clusters.grid
    if len(clusters.counts) == 1:
        # Whole contents or styles; their resampled variance is (g - 1) / g of the true one.
        size = len(clusters.counts[0])
        axis = 0 if size == len(grid) else 1
        rows, _ = _drawn(size, 1, draws, seed)
        found = np.array([statistic(np.take(grid, each, axis=axis)) for each in rows])
        return float(np.nanstd(found, ddof=1) * np.sqrt(size / (size - 1)))
    if statistic is mean:
        found = _means_drawn(grid, *_counts(*grid.shape, draws, seed))
    else:
        drawn = zip(*_drawn(*grid.shape, draws, seed), strict=True)
        found = np.array([statistic(grid[np.ix_(*each)]) for each in drawn])
    return float(np.nanstd(found, ddof=1))


@lru_cache(16)
def _drawn(contents: int, styles: int, draws: int, seed: int) -> tuple[Indices, Indices]:
    """Return the contents, (draws, contents), and the styles, (draws, styles), of every draw."""
    random = np.random.default_rng(seed)
    found = [
        (random.integers(contents, size=contents), random.integers(styles, size=styles))
        for _ in range(draws)
    ]
    return np.array([rows for rows, _ in found]), np.array([columns for _, columns in found])


@lru_cache(16)
def _counts(contents: int, styles: int, draws: int, seed: int) -> tuple[Array, Array]:
    """Return how often every draw has each content, (draws, contents), and each style."""
    rows, columns = (
        np.stack([np.bincount(each, minlength=size) for each in indices]).astype(np.float64)
        for indices, size in zip(
            _drawn(contents, styles, draws, seed), (contents, styles), strict=True
        )
    )
    return rows, columns


def _means_drawn(grid: Array, rows: Array, columns: Array) -> Array:
    """Return `mean` of every drawn grid, all at once: (draws,).

    Args:
        grid: (contents, styles).
        rows: (draws, contents), how often each content was drawn.
        columns: (draws, styles), likewise; together they say how often each pair counts.
    """
    sums = ((rows @ np.nan_to_num(grid)) * columns).sum(axis=1)
    counts = ((rows @ (~np.isnan(grid)).astype(np.float64)) * columns).sum(axis=1)
    found: Array = np.full(len(sums), np.nan)
    np.divide(sums, counts, out=found, where=counts > 0)
    return found
