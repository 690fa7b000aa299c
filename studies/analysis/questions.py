"""What the analysis of every kind of study does: each question by itself, with who is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
