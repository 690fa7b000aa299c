"""Methods by how highly they are rated, with intervals for people and pictures like these.

The model is in `studies.analysis.cumulative_link`; how sure its strengths are, is told as in
`studies.analysis.strengths`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEVEL, Array
from studies.analysis.clusters import Clusters, Codes, clusters_of, crossed_spread
from studies.analysis.cumulative_link import (
    PRIOR,
    Marks,
    cumulative,
    derivatives,
    finite,
    scores,
)
from studies.analysis.differences import Estimate, MethodRanking, ranking_of
from studies.analysis.strengths import DRAWS


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


def rank_ratings(
    ratings: Ratings, draws: int = DRAWS, seed: int = 0, prior: float = PRIOR
) -> MethodRanking:
    """Rank methods, with intervals for people and pictures like these.

    Args:
        ratings: the votes.
        draws: of the ranks.
        seed: of the draws.
        prior: see `cumulative`.

    Returns:
        tables, of which the one of methods has the ``mean`` mark with ``mean_low``, ``mean_high``.
    """
    counts = ratings.counts
    inside = np.flatnonzero(counts.sum(axis=1) > 0)
    estimate = None
    if len(inside) > 1:
        found = cumulative(counts[inside], prior)
        moved = influences(ratings, inside, found, prior)
        enough = finite(counts[inside])
        estimate = Estimate(inside, found.methods, moved, ratings.clusters, enough)
    mean, low, high = _means(ratings)
    measured = {
        "mean": mean,
        "mean_low": np.maximum(low, 1),
        "mean_high": np.minimum(high, ratings.scale),
    }
    return ranking_of(ratings.methods, counts.sum(axis=1), measured, estimate, draws, seed)


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


def _means(ratings: Ratings) -> tuple[Array, Array, Array]:
    """Return each method's mean mark, from 1, with its clustered interval."""
    takes = ratings.method[:, None] == np.arange(len(ratings.methods))
    return crossed_means(ratings.mark.astype(np.float64) + 1, takes, ratings.clusters)


def crossed_means(
    values: Array, takes: npt.NDArray[np.bool_], clusters: Clusters
) -> tuple[Array, Array, Array]:
    """Return means of some of the votes, with their clustered intervals, each (k,).

    Args:
        values: (V,), or (V, k) where they differ by mean.
        takes: (V, k), which votes a mean is of.
        clusters: of the votes.
    """
    number = takes.sum(axis=0)
    values = values if values.ndim == 2 else values[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(takes, values, 0).sum(axis=0) / number
        influence = np.where(takes, (values - mean) / number, 0)
    variance, freedom = crossed_spread(influence, takes, clusters)
    half = stats.t.ppf((1 + LEVEL) / 2, freedom) * np.sqrt(variance)
    return mean, mean - half, mean + half
