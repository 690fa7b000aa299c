"""The analysis of a study: from answers to tables. What is dropped was said before the first vote.

What is done of every kind of study, of each question by itself. Participants who failed too many
catch trials are left out of everything but the funnel and the list of catch trials; of the others'
answers, the counted ones (`studies.design.trial.Kind`) decide, also of people who did not finish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from studies.analysis.exclusion import attention, catch_failures, without_dropped
from studies.analysis.tally import PARTICIPANT_COLUMNS, VOTE_COLUMNS

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class QuestionResult:
    """Everything about one question, however it is asked; each is a table ready for a CSV file.

    Attributes:
        funnel: ``stage`` and ``participants``: who joined, did the practice, began what comes
            after it, finished; who was dropped, and who is kept, having given counted votes.
        catches: `studies.analysis.exclusion.catch_failures`, of all questions.
        summary: one row: ``participants``, ``votes`` and the ``median_seconds`` of a vote, and
            what else is told of all of them.
        strengths: one row per method, the strongest first, with an interval.
        pairs: one row per two methods, ``a`` and ``b``: how far they are apart.
        modes: one row per method and output.
        styles: one row per style and method.
        agreement: one row: how far people agree.
        consistency: one row: how far people agree with themselves.
        attention: `studies.analysis.exclusion.attention`, also of who is dropped.
        everybody: as ``strengths``, had nobody been dropped.
    """

    funnel: pd.DataFrame
    catches: pd.DataFrame
    summary: pd.DataFrame
    strengths: pd.DataFrame
    pairs: pd.DataFrame
    modes: pd.DataFrame
    styles: pd.DataFrame
    agreement: pd.DataFrame
    consistency: pd.DataFrame
    attention: pd.DataFrame
    everybody: pd.DataFrame


def analyse_each(
    votes: pd.DataFrame,
    participants: pd.DataFrame,
    drop_at: int,
    questions: Sequence[str],
    tables_of: Callable[[pd.DataFrame], Tables],
    strengths_of: Callable[[pd.DataFrame], pd.DataFrame],
) -> dict[str, Tables]:
    """Analyse every question of a study.

    Args:
        votes: one row per answer, with `studies.analysis.tally.VOTE_COLUMNS`.
        participants: one row each, with `studies.analysis.tally.PARTICIPANT_COLUMNS`.
        drop_at: a participant who failed this many catch trials is left out.
        questions: those to report, whether answered yet or not.
        tables_of: returns the tables of answers to one question, of who is kept; "summary" counts
            their "participants", and "strengths" is the ranking.
        strengths_of: returns the ranking alone.

    Returns:
        the tables of each question, those asked for first, then any other that was answered: what
        ``tables_of`` returns, and "funnel", "catches", "attention" and "everybody", see
        `QuestionResult`.
    """
    votes = votes.reindex(columns=list(VOTE_COLUMNS))
    participants = participants.reindex(columns=list(PARTICIPANT_COLUMNS))
    catches = catch_failures(votes, drop_at)
    dropped = int(catches["dropped"].sum())
    found = {}
    for question in dict.fromkeys([*questions, *votes["question"]]):
        asked = votes[votes["question"] == question]
        kept = without_dropped(asked, catches)
        tables = tables_of(kept)
        people = int(tables["summary"]["participants"].iloc[0])
        found[question] = {
            **tables,
            "funnel": _funnel(asked, participants, dropped, people),
            "catches": catches,
            "attention": attention(asked, catches),
            "everybody": tables["strengths"] if len(kept) == len(asked) else strengths_of(asked),
        }
    return found


def strongest_first(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of methods by rank; equals stay in the order of the methods."""
    return table.sort_values("rank", kind="stable", ignore_index=True)


def shares_of_values(
    labels: pd.Series[str], values: pd.Series[int], methods: Sequence[str], most: int, name: str
) -> pd.DataFrame:
    """Return how often each method had each value: ``method``, the value, ``votes``, ``share``.

    Args:
        labels: of the methods, one for each time that one had a value.
        values: which, from 1.
        methods: labels, in the order of the rows.
        most: the last value.
        name: of the column of values.
    """
    rows = []
    for label in methods:
        mine = values[labels == label]
        for value in range(1, most + 1):
            votes = int((mine == value).sum())
            share = votes / len(mine) if len(mine) else np.nan
            rows.append({"method": label, name: value, "votes": votes, "share": share})
    return pd.DataFrame(rows)


def grouped(
    table: pd.DataFrame, columns: Sequence[str], names: Sequence[str]
) -> tuple[npt.NDArray[np.intp], dict[str, list[str]]]:
    """Number the groups of rows that are alike in some columns, in their order.

    Args:
        table: the rows.
        columns: in which they are alike.
        names: of these columns in what is returned.

    Returns:
        the group of each row, and name -> what each group has there.
    """
    number, keys = pd.factorize(
        pd.Series(list(zip(*(table[column].astype(str) for column in columns), strict=True))),
        sort=True,
    )
    return number, {name: [key[place] for key in keys] for place, name in enumerate(names)}


def _funnel(
    votes: pd.DataFrame, participants: pd.DataFrame, dropped: int, kept: int
) -> pd.DataFrame:
    """Count participants by how far they came; see `QuestionResult`.

    How much practice there is, is not told: it is as much as anybody did.
    """
    practice = votes[votes["kind"] == "practice"].groupby("participant").size()
    began = set(votes.loc[votes["kind"] != "practice", "participant"])
    stages = {
        "joined": len(participants),
        "practice done": len(began | set(practice.index[practice == practice.max()])),
        "began": len(began),
        "finished": int(participants["finished"].astype(bool).sum()),
        "dropped": dropped,
        "kept": kept,
    }
    return pd.DataFrame({"stage": list(stages), "participants": list(stages.values())})
