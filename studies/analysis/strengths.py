"""How strong each method is, and how sure that is; the model is `studies.design.davidson`.

The strengths are those of the population's answers: where people differ from each other, they
are nearer to zero than one person's would be.
"""

from __future__ import annotations

from typing import NamedTuple

import choix
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.sparse import csgraph

from eval.analysis.crossed import LEVEL, Array
from studies.analysis.clusters import Clusters, Shares, crossed_correlation, crossed_spread
from studies.analysis.tally import Tally
from studies.design.davidson import PRIOR, Strengths, davidson, information, pair_chances

#: How often ranks are drawn.
DRAWS = 1000


def against_average(strengths: Array) -> Array:
    """Return the share of decisive votes won from an opponent of average strength, θ = 0."""
    return np.asarray(1 / (1 + np.exp(-strengths)), dtype=np.float64)


def compared(votes: Array) -> npt.NDArray[np.bool_]:
    """Return which methods can be set beside each other, (m,).

    Two methods that never met can be compared by way of others; two groups without any meeting
    cannot. The group with the most votes is taken, nothing if nobody met.

    Args:
        votes: (m, m), how often each two met.
    """
    _, group = csgraph.connected_components(votes > 0, directed=False)
    sizes = np.bincount(group, weights=votes.sum(axis=-1), minlength=1)
    return np.asarray((group == sizes.argmax()) & (sizes.max() > 0), dtype=np.bool_)


def finite(wins: Array, ties: Array) -> bool:
    """Tell whether the votes alone, without the prior, give finite strengths.

    They do not where the likelihood goes on rising in some direction: (a) the methods fall in
    two groups, and no vote goes to the lower one (Ford, 1957; a tie goes to both); or (b) the
    differences and ν can grow together, every win being farther apart, and every tie closer,
    than one step of a common scale. The latter has a solution if and only if no cycle of methods
    has more wins along it than ties.

    Args:
        wins: (m, m), of methods that were compared.
        ties: (m, m).
    """
    upward, _ = csgraph.connected_components((wins + ties) > 0, directed=True, connection="strong")
    if upward > 1:
        return False
    steps = np.where(wins > 0, -1.0, np.where(ties > 0, 1.0, 0.0))
    try:
        csgraph.floyd_warshall(steps)
    except csgraph.NegativeCycleError:
        return True
    return False


def bradley_terry(wins: Array) -> Array:
    """Return log strengths from decisive votes alone, (m,), adding up to zero, after choix.

    NaN where these votes do not give finite ones.
    """
    if not finite(wins, np.zeros_like(wins)):
        return np.full(len(wins), np.nan)
    found = np.asarray(choix.ilsr_pairwise_dense(wins, max_iter=100_000, tol=1e-9))
    return np.asarray(found - found.mean(), dtype=np.float64)


class Ranking(NamedTuple):
    """Methods by strength.

    Attributes:
        table: one row per method, in the order given:

            - ``method``; ``votes``, in which it was shown;
            - ``rank``, 1 for the strongest;
            - ``strength``, θ, with its clustered interval ``low``, ``high``;
            - ``share``, ``share_low``, ``share_high``: the same as the share of decisive votes
              won from an average opponent;
            - ``rank_low``, ``rank_high``: percentiles of the rank, and ``best``: the share of
              draws in which it is the strongest, with strengths drawn as uncertain as their
              intervals say;
            - ``basis``: "votes"; "prior" where the strengths are finite only by the prior, and
              intervals are NaN; "none" where the method cannot be compared, and all is NaN;
            - ``bradley_terry``: the strength by decisive votes alone.
        tie: ν.
        tie_low: its clustered interval, likewise.
        tie_high: its other end.
    """

    table: pd.DataFrame
    tie: float
    tie_low: float
    tie_high: float


def rank(counts: Tally, draws: int = DRAWS, seed: int = 0, prior: float = PRIOR) -> Ranking:
    """Rank methods, with intervals for people and pictures like these.

    Args:
        counts: the votes.
        draws: of the ranks.
        seed: of the draws.
        prior: see `davidson`.
    """
    size = len(counts.methods)
    columns = {
        name: np.full(size, np.nan)
        for name in (
            "rank", "strength", "low", "high", "share", "share_low", "share_high",
            "rank_low", "rank_high", "best", "bradley_terry",
        )
    }  # fmt: skip
    basis = np.full(size, "none", dtype=object)
    tie = np.full(3, np.nan)
    votes, all_wins, all_ties = (
        table.sum(axis=0) for table in (counts.votes, counts.wins, counts.ties)
    )
    inside = np.flatnonzero(compared(votes)) if size else np.empty(0, dtype=np.intp)
    if len(inside):
        wins, ties = all_wins[np.ix_(inside, inside)], all_ties[np.ix_(inside, inside)]
        enough = finite(wins, ties)
        basis[inside] = "votes" if enough else "prior"
        found = davidson(wins, ties, prior)
        columns["strength"][inside] = found.methods
        columns["rank"][inside] = ranks_of(found.methods)
        columns["bradley_terry"][inside] = bradley_terry(wins)
        among = np.isin(counts.left, inside)
        moved, clusters = influences(counts, inside, found, prior), counts.clusters.only(among)
        variance, freedom = crossed_spread(moved, np.ones_like(moved, dtype=bool), clusters)
        error = np.sqrt(variance)
        half = stats.t.ppf((1 + LEVEL) / 2, freedom) * error + (0 if enough else np.nan)
        columns["low"][inside] = found.methods - half[:-1]
        columns["high"][inside] = found.methods + half[:-1]
        if not np.isnan(variance).any():
            drawn = draw_ranks(
                found.methods, moved[:, :-1], clusters, error[:-1], freedom[:-1], draws, seed
            )
            for name, values in drawn.items():
                columns[name][inside] = values
        tie = np.exp(found.tie + np.array([0, -1, 1]) * half[-1])
        tie[0] = np.exp(found.tie)
    for end in ("", "_low", "_high"):
        columns[f"share{end}"] = against_average(columns[end[1:] or "strength"])
    table = pd.DataFrame({"method": list(counts.methods), "votes": votes.sum(axis=-1), **columns})
    table.insert(len(table.columns) - 1, "basis", basis)
    return Ranking(table.astype({"votes": int}), *map(float, tie))


