"""Tables of methods whose strengths were estimated from votes, and of the difference of every two.

What ratings, choices of the best and rankings share. How sure a strength is, is told as in
`studies.analysis.strengths`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEVEL, Array
from studies.analysis.clusters import Clusters, crossed_spread
from studies.analysis.strengths import draw_ranks, ranks_of

#: Columns of a table of methods that stand on the strengths, in two groups: what is measured for
#: one kind of answer stands between them.
FIRST = ("rank", "strength", "low", "high")
LAST = ("rank_low", "rank_high", "best")


@dataclass(frozen=True)
class Estimate:
    """Strengths of some methods.

    Attributes:
        inside: (k,), which of the methods they are of.
        strengths: (k,), adding up to zero.
        moved: (V, k), by how much each vote moves them.
        clusters: of the votes.
        enough: whether the votes alone give finite strengths.
    """

    inside: npt.NDArray[np.intp]
    strengths: Array
    moved: Array
    clusters: Clusters
    enough: bool


class MethodRanking(NamedTuple):
    """Methods by their strengths.

    Attributes:
        table: one row per method, in the order given: ``method``, ``votes``; ``rank``, 1 for the
            strongest; ``strength``, θ, with its clustered interval ``low``, ``high``; what else
            was measured; ``rank_low``, ``rank_high``, ``best`` and ``basis`` as in
            `studies.analysis.strengths.Ranking`.
        pairs: one row per two methods: ``a``, ``b``, the ``difference`` of their strengths with
            ``low``, ``high``, and ``all_low``, ``all_high`` that hold for all pairs at once
            (Bonferroni); whether the latter exclude zero, ``apart``.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame


def ranking_of(
    methods: tuple[str, ...],
    votes: Array,
    measured: dict[str, Array],
    estimate: Estimate | None,
    draws: int,
    seed: int,
) -> MethodRanking:
    """Make the tables of a ranking.

    Args:
        methods: labels.
        votes: (m,), of each method.
        measured: further columns, (m,) each.
        estimate: None where nothing can be compared.
        draws: of the ranks.
        seed: of the draws.
    """
    size = len(methods)
    columns = {name: np.full(size, np.nan) for name in FIRST + LAST}
    basis = np.full(size, "none", dtype=object)
    spans = np.full((4, size, size), np.nan)
    if estimate is not None:
        inside, found, moved = estimate.inside, estimate.strengths, estimate.moved
        basis[inside] = "votes" if estimate.enough else "prior"
        columns["strength"][inside] = found
        columns["rank"][inside] = ranks_of(found)
        takes = np.ones_like(moved, dtype=bool)
        variance, freedom = crossed_spread(moved, takes, estimate.clusters)
        error = np.sqrt(variance)
        half = stats.t.ppf((1 + LEVEL) / 2, freedom) * error + (0 if estimate.enough else np.nan)
        columns["low"][inside] = found - half
        columns["high"][inside] = found + half
        if not np.isnan(variance).any():
            drawn = draw_ranks(found, moved, estimate.clusters, error, freedom, draws, seed)
            for name, values in drawn.items():
                columns[name][inside] = values
        if estimate.enough:
            _fill_spans(spans, estimate)
    table = pd.DataFrame(
        {
            "method": list(methods),
            "votes": votes.astype(int),
            **{name: columns[name] for name in FIRST},
            **measured,
            **{name: columns[name] for name in LAST},
            "basis": basis,
        }
    )
    return MethodRanking(table, _pairs(methods, columns["strength"], spans))


def _fill_spans(spans: Array, estimate: Estimate) -> None:
    """Write low, high, and the same for all pairs at once, of every two methods, (4, m, m)."""
    inside, moved = estimate.inside, estimate.moved
    two = list(combinations(range(len(inside)), 2))
    a, b = np.array(two).T
    apart = moved[:, a] - moved[:, b]
    variance, freedom = crossed_spread(apart, np.ones_like(apart, dtype=bool), estimate.clusters)
    gap, error = estimate.strengths[a] - estimate.strengths[b], np.sqrt(variance)
    one = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    every = stats.t.ppf(1 - (1 - LEVEL) / 2 / len(two), freedom) * error
    spans[:, inside[a], inside[b]] = gap - one, gap + one, gap - every, gap + every


def _pairs(methods: tuple[str, ...], strength: Array, spans: Array) -> pd.DataFrame:
    rows = []
    for i, j in combinations(range(len(methods)), 2):
        low, high, all_low, all_high = spans[:, i, j]
        rows.append(
            {
                "a": methods[i],
                "b": methods[j],
                "difference": strength[i] - strength[j],
                "low": low,
                "high": high,
                "all_low": all_low,
                "all_high": all_high,
                "apart": bool(all_low > 0 or all_high < 0),
            }
        )
    return pd.DataFrame(rows)
