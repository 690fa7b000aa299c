"""How strong each method is: the model of Bradley and Terry, with ties after Davidson.

Method i has a strength π_i = exp(θ_i). Of i and j,

    P(i is preferred) = π_i / z,  P(j is preferred) = π_j / z,  P(tie) = ν √(π_i π_j) / z,

with z = π_i + π_j + ν √(π_i π_j) (Davidson, 1970, "On extending the Bradley-Terry model to
accommodate ties in paired comparison experiments", Journal of the American Statistical
Association 65(329), equations 2.3 and 2.4; Bradley and Terry, 1952, is ν = 0). Strengths are
known up to a factor, so the θ add up to zero. The log-likelihood is concave in θ and log ν.

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

from eval.analysis.crossed import Array
from studies.analysis.clusters import LEVEL, Clusters, crossed_correlation, crossed_spread
from studies.analysis.tally import Tally

#: Imaginary votes of each of the three answers, for every two methods. Without them a method that
#: wins every vote would be infinitely strong. Of 40 votes for each two methods, as the published
#: study had, they are less than one in a hundred.
PRIOR = 0.1
#: A step of Newton's method that is shorter than this is the last one: what is left is about its
#: square.
_CLOSE = 1e-6
_MOST_STEPS = 500
#: How often ranks are drawn.
DRAWS = 1000


class Strengths(NamedTuple):
    """What was estimated.

    Attributes:
        methods: (..., m), the log strengths θ, adding up to zero.
        tie: (...), log ν.
    """

    methods: Array
    tie: Array


def davidson(wins: Array, ties: Array, prior: float = PRIOR) -> Strengths:
    """Estimate strengths, for many sets of counts at once.

    Newton's method on the log-likelihood with ``prior`` imaginary votes added. A step is cut so
    that no two answers' log odds move by more than 1, which makes every step go up, without
    looking for how far (the third derivative is at most this movement times the second; Bach,
    2010, "Self-concordant analysis for logistic regression", Electronic Journal of Statistics 4,
    proposition 1).

    Args:
        wins: (..., m, m); [i, j] is how often i was preferred to j. The diagonal is not read.
        ties: (..., m, m), symmetric, each tie in both places.
        prior: imaginary votes of each of the three answers for every two methods, above 0. Less
            than a millionth is too little to hold strengths that the votes leave infinite.

    Raises:
        ValueError: ``prior`` is not above 0, which could have no finite answer.
        RuntimeError: the answer was not found in many steps, which should not happen.
    """
    if not prior > 0:
        raise ValueError(f"prior is {prior}; it must be above 0")
    size = wins.shape[-1]
    apart = 1 - np.eye(size)
    wins, ties = (wins + prior) * apart, (ties + prior) * apart
    votes = wins + wins.swapaxes(-1, -2) + ties
    # What i won more than it lost: the data's part of the gradient.
    lead = (wins - wins.swapaxes(-1, -2)).sum(axis=-1) / 2
    found = np.zeros((*wins.shape[:-2], size + 1))
    for _ in range(_MOST_STEPS):
        won, tied = pair_chances(found[..., :size], found[..., size])
        gap = won - won.swapaxes(-1, -2)
        gradient = np.concatenate(
            [
                lead - (votes * gap).sum(axis=-1) / 2,
                (ties - votes * tied).sum(axis=(-1, -2))[..., None] / 2,
            ],
            axis=-1,
        )
        step = np.linalg.solve(_information(votes, gap, tied), gradient[..., None])[..., 0]
        across = np.ptp(step[..., :size], axis=-1)
        moved = np.maximum(across, np.abs(step[..., size]) + across / 2)
        found = found + step / np.maximum(moved, 1)[..., None]
        if np.all(moved < _CLOSE):
            return Strengths(found[..., :size], found[..., size])
    raise RuntimeError(f"no strengths found in {_MOST_STEPS} steps")


def pair_chances(strengths: Array, tie: Array) -> tuple[Array, Array]:
    """Return the chances that i is preferred to j and that they tie, each (..., m, m).

    Args:
        strengths: (..., m), θ.
        tie: (...), log ν.
    """
    half = (strengths[..., :, None] - strengths[..., None, :]) / 2
    up, level = np.exp(half), np.exp(tie)[..., None, None]
    whole = up + up.swapaxes(-1, -2) + level
    return up / whole, level / whole


def _information(votes: Array, gap: Array, tied: Array) -> Array:
    """Return minus the second derivative of the log-likelihood, (..., m + 1, m + 1).

    A vote's part is the variance of (who is preferred, ± 1/2; is it a tie). One is added to
    every place of the strengths' block: it changes nothing that adds up to zero, and makes the
    block invertible.
    """
    size = votes.shape[-1]
    between = votes * ((1 - tied) - gap**2) / 4
    crossed = (votes * gap * tied).sum(axis=-1) / 2
    found = np.empty((*votes.shape[:-2], size + 1, size + 1))
    found[..., :size, :size] = 1 - between + np.eye(size) * between.sum(axis=-1)[..., None]
    found[..., :size, size] = found[..., size, :size] = -crossed
    found[..., size, size] = (votes * tied * (1 - tied)).sum(axis=(-1, -2)) / 2
    return found


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
    return np.asarray(np.linalg.solve(_information(votes, gap, tied), score.T).T, dtype=np.float64)


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
