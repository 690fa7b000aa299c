"""How people answer: who is left out by which rule, how long it takes, what they wrote."""

from __future__ import annotations

import streamlit as st

from studies.analysis.progress import exclusions, pace, people_so_far, timed_answers, times
from studies.ballots.poll import Poll
from studies.page.panels.once import once


def show_people(poll: Poll) -> None:
    """Show exclusions, times, every participant, and comments."""
    people = once(people_so_far, poll)
    st.subheader("Exclusions")
    st.table(once(exclusions, poll), hide_index=True, border="horizontal")
    st.subheader("Times")
    timed, finished = len(timed_answers(poll)), people["finished"].astype(bool)
    fast = int(people["doubtful"].str.contains("fast").sum())
    if len(poll.votes):
        middle = people.loc[finished, "minutes"].median()
        took = f"Who finished took {middle:.1f} minutes (median). " if finished.any() else ""
        st.write(
            f"{took}{fast} of {len(people)} people are fast: half of their answers came within a "
            "second."
        )
    if timed:
        told = once(times, poll)
        numbers = told.select_dtypes("float").columns
        st.table(
            told.assign(**{name: told[name].map("{:.1f}".format) for name in numbers}),
            hide_index=True,
            border="horizontal",
        )
        st.line_chart(
            once(pace, poll), x="screen", y="median seconds", height=220, color="#0b57a4",
            alt="Median seconds of an answer, by its place in the study",
        )  # fmt: skip
    st.caption(
        f"By the browser's clock, from all pictures being shown to the press: {timed} of "
        f"{len(poll.votes)} answers. Answers after a reload are not among them."
    )
    st.subheader("Attention")
    st.dataframe(
        people,
        hide_index=True,
        column_config={
            "median seconds": st.column_config.NumberColumn(format="%.1f"),
            "minutes": st.column_config.NumberColumn(format="%.1f"),
        },
    )
    comments = poll.participants.loc[
        poll.participants["comment"].notna(), ["participant", "comment"]
    ]
    if len(comments):
        st.subheader("Comments")
        st.dataframe(comments, hide_index=True)
