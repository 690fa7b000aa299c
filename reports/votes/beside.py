"""What people said of each method, beside what the measures say."""

from __future__ import annotations

import pandas as pd

from reports.inputs.votes import Votes
from reports.votes.reading import reading_of
from reports.votes.tables import CLUSTERED, spans


def with_choice(methods: pd.DataFrame, votes: Votes | None) -> pd.DataFrame:
    """Put the votes beside the measures in the table of methods.

    Args:
        methods: with a column ``method`` of titles, see `reports.tables.methods.summary`.
        votes: of the run, if there are any.
    """
    if votes is None or not (votes.shown or votes.unpaired):
        return methods
    if votes.shown:
        table, head, column = votes.results[votes.first].strengths, votes.choice, "share"
    else:
        table = votes.unpaired[votes.first].strengths
        what, column = reading_of(votes.poll.task).beside(votes)
        head = f"{votes.choice}, {what}"
    titles = table["method"].map(votes.titles)
    values = dict(zip(titles, table[column], strict=True))
    between = spans(table, f"{column}_low", f"{column}_high")
    intervals = dict(zip(titles, between, strict=True))
    found = methods.copy()
    found.insert(1, head, found["method"].map(values).astype(float))
    found.insert(2, f"{head}, {CLUSTERED}", found["method"].map(intervals).fillna("–"))
    return found
