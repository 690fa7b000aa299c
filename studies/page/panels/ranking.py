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
    from studies.analysis.rating_results import RatingResult
    from studies.analysis.results import QuestionResult


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


def _results(opened: OpenStudy, poll: Poll) -> Mapping[Question, QuestionResult | RatingResult]:
    """Analyse a closed study once, and not at every refresh of the counts."""
    key = (poll.closed_at, len(poll.votes))
    kept = st.session_state.get("results")
    if kept is None or kept[0] != key:
        # Takes long to load, and voters never need it.
        from studies.analysis.rating_results import analyse_settings
        from studies.analysis.results import analyse

        log_event(opened.ballots, opened.key, "ranking", "shown on the page")
        found: Mapping[str, QuestionResult | RatingResult]
        if opened.study.task == "rating":
            found = analyse_settings(poll.votes, poll.participants, poll.settings)
        else:
            found = analyse(
                poll.votes,
                poll.participants,
                methods=list(poll.settings["methods"]),
                drop_at=opened.study.drop_at,
                questions=opened.study.questions,
            )
        kept = key, {question: found[question] for question in opened.study.questions}
        st.session_state["results"] = kept
    results: Mapping[Question, QuestionResult | RatingResult] = kept[1]
    return results


def ranking(result: QuestionResult | RatingResult, poll: Poll) -> pd.DataFrame:
    """Return the strengths with the methods' titles, best first."""
    from studies.analysis.rating_results import RatingResult

    frame = result.strengths.assign(title=result.strengths["method"].map(poll.settings["methods"]))
    told = "mean" if isinstance(result, RatingResult) else "share"
    return frame[["title", "votes", "rank", "strength", "low", "high", told, "best"]]
