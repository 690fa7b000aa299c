"""Methods by how highly they are rated, with intervals for people and pictures like these.

The model is in `studies.analysis.cumulative_link`; how sure its strengths are, is told as in
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

from eval.analysis.crossed import Array
from studies.analysis.clusters import LEVEL, Clusters, Codes, clusters_of, crossed_spread
from studies.analysis.cumulative_link import (
    PRIOR,
    Marks,
    cumulative,
    derivatives,
    finite,
    scores,
)
from studies.analysis.strengths import DRAWS, draw_ranks, ranks_of


@dataclass(frozen=True)
class Ratings:
    """The counted ratings of one question.

    Attributes:
        methods: labels of the m methods.
        scale: K marks.
        method: (V,) of each vote, as a number.
        mark: (V,) from 0 for the lowest.
        clusters: whose vote it is, and on which pictures.
    """

    methods: tuple[str, ...]
    scale: int
    method: Codes
    mark: Codes
    clusters: Clusters

    @property
    def counts(self) -> Array:
        """How often each method had each mark, (m, K)."""
        found = np.zeros((len(self.methods), self.scale))
        np.add.at(found, (self.method, self.mark), 1)
        return found


def counted_ratings(votes: pd.DataFrame, methods: tuple[str, ...]) -> pd.DataFrame:
    """Return the ratings that decide: of outputs of the methods, no practice, repeat or catch."""
    return votes[
        (votes["kind"] == "vote")
        & (votes["right_source"] == "none")
        & votes["left_method"].isin(methods)
    ]


def tally_ratings(votes: pd.DataFrame, methods: tuple[str, ...], scale: int) -> Ratings:
    """Count the ratings of one question.

    Args:
        votes: of one question, with `studies.analysis.tally.VOTE_COLUMNS`.
        methods: labels, in order.
        scale: K marks.
    """
    kept = counted_ratings(votes, methods)
    return Ratings(
        methods,
        scale,
        pd.Index(methods).get_indexer(pd.Index(kept["left_method"])),
        kept["answer"].astype(int).to_numpy().astype(np.intp) - 1,
        clusters_of(kept),
    )


class RatingRanking(NamedTuple):
    """Methods by their ratings.

    Attributes:
        table: one row per method, in the order given: ``method``, ``votes``; ``rank``, 1 for the
            strongest; ``strength``, θ, with its clustered interval ``low``, ``high``; ``mean``
            mark with ``mean_low``, ``mean_high``; ``rank_low``, ``rank_high``, ``best`` and
            ``basis`` as in `studies.analysis.strengths.Ranking`.
        pairs: one row per two methods: ``a``, ``b``, the ``difference`` of their strengths with
            ``low``, ``high``, and ``all_low``, ``all_high`` that hold for all pairs at once
            (Bonferroni); whether the latter exclude zero, ``apart``.
    """

    table: pd.DataFrame
    pairs: pd.DataFrame


def rank_ratings(
    ratings: Ratings, draws: int = DRAWS, seed: int = 0, prior: float = PRIOR
) -> RatingRanking:
    """Rank methods, with intervals for people and pictures like these.

    Args:
        ratings: the votes.
        draws: of the ranks.
        seed: of the draws.
        prior: see `cumulative`.
    """
    size = len(ratings.methods)
    names = ("rank", "strength", "low", "high", "rank_low", "rank_high", "best")
    columns = {name: np.full(size, np.nan) for name in names}
    basis = np.full(size, "none", dtype=object)
    counts = ratings.counts
    inside = np.flatnonzero(counts.sum(axis=1) > 0)
    spans = np.full((4, size, size), np.nan)
    if len(inside) > 1:
        enough = finite(counts[inside])
        basis[inside] = "votes" if enough else "prior"
        found = cumulative(counts[inside], prior)
        columns["strength"][inside] = found.methods
        columns["rank"][inside] = ranks_of(found.methods)
        moved = influences(ratings, inside, found, prior)
        takes = np.ones_like(moved, dtype=bool)
        variance, freedom = crossed_spread(moved, takes, ratings.clusters)
        error = np.sqrt(variance)
        half = stats.t.ppf((1 + LEVEL) / 2, freedom) * error + (0 if enough else np.nan)
        columns["low"][inside] = found.methods - half
        columns["high"][inside] = found.methods + half
        if not np.isnan(variance).any():
            drawn = draw_ranks(found.methods, moved, ratings.clusters, error, freedom, draws, seed)
            for name, values in drawn.items():
                columns[name][inside] = values
        spans = _spans(found, moved, ratings.clusters, inside, size, enough)
    mean, mean_low, mean_high = _means(ratings)
    mean_low, mean_high = np.maximum(mean_low, 1), np.minimum(mean_high, ratings.scale)
    table = pd.DataFrame(
        {
            "method": list(ratings.methods),
            "votes": counts.sum(axis=1).astype(int),
            **{name: columns[name] for name in names[:4]},
            "mean": mean,
            "mean_low": mean_low,
            "mean_high": mean_high,
            **{name: columns[name] for name in names[4:]},
            "basis": basis,
        }
    )
    return RatingRanking(table, _pairs(ratings, columns["strength"], spans))


def influences(
    ratings: Ratings, inside: npt.NDArray[np.intp], found: Marks, prior: float = PRIOR
) -> Array:
    """Return by how much each vote moves the strengths, (V, m).

    To first order: the vote's part of the gradient, times the inverse of the information.

    Args:
        ratings: the votes.
        inside: the m methods that were rated.
        found: what `cumulative` estimated of them.
        prior: as given to it.
    """
    size = len(inside)
    place = np.full(len(ratings.methods), -1)
    place[inside] = np.arange(size)
    score = scores(found)[place[ratings.method], ratings.mark]
    # Without the prior's votes the parts do not add up to zero by a hair.
    score = score - score.mean(axis=0)
    _, information = derivatives(ratings.counts[inside] + prior, np.concatenate(found))
    moved = np.linalg.solve(information, score.T).T[:, :size]
    return np.asarray(moved, dtype=np.float64)


def _spans(
    found: Marks,
    moved: Array,
    clusters: Clusters,
    inside: npt.NDArray[np.intp],
    size: int,
    enough: bool,
) -> Array:
    """Return low, high, and the same for all pairs at once, of every two methods, (4, m, m)."""
    spans = np.full((4, size, size), np.nan)
    if not enough:
        return spans
    two = list(combinations(range(len(inside)), 2))
    a, b = np.array(two).T
    apart = moved[:, a] - moved[:, b]
    variance, freedom = crossed_spread(apart, np.ones_like(apart, dtype=bool), clusters)
    gap, error = found.methods[a] - found.methods[b], np.sqrt(variance)
    one = stats.t.ppf((1 + LEVEL) / 2, freedom) * error
    every = stats.t.ppf(1 - (1 - LEVEL) / 2 / len(two), freedom) * error
    spans[:, inside[a], inside[b]] = gap - one, gap + one, gap - every, gap + every
    return spans


def _pairs(ratings: Ratings, strength: Array, spans: Array) -> pd.DataFrame:
    rows = []
    for i, j in combinations(range(len(ratings.methods)), 2):
        low, high, all_low, all_high = spans[:, i, j]
        rows.append(
            {
                "a": ratings.methods[i],
                "b": ratings.methods[j],
                "difference": strength[i] - strength[j],
                "low": low,
                "high": high,
                "all_low": all_low,
                "all_high": all_high,
                "apart": bool(all_low > 0 or all_high < 0),
            }
        )
    return pd.DataFrame(rows)


def _means(ratings: Ratings) -> tuple[Array, Array, Array]:
    """Return each method's mean mark, from 1, with its clustered interval."""
    takes = ratings.method[:, None] == np.arange(len(ratings.methods))
    return crossed_means(ratings.mark.astype(np.float64) + 1, takes, ratings.clusters)


def crossed_means(
    values: Array, takes: npt.NDArray[np.bool_], clusters: Clusters
) -> tuple[Array, Array, Array]:
    """Return means of some of the votes, with their clustered intervals, each (k,).

    Args:
        values: (V,).
        takes: (V, k), which votes a mean is of.
        clusters: of the votes.
    """
    number = takes.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (values[:, None] * takes).sum(axis=0) / number
        influence = np.where(takes, (values[:, None] - mean) / number, 0)
    variance, freedom = crossed_spread(influence, takes, clusters)
    half = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(variance)
    return mean, mean - half, mean + half
