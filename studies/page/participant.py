"""What a participant sees, from the consent to the thanks; a trial is in `studies.page.trial`."""

from __future__ import annotations

import logging

import streamlit as st

from studies.ballots.ballots import LONGEST_COMMENT
from studies.ballots.database import BallotsDown
from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Refused, Seat
from studies.page.appearance import CSS
from studies.page.entrance import LINK, join, visitor
from studies.page.messages import NOT_KEPT, guarded, out_of_reach
from studies.page.trial import show_trial
from studies.page.withdrawal import WITHDRAWN, offer_withdrawal, offer_withdrawal_by_code

log = logging.getLogger("studies.page.participant")


def show(opened: OpenStudy) -> None:
    """Show the page for whoever looks at it."""
    st.html(f"<style>{CSS}</style>")
    if st.session_state.get(WITHDRAWN):
        with st.container(key="text"):
            st.header("Your answers were deleted")
            st.write("Nothing of them is left. You can close this page.")
        return
    try:
        secret = visitor(opened)
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach()
        return
    if secret is not None:
        _show_to(opened, secret)


def _show_to(opened: OpenStudy, secret: str) -> None:
    try:
        seat = st.session_state.pop("seat", None) or opened.ballots.seat(opened.key, secret)
    except Refused as error:
        if st.query_params.get(LINK) or st.session_state.pop(LINK, None):
            log.warning("%s", error)
            _unknown_link()
        else:
            _welcome(opened, secret)
        return
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach()
        return
    st.session_state[LINK] = secret
    if st.query_params.get(LINK) != secret:
        st.query_params[LINK] = secret
    if st.session_state.pop(NOT_KEPT, False):
        st.warning(
            "We could not save your last answer. Please give it again.",
            icon=":material/replay:",
        )
    if seat.step is None:
        _thanks(opened, secret, seat)
    elif seat.closed:
        with st.container(key="text"):
            st.header("This study has ended")
            st.write("Thank you for your answers. No more are taken.")
    elif _break_due(opened, seat):
        _rest(seat)
    else:
        show_trial(opened, secret, seat, seat.step)
    offer_withdrawal(opened, secret)


def _welcome(opened: OpenStudy, secret: str) -> None:
    study = opened.study
    with st.container(key="text"):
        st.title(study.title)
        st.write(study.introduction)
        practice = f"The first {study.practice} are for practice. " if study.practice else ""
        st.markdown(
            "**How it goes**\n\n"
            "- At the top you see a photograph and a style picture, and below two results, A and "
            "B.\n"
            "- Press the button below them, or the keys **←** for A, **→** for B, **↓** if you "
            "can't say.\n"
            f"- {practice}It takes about {_minutes(opened)} minutes, with a break in between.\n"
            "- The address of the page is then your private link. Keep it to go on later, on any "
            "device.\n"
        )
        st.subheader("Your consent")
        st.write(study.consent)
        st.button(
            "I agree. Begin",
            type="primary",
            on_click=guarded(join),
            args=(opened, secret),
        )
        if told := st.session_state.pop("not joined", ""):
            st.info(told)
    offer_withdrawal_by_code(opened)


def _minutes(opened: OpenStudy) -> int:
    """Return about how many minutes it takes, at six seconds an answer."""
    study = opened.study
    trials = study.practice + study.trials + study.repeats + study.catches
    return max(1, round(trials * len(study.questions) * 6 / 60))


def _unknown_link() -> None:
    with st.container(key="text"):
        st.header("This link is not known")
        st.write(
            "It may have been cut short when it was copied, or its answers were deleted. Please "
            "look for the whole link, or start again."
        )
        st.button("Start again", on_click=st.query_params.clear)


def _break_due(opened: OpenStudy, seat: Seat) -> bool:
    step, every = seat.step, opened.study.break_every
    assert step is not None
    counted = step.position - opened.study.practice
    return (
        every > 0
        and counted > 0
        and counted % every == 0
        and (seat.done == 0 or seat.steps[seat.done - 1].position != step.position)
        and st.session_state.get("rested") != step.position
    )


def _rest(seat: Seat) -> None:
    assert seat.step is not None
    with st.container(key="text"):
        st.header("Time for a short break")
        st.write(f"You have answered {seat.done} of {len(seat.steps)}. Look out of the window.")
        st.progress(seat.done / len(seat.steps))
        st.button(
            "Go on",
            type="primary",
            shortcut="Enter",
            on_click=_set_rested,
            args=(seat.step.position,),
        )


def _set_rested(position: int) -> None:
    st.session_state["rested"] = position


def _thanks(opened: OpenStudy, secret: str, seat: Seat) -> None:
    with st.container(key="text"):
        st.title("Thank you!")
        st.write("All your answers are kept. Your completion code:")
        st.code(seat.code, language=None)
        if link := opened.study.completion_link:
            st.link_button(
                "Go back to where you came from",
                link.replace("{code}", seat.code),
                type="primary",
            )
        st.caption("Keep the code: with it you can have your answers deleted later.")
        with st.form("comment", border=False):
            text = st.text_area(
                "Is there something you would like to tell us? (optional)",
                max_chars=LONGEST_COMMENT,
            )
            if st.form_submit_button("Send"):
                _send(opened, secret, text)


def _send(opened: OpenStudy, secret: str, text: str) -> None:
    try:
        opened.ballots.comment(opened.key, secret, text)
        st.success("Thank you, we have it.")
    except BallotsDown as error:
        log.error("%s", error)
        st.warning("We cannot reach our records at this moment. Please send it again.")
    except Refused as error:
        log.warning("refused: %s", error)
        st.warning(f"Please write at most {LONGEST_COMMENT} characters.")
