"""Whether the study can stop, and how full it is; nothing tells what people prefer."""

from __future__ import annotations

import logging

import pandas as pd
import streamlit as st

from studies.analysis.precision import Precision, precision_so_far, wanted_precision
from studies.analysis.progress import balance_so_far
from studies.ballots.administration import close_study
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll
from studies.ballots.quotas import read_quotas
from studies.page.panels.once import once

log = logging.getLogger("studies.page.administrator")


def show_overview(opened: OpenStudy, poll: Poll) -> None:
    """Show whether the study can stop, its quotas, and how even the votes are."""
    quotas = read_quotas(opened.ballots, opened.key, opened.study.door)
    st.subheader("Can it stop?")
    _can_stop(poll, quotas.places)
    label = "Open the study again" if poll.closed_at else "Close the study"
    st.button(label, on_click=_set_closed, args=(opened, poll.closed_at is None))
    st.subheader("Quotas")
    st.table(quotas.blocks, hide_index=True, border="horizontal")
    if len(quotas.doors):
        st.table(quotas.doors, hide_index=True, border="horizontal")
    st.caption(
        "Left: stopped in the middle, and away for half an hour. Left out: finished, and failed "
        "too many catch trials. Places of both are filled again."
    )
    st.subheader("Balance of the votes so far")
    st.table(once(balance_so_far, poll), hide_index=True, border="horizontal")


def _can_stop(poll: Poll, places: pd.DataFrame) -> None:
    finished, planned = int((places["state"] == "finished").sum()), len(places)
    full = f"{finished} of {planned} places are finished."
    if finished == planned:
        st.success(
            f"Yes: every place is finished, {finished} of {planned}.", icon=":material/flag:"
        )
    found = once(precision_so_far, poll)
    wanted = wanted_precision(poll)
    if not found:
        st.info(f"It ends when its places are filled. {full}")
        return
    who = "the plan" if len(poll.preregistrations) else "the study file"
    if wanted and not len(poll.preregistrations):
        st.caption("This study was not preregistered; the width is that of the study file.")
    for question, precision in found.items():
        about = f"*{question}*: " if len(found) > 1 else ""
        text = about + told(precision, who)
        if precision.reached:
            st.success(text, icon=":material/check_circle:")
        else:
            st.info(text, icon=":material/hourglass:")
            if precision.more:
                st.progress(precision.people / (precision.people + precision.more))
    if not wanted and finished < planned:
        st.caption(f"The study ends when its places are filled. {full}")


def told(precision: Precision, who: str) -> str:
    """Say how precise a question is, and how much is missing; nothing about which method leads.

    Args:
        precision: of the question.
        who: names the wanted width.
    """
    if not precision.known:
        return "There are too few answers to tell how precise the study is."
    widest = f"The widest 95 % interval of a strength is {precision.widest:.2f}"
    if not precision.wanted:
        return f"{widest}, from {precision.people} people; {who} names no width."
    against = f"{widest}; {who} says {precision.wanted:.2f}."
    if precision.reached:
        return f"Precise enough. {against}"
    if precision.more is None:
        return (
            f"Not precise enough. {against} More people alone would not do: the methods fare "
            "differently from picture to picture, and only more pictures would help."
        )
    return (
        f"Not precise enough. {against} About {precision.more} more people like the "
        f"{precision.people} so far would do."
    )


def _set_closed(opened: OpenStudy, closed: bool) -> None:
    # A callback is reached only through a page that was shown, and so only with the token.
    close_study(opened.ballots, opened.key, closed=closed)
    log.info("study %s was %s", opened.study.name, "closed" if closed else "opened again")
