"""Statistics over pairs: paired differences with intervals and tests, and where variance is.

Every content meets every style, so pairs that share a content or a style are not independent. The
intervals (`eval.analysis.crossed`) and the tests (`eval.analysis.flips`) know that.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from eval.analysis.crossed import Array, interval
from eval.analysis.flips import flip_test


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


def means(values: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return each label's mean over pairs with its 95 % interval."""
    pairs = per_pair(values, measure)
    rows = []
    for label in pairs.columns:
        low, high = interval(grid_of(pairs[label]))
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
        one row per two labels a and b: pairs, mean difference a - b with its 95 % interval, the
        effect size d_z (mean over standard deviation of the differences), the share of pairs in
        which a is larger, and the p-value of sign flips of whole contents and styles
        (`eval.analysis.flips`), plain and after Holm's correction over all rows.
    """
    pairs = per_pair(values, measure)
    rows = []
    grids = {label: grid_of(pairs[label]) for label in pairs.columns}
    for a, b in combinations(grids, 2):
        grid = grids[a] - grids[b]
        difference = grid[~np.isnan(grid)]
        low, high = interval(grid)
        spread = float(difference.std(ddof=1)) if len(difference) > 1 else np.nan
        rows.append(
            {
                "a": a,
                "b": b,
                "pairs": len(difference),
                "difference": _mean(difference),
                "low": low,
                "high": high,
                "effect": _mean(difference) / spread if spread > 0 else np.nan,
                "a_larger": _mean(difference > 0),
                "p": flip_test(grid),
            }
        )
    frame = pd.DataFrame(
        rows,
        columns=["a", "b", "pairs", "difference", "low", "high", "effect", "a_larger", "p"],
    )
    return frame.assign(p_holm=holm(frame["p"].to_numpy(dtype=np.float64)))


def _mean(values: npt.NDArray[np.float64 | np.bool_]) -> float:
    """Return the mean; NaN of none."""
    return float(values.mean()) if len(values) else float("nan")


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
