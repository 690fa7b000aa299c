"""To take everything back: on every page of a participant, and by the completion code."""

from __future__ import annotations

import logging

import streamlit as st

from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Refused
from studies.page.messages import guarded

log = logging.getLogger("studies.page.participant")

#: Set in the session where somebody's answers were just deleted.
WITHDRAWN = "withdrawn"


def offer_withdrawal(opened: OpenStudy, secret: str) -> None:
    """Let a participant stop and delete everything, in two steps."""
    say = opened.study.say
    with st.container(key="withdraw"), st.expander(say("delete_title")):
        st.write(say("delete_text"))
        st.button(say("delete"), on_click=guarded(_withdraw), args=(opened, secret))


def offer_withdrawal_by_code(opened: OpenStudy) -> None:
    """Let whoever has a completion code delete what they answered."""
    say = opened.study.say
    with (
        st.container(key="withdraw"),
        st.expander(say("delete_by_code")),
        st.form("by code", border=False),
    ):
        code = st.text_input(say("completion_code"), max_chars=40)
        if st.form_submit_button(say("delete")) and code.strip():
            _withdraw_by_code(opened, code)


def _withdraw(opened: OpenStudy, secret: str) -> None:
    opened.ballots.withdraw(opened.key, secret)
    st.session_state.clear()
    st.query_params.clear()
    st.session_state[WITHDRAWN] = True


def _withdraw_by_code(opened: OpenStudy, code: str) -> None:
    try:
        opened.ballots.withdraw_by_code(opened.key, code)
        st.success(opened.study.say("deleted"))
    except Refused as error:
        log.warning("refused: %s", error)
        st.warning(opened.study.say("unknown_code"))
