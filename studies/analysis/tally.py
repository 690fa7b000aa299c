"""Votes as counts per participant, and intervals from resampling whole participants.

One person's answers are alike, so 600 votes of 30 people tell less than 600 votes of 600 people.
Every interval that is called clustered therefore resamples participants, each with all their
answers (the cluster bootstrap; Field and Welsh, 2007, "Bootstrapping clustered data", Journal of
the Royal Statistical Society B 69(3)).

The bootstrap gives the standard error, and Student's t with (participants - 1) degrees of
freedom the width. Percentiles of the draws are too narrow for about 30 participants: they know
neither that the resampled variance is (G - 1) / G of the true one, nor that it is itself
estimated (Cameron, Gelbach and Miller, 2008, "Bootstrap-based improvements for inference with
clustered errors", Review of Economics and Statistics 90(3)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEAST_CLUSTERS

Array = npt.NDArray[np.float64]

#: Columns of the votes and of the participants that the analysis reads.
VOTE_COLUMNS = (
    "participant", "slot", "position", "kind", "question", "content", "style",
    "left_source", "left_method", "left_mode", "right_source", "right_method", "right_mode",
    "answer", "expected", "repeats", "seconds", "voted_at",
)  # fmt: skip
PARTICIPANT_COLUMNS = ("participant", "slot", "joined_at", "finished")
#: Of every interval.
LEVEL = 0.95
#: Draws of the bootstrap.
DRAWS = 1000


@dataclass(frozen=True)
class Tally:
    """Votes as counts.

    Attributes:
        methods: labels of the m methods.
        participants: names of the G people who gave at least one of the votes.
        wins: (G, m, m); [g, i, j] is how often g preferred i to j.
        ties: (G, m, m), symmetric; [g, i, j] is how often g could not say. Each tie stands in
            both places.
    """

    methods: tuple[str, ...]
    participants: tuple[str, ...]
    wins: Array
    ties: Array

    @property
    def votes(self) -> Array:
        """How often each two methods met, (G, m, m), symmetric."""
        return self.wins + self.wins.swapaxes(1, 2) + self.ties


def counted(votes: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return the counted votes between outputs of two of the methods."""
    fits = votes["kind"] == "vote"
    for side in ("left", "right"):
        fits &= (votes[f"{side}_source"] == "output") & votes[f"{side}_method"].isin(list(methods))
    return votes[fits & (votes["left_method"] != votes["right_method"])]


def tally(votes: pd.DataFrame, methods: Sequence[str]) -> Tally:
    """Count votes.

    Args:
        votes: rows of one question; those that are not `counted` are left out.
        methods: labels.
    """
    votes = counted(votes, methods)
    people, names = pd.factorize(votes["participant"], sort=True)
    left, right = (
        pd.Index(list(methods)).get_indexer(pd.Index(votes[f"{side}_method"]))
        for side in ("left", "right")
    )
    answer = votes["answer"].to_numpy(dtype=str)
    wins, ties = (np.zeros((len(names), len(methods), len(methods))) for _ in range(2))
    for value, counts, first, second in (
        ("left", wins, left, right),
        ("right", wins, right, left),
        ("tie", ties, left, right),
        ("tie", ties, right, left),
    ):
        chosen = answer == value
        np.add.at(counts, (people[chosen], first[chosen], second[chosen]), 1)
    return Tally(tuple(methods), tuple(map(str, names)), wins, ties)


def resample(groups: int, draws: int = DRAWS, seed: int = 0) -> Array:
    """Draw participants with replacement.

    Args:
        groups: how many there are.
        draws: how often to draw as many.
        seed: of the draws.

    Returns:
        (draws, groups): how often each participant is in each draw; rows add up to ``groups``.
    """
    if not groups:
        return np.zeros((draws, 0))
    random = np.random.default_rng(seed)
    drawn = random.multinomial(groups, np.full(groups, 1 / groups), size=draws)
    return drawn.astype(np.float64)


def half_width(found: Array, groups: int | npt.NDArray[np.int_]) -> Array:
    """Return half the width of the interval around an estimate.

    t(G - 1) · sqrt(G / (G - 1)) · (standard deviation of the draws).

    Args:
        found: (draws, ...), the statistic of each draw; NaN where a draw has none.
        groups: participants G, one number or (...).

    Returns:
        (...); NaN where there are fewer than `LEAST_CLUSTERS` participants or two draws.
    """
    known = (~np.isnan(found)).sum(axis=0)
    enough = (np.asarray(groups) >= LEAST_CLUSTERS) & (known >= 2)
    size = np.where(enough, groups, LEAST_CLUSTERS)
    mean = np.nansum(found, axis=0) / np.maximum(known, 1)
    variance = np.nansum((found - mean) ** 2, axis=0) / np.maximum(known - 1, 1)
    scale = stats.t.ppf((1 + LEVEL) / 2, size - 1) * np.sqrt(size / (size - 1))
    return np.asarray(np.where(enough, scale * np.sqrt(variance), np.nan), dtype=np.float64)


def wilson(won: float, of: float) -> tuple[float, float]:
    """Return Wilson's interval of a share of independent votes; NaN where there is no vote."""
    if not of:
        return float("nan"), float("nan")
    found = stats.binomtest(round(won), round(of)).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)


def binomial_p(won: float, of: float) -> float:
    """Return the exact two-sided p-value of a share against one half; NaN without votes."""
    return float(stats.binomtest(round(won), round(of)).pvalue) if of else float("nan")


def clustered_shares(
    won: Array, of: Array, draws: int = DRAWS, seed: int = 0
) -> tuple[Array, Array]:
    """Return clustered intervals of shares.

    Wilson's interval, with the number of votes replaced by the number of independent votes that
    would be as uncertain as these are, p(1 - p) / (standard error)², and the normal quantile by
    Student's (Dean and Pagano, 2015, "Evaluating confidence interval methods for binomial
    proportions in clustered surveys", Journal of Survey Statistics and Methodology 3(4)). It
    stays within 0 and 1. Where all participants agree, the resampling sees no variance, and the
    number of participants is taken.

    Args:
        won: (G, ...) votes won, by participant; a half may stand for a tie.
        of: (G, ...) votes.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        low and high, each (...); NaN where fewer than `LEAST_CLUSTERS` participants voted.
    """
    groups = (of > 0).sum(axis=0)
    weights = resample(len(of), draws, seed)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = won.sum(axis=0) / of.sum(axis=0)
        found = np.tensordot(weights, won, axes=1) / np.tensordot(weights, of, axes=1)
        quantile = stats.t.ppf((1 + LEVEL) / 2, np.maximum(groups - 1, 1))
        error = half_width(found, groups) / quantile
        votes = np.where(
            error > 1e-9, share * (1 - share) / error**2, np.where(np.isnan(error), np.nan, groups)
        )
        squared = quantile**2 / votes
        middle = (share + squared / 2) / (1 + squared)
        half = np.sqrt(squared * share * (1 - share) + squared**2 / 4) / (1 + squared)
    return middle - half, middle + half