def influences(
    counts: Tally, inside: npt.NDArray[np.intp], found: Strengths, prior: float = PRIOR
) -> Array:
    """Return by how much each vote moves the strengths and log ν, (votes, m + 1).

    To first order: the vote's part of the gradient, times the inverse of the information.

    Args:
        counts: the votes.
        inside: the m methods that are compared; votes on others are left out.
        found: what `davidson` estimated of them.
        prior: as given to it.
    """
    size = len(inside)
    among = np.isin(counts.left, inside)
    place = np.full(len(counts.methods), -1)
    place[inside] = np.arange(size)
    left, right = place[counts.left[among]], place[counts.right[among]]
    answer = counts.answer[among]
    won, tied = pair_chances(found.methods, found.tie)
    gap = won - won.T
    apart = 1 - np.eye(size)
    votes = counts.votes.sum(axis=0)[np.ix_(inside, inside)] * apart + 3 * prior * apart
    surprise = np.choose(answer, [0.5, -0.5, 0.0]) - gap[left, right] / 2
    score = np.zeros((len(answer), size + 1))
    score[np.arange(len(answer)), left] = surprise
    score[np.arange(len(answer)), right] -= surprise
    score[:, size] = (answer == 2) - tied[left, right]
    # Without the prior's votes the parts do not add up to zero by a hair.
    score -= score.mean(axis=0)
    return np.asarray(np.linalg.solve(information(votes, gap, tied), score.T).T, dtype=np.float64)


def modelled_shares(counts: Tally, level: float = LEVEL) -> Shares:
    """Return the share of decisive votes that one of every two methods wins, by the model.

    1 / (1 + exp(θ_b - θ_a)), whose interval is that of θ_a - θ_b; so votes on other pairs tell of
    these two methods as well.

    Args:
        counts: the votes.
        level: of the intervals.

    Returns:
        of every a and b in the order of `itertools.combinations`; NaN as in `rank`.
    """
    first, second = np.triu_indices(len(counts.methods), 1)
    found = np.full((4, len(first)), np.nan)
    if not len(first):
        return Shares(*found)
    votes, wins, ties = (table.sum(axis=0) for table in (counts.votes, counts.wins, counts.ties))
    inside = np.flatnonzero(compared(votes))
    among = np.isin(first, inside) & np.isin(second, inside)
    if among.any():
        wins, ties = wins[np.ix_(inside, inside)], ties[np.ix_(inside, inside)]
        fitted = davidson(wins, ties)
        moved = influences(counts, inside, fitted)
        a, b = (np.searchsorted(inside, side[among]) for side in (first, second))
        apart, moves = fitted.methods[a] - fitted.methods[b], moved[:, a] - moved[:, b]
        clusters = counts.clusters.only(np.isin(counts.left, inside))
        variance, freedom = crossed_spread(moves, np.ones_like(moves, dtype=bool), clusters)
        error = np.sqrt(variance) + (0 if finite(wins, ties) else np.nan)
        half = stats.t.ppf((1 + level) / 2, freedom) * error
        found[:3, among] = against_average(np.array([apart, apart - half, apart + half]))
        found[3, among] = 2 * stats.t.sf(np.abs(apart) / error, freedom)
    return Shares(*found)


def draw_ranks(
    strengths: Array,
    moved: Array,
    clusters: Clusters,
    error: Array,
    freedom: Array,
    draws: int,
    seed: int,
) -> dict[str, Array]:
    """Draw strengths as uncertain as their intervals say, and tell what ranks they have.

    Args:
        strengths: (m,), estimated.
        moved: (V, m), by how much each vote moves them.
        clusters: of the votes.
        error: (m,), standard errors.
        freedom: (m,), degrees of freedom of Student's t.
        draws: how many.
        seed: of the draws.

    Returns:
        ``rank_low`` and ``rank_high``, percentiles of the rank, and ``best``, the share of draws
        in which it is the strongest, each (m,).
    """
    # Student's t with several dimensions: normal, over a common root of chi-squared.
    random = np.random.default_rng(seed)
    shape = crossed_correlation(moved, clusters)
    noise = random.multivariate_normal(np.zeros(len(strengths)), shape, draws, method="eigh")
    least = freedom.min()
    scale = np.sqrt(least / random.chisquare(least, size=(draws, 1)))
    places = ranks_of(strengths + noise * scale * error)
    ends = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.quantile(places, ends, axis=0, method="closest_observation")
    first = places == 1
    best = (first / first.sum(axis=-1, keepdims=True)).mean(axis=0)
    return {"rank_low": low, "rank_high": high, "best": best}


def ranks_of(strengths: Array) -> Array:
    """Return ranks from 1 for the strongest, (..., m); equals share the better rank."""
    ranks = stats.rankdata(-np.round(strengths, 8), method="min", axis=-1)
    return np.asarray(ranks, dtype=np.float64)
