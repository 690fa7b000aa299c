"""The analysis of choices of the best and of rankings: from answers to tables.

See `studies.analysis.questions`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from studies.analysis.agreement import with_repeats
from studies.analysis.choices import (
    Counted,
    by_picture,
    counted_choices,
    rank_choices,
    tally_counted,
)
from studies.analysis.clusters import clusters_of, crossed_shares
from studies.analysis.differences import MethodRanking
from studies.analysis.questions import (
    QuestionResult,
    Tables,
    analyse_each,
    grouped,
    shares_of_values,
    strongest_first,
)
from studies.analysis.strengths import DRAWS

#: Columns of a vote that tell what was shown, and what was answered.
_SHOWN = (
    "left_source", "left_method", "left_mode", "right_source", "right_method", "right_mode",
    "more", "answer",
)  # fmt: skip


@dataclass(frozen=True)
class ChoiceResult(QuestionResult):
    """Everything about one question of choices or rankings, beside what `QuestionResult` tells.

    Attributes:
        strengths: table of `studies.analysis.choices.rank_choices`.
        pairs: its pairs.
        ranks: one row per method and rank: how often it had it, and its share. Of choices there
            are two ranks, 1 for the chosen one and 2 for the others.
        places: one row per place of a picture on the page: votes, and the ``share`` in which the
            picture there was the best, with its clustered interval. Without a bias all are equal.
        modes: votes, and the same share.
        styles: likewise.
        agreement: sets of pictures shown, of which shared by two people or more; and
            Krippendorff's alpha without an interval: of the chosen method (nominal), or of the
            ranks of each picture (ordinal).
        consistency: repeats, of which with the same best one, and the share; the share to expect
            by chance; of rankings the mean rank correlation of the two (Kendall's tau).
    """

    ranks: pd.DataFrame
    places: pd.DataFrame


def analyse_choices(
    votes: pd.DataFrame,
    participants: pd.DataFrame,
    *,
    methods: Sequence[str],
    pictures: int,
    whole: bool,
    drop_at: int,
    questions: Sequence[str] = (),
    seed: int = 0,
    draws: int = DRAWS,
) -> dict[str, ChoiceResult]:
    """Analyse a study, also one that has only begun; what cannot be told yet is NaN.

    Args:
        votes: one row per answer, with `studies.analysis.tally.VOTE_COLUMNS`.
        participants: one row each, with `studies.analysis.tally.PARTICIPANT_COLUMNS`.
        methods: labels of the methods that are ranked, in order.
        pictures: how many are shown at a time.
        whole: they are put in order; if not, the best one is chosen.
        drop_at: a participant who failed this many catch trials is left out.
        questions: those to report, whether answered yet or not.
        seed: of the ranks that are drawn.
        draws: how often.

    Returns:
        the results by question: those asked for, then any other that was answered.
    """
    labels = tuple(methods)

    def ranked(counted: Counted) -> MethodRanking:
        return rank_choices(tally_counted(counted, labels, pictures, whole), draws, seed)

    def tables(kept: pd.DataFrame) -> Tables:
        counted = counted_choices(kept, labels, pictures)
        ranking, fair, each = ranked(counted), counted.votes, _each(counted)
        return {
            "summary": _summary(fair),
            "strengths": strongest_first(ranking.table),
            "pairs": ranking.pairs,
            "ranks": shares_of_values(
                each["method"], each["rank"], labels, pictures if whole else 2, "rank"
            ),
            "places": _shares(each, fair, ["place"]),
            "modes": _shares(each, fair, ["method", "mode"]),
            "styles": _shares(each, fair, ["style", "method"]),
            "agreement": _agreement(each, fair, whole),
            "consistency": _consistency(kept, whole),
        }

    found = analyse_each(
        votes,
        participants,
        drop_at,
        questions,
        tables,
        lambda asked: strongest_first(ranked(counted_choices(asked, labels, pictures)).table),
    )
    return {question: ChoiceResult(**each) for question, each in found.items()}


def _each(counted: Counted) -> pd.DataFrame:
    """Return one row per answer and picture, with the style, and rank 2 for what is not chosen."""
    each = counted.pictures
    return each.assign(
        rank=each["rank"].fillna(2).astype(int),
        style=counted.votes["style"].to_numpy()[each["vote"]],
    )


def _summary(votes: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "participants": [votes["participant"].nunique()],
            "votes": [len(votes)],
            "median_seconds": [float(votes["seconds"].astype(float).median())],
        }
    )


def _shares(each: pd.DataFrame, votes: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return in which share of the votes on each group the best one was of it."""
    number, named = grouped(each, names, names)
    shape = (len(votes), len(named[names[0]]))
    of, won = np.zeros(shape), np.zeros(shape)
    rows = each["vote"].to_numpy()
    of[rows, number] = 1
    best = (each["rank"] == 1).to_numpy()
    won[rows[best], number[best]] = 1
    found = crossed_shares(won, of, clusters_of(votes))
    return pd.DataFrame(
        {
            **named,
            "votes": of.sum(axis=0).astype(int),
            "share": found.share,
            "low": found.low,
            "high": found.high,
        }
    )


def _agreement(each: pd.DataFrame, votes: pd.DataFrame, whole: bool) -> pd.DataFrame:
    """Compare people who saw the same pictures, wherever these stood; see `ChoiceResult`."""
    named = each["method"] + "\t" + each["mode"]
    outputs = named.groupby(each["vote"]).agg(lambda names: "\n".join(sorted(names)))
    seen = zip(votes["content"], votes["style"], outputs, strict=True)
    units = pd.Series(["\n".join(one) for one in seen], dtype=object)
    shared = int((units.value_counts() > 1).sum())
    alpha = np.nan
    if len(votes):
        rated = each if whole else each[each["rank"] == 1]
        codes, _ = pd.factorize(units)
        group, value = codes[rated["vote"]], rated["rank"].to_numpy() - 1
        if whole:
            group, _ = pd.factorize(pd.Series(list(zip(group, rated["method"], strict=True))))
        else:
            value, _ = pd.factorize(rated["method"])
        counts = np.zeros((group.max() + 1, value.max() + 1), dtype=int)
        np.add.at(counts, (group, value), 1)
        if np.count_nonzero(counts[counts.sum(axis=1) > 1].sum(axis=0)) > 1:
            alpha = float(
                krippendorff.alpha(
                    value_counts=counts, level_of_measurement="ordinal" if whole else "nominal"
                )
            )
    return pd.DataFrame({"units": [units.nunique()], "shared": [shared], "alpha": [alpha]})


def _consistency(votes: pd.DataFrame, whole: bool) -> pd.DataFrame:
    """Compare the answers to the same pictures in other places; see `ChoiceResult`."""
    both = with_repeats(votes)
    again = both[[f"{name}_again" for name in _SHOWN]].set_axis(list(_SHOWN), axis=1)
    pictures = by_picture(both[list(_SHOWN)]).merge(
        by_picture(again), on=["vote", "source", "method", "mode"], suffixes=("", "_again")
    )
    # Both answers by the places of the first time.
    first, second = (
        pictures[pictures[name] == 1].set_index("vote")["place"].reindex(range(len(both)))
        for name in ("rank", "rank_again")
    )
    same = int((first == second).sum())
    found = {
        "repeats": [len(both)],
        "same": [same],
        "share": [same / len(both) if len(both) else np.nan],
        "chance": [
            sum(float((first == at).mean() * (second == at).mean()) for at in first.unique())
        ],
    }
    if whole:
        taus = [
            float(kendalltau(rows["rank"], rows["rank_again"]).statistic)
            for _, rows in pictures.groupby("vote")
        ]
        found["tau"] = [float(np.mean(taus)) if taus else np.nan]
    return pd.DataFrame(found)
