"""The analysis of a study of ratings: from marks to tables. See `studies.analysis.questions`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
import pandas as pd

from studies.analysis.agreement import with_repeats
from studies.analysis.clusters import clusters_of
from studies.analysis.differences import MethodRanking
from studies.analysis.questions import (
    QuestionResult,
    Tables,
    analyse_each,
    grouped,
    shares_of_values,
    strongest_first,
)
from studies.analysis.ratings import counted_ratings, crossed_means, rank_ratings, tally_ratings
from studies.analysis.strengths import DRAWS


@dataclass(frozen=True)
class RatingResult(QuestionResult):
    """Everything about one question of a study of ratings, beside what `QuestionResult` tells.

    Attributes:
        summary: also the mean mark.
        strengths: `studies.analysis.differences.MethodRanking`'s table.
        pairs: its pairs.
        marks: one row per method and mark: how often it was given, and its share.
        modes: votes, and the mean mark with its clustered interval.
        styles: likewise.
        agreement: outputs rated, of which shared by two people or more; Krippendorff's alpha of
            their marks, ordinal, without an interval.
        consistency: repeats, of which answered with the same mark, and the share; the mean
            difference of the two marks; the share to expect by chance.
    """

    marks: pd.DataFrame


def analyse_ratings(
    votes: pd.DataFrame,
    participants: pd.DataFrame,
    *,
    methods: Sequence[str],
    scale: int,
    drop_at: int,
    questions: Sequence[str] = (),
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, RatingResult]:
    """Analyse a study of ratings, also one that has only begun; what cannot be told yet is NaN.

    Args:
        votes: one row per answer, with `studies.analysis.tally.VOTE_COLUMNS`.
        participants: one row each, with `studies.analysis.tally.PARTICIPANT_COLUMNS`.
        methods: labels of the methods that are ranked, in order.
        scale: marks there are.
        drop_at: a participant who failed this many catch trials is left out.
        questions: those to report, whether answered yet or not.
        seed: of the ranks that are drawn.
        draws: how often.

    Returns:
        the results by question: those asked for, then any other that was answered.
    """
    labels = tuple(methods)

    def ranked(rows: pd.DataFrame) -> MethodRanking:
        return rank_ratings(tally_ratings(rows, labels, scale), draws, seed)

    def tables(kept: pd.DataFrame) -> Tables:
        ranking, fair = ranked(kept), counted_ratings(kept, labels)
        return {
            "summary": _summary(fair),
            "strengths": strongest_first(ranking.table),
            "pairs": ranking.pairs,
            "marks": shares_of_values(
                fair["left_method"], fair["answer"].astype(int), labels, scale, "mark"
            ),
            "modes": _means(fair, scale, ["left_method", "left_mode"], ["method", "mode"]),
            "styles": _means(fair, scale, ["style", "left_method"], ["style", "method"]),
            "agreement": _agreement(fair, scale),
            "consistency": _consistency(kept, scale),
        }

    found = analyse_each(
        votes,
        participants,
        drop_at,
        questions,
        tables,
        lambda asked: strongest_first(ranked(asked).table),
    )
    return {question: RatingResult(**each) for question, each in found.items()}


def _values(votes: pd.DataFrame) -> pd.Series[float]:
    return votes["answer"].astype(float)


def _summary(votes: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participants": [votes["participant"].nunique()],
            "votes": [len(votes)],
            "mean": [float(_values(votes).mean())],
            "median_seconds": [float(votes["seconds"].astype(float).median())],
        }
    )


def _means(votes: pd.DataFrame, scale: int, columns: list[str], names: list[str]) -> pd.DataFrame:
    """Return the mean mark of each group of votes, with its clustered interval."""
    number, named = grouped(votes, columns, names)
    takes = number[:, None] == np.arange(len(named[names[0]]))
    mean, low, high = crossed_means(
        _values(votes).to_numpy().astype(np.float64), takes, clusters_of(votes)
    )
    return pd.DataFrame(
        {
            **named,
            "votes": takes.sum(axis=0),
            "mean": mean,
            "low": np.maximum(low, 1),
            "high": np.minimum(high, scale),
        }
    )


def _agreement(votes: pd.DataFrame, scale: int) -> pd.DataFrame:
    units = votes.groupby(["content", "style", "left_method", "left_mode"], sort=True).ngroup()
    counts = np.zeros((units.nunique(), scale), dtype=int)
    np.add.at(counts, (units.to_numpy(), _values(votes).astype(int).to_numpy() - 1), 1)
    shared = counts.sum(axis=1) >= 2
    alpha = np.nan
    if np.count_nonzero(counts[shared].sum(axis=0)) > 1:
        alpha = float(krippendorff.alpha(value_counts=counts, level_of_measurement="ordinal"))
    return pd.DataFrame({"units": [len(counts)], "shared": [int(shared.sum())], "alpha": [alpha]})


def _consistency(votes: pd.DataFrame, scale: int) -> pd.DataFrame:
    both = with_repeats(votes)
    one, other = both["answer"].astype(float), both["answer_again"].astype(float)
    same = int((one == other).sum())
    chance = sum(float((one == mark).mean() * (other == mark).mean())
                 for mark in range(1, scale + 1))  # fmt: skip
    return pd.DataFrame(
        {
            "repeats": [len(both)],
            "same": [same],
            "share": [same / len(both) if len(both) else np.nan],
            "difference": [float((one - other).abs().mean())],
            "chance": [chance],
        }
    )
