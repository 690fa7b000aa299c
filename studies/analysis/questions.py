"""What the analysis of every kind of study does: each question by itself, with who is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from studies.analysis.exclusion import attention, catch_failures, without_dropped
from studies.analysis.tally import PARTICIPANT_COLUMNS, VOTE_COLUMNS

Tables = dict[str, pd.DataFrame]


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
        `studies.analysis.results.QuestionResult`.
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
    """Count participants by how far they came; see `studies.analysis.results.QuestionResult`.

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
