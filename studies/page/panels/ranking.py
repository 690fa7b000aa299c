"""The ranking, once the study is closed; whoever looks at it is in the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from studies.ballots.events import log_event
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll
from studies.design.study import Question

if TYPE_CHECKING:
    from studies.analysis.questions import QuestionResult

#: By how a study asks, what the table tells beside strengths.
_TOLD = {"pairs": "share", "rating": "mean", "best": "first", "ranking": "first"}


def show_ranking(opened: OpenStudy, poll: Poll) -> None:
    """Show the strengths of the methods, or why they are hidden."""
    st.subheader("Ranking")
    if poll.closed_at is None:
        st.info(
            "Hidden until the study is closed. Whoever sees the ranking earlier may be tempted to "
            "stop when they like it. Overview tells whether the study is precise enough."
        )
        return
    for question, result in _results(opened, poll).items():
        st.write(opened.study.ask(question))
        st.dataframe(ranking(result, poll), hide_index=True)


def _results(opened: OpenStudy, poll: Poll) -> Mapping[Question, QuestionResult]:
    """Analyse a closed study once, and not at every refresh of the counts."""
    key = (poll.closed_at, len(poll.votes))
    kept = st.session_state.get("results")
    if kept is None or kept[0] != key:
        from studies.analysis.by_task import results_of  # takes long to load; voters never need it

        log_event(opened.ballots, opened.key, "ranking", "shown on the page")
        found: Mapping[str, QuestionResult] = results_of(poll)
        kept = key, {question: found[question] for question in opened.study.questions}
        st.session_state["results"] = kept
    results: Mapping[Question, QuestionResult] = kept[1]
    return results


def ranking(result: QuestionResult, poll: Poll) -> pd.DataFrame:
    """Return the strengths with the methods' titles, best first."""
    frame = result.strengths.assign(title=result.strengths["method"].map(poll.settings["methods"]))
    told = _TOLD[poll.task]
    return frame[["title", "votes", "rank", "strength", "low", "high", told, "best"]]
