"""What a participant sees, from the consent to the thanks; a trial is in `studies.page.trial`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from studies.ballots.ballots import LONGEST_COMMENT
from studies.ballots.database import BallotsDown
from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Refused, Seat, Step
from studies.design.study import Study
from studies.design.trial import LETTERS, SEVERAL
from studies.page.appearance import CSS, RIGHT_TO_LEFT
from studies.page.entrance import BOX, LINK, NOT_JOINED, ask_about, join, visitor
from studies.page.messages import ANSWERED_BEFORE, NOT_KEPT, guarded, out_of_reach
from studies.page.trial import show_trial
from studies.page.withdrawal import WITHDRAWN, offer_withdrawal, offer_withdrawal_by_code

log = logging.getLogger("studies.page.participant")

#: What the browser does by itself.
_PRESSES = (Path(__file__).parent / "presses.js").read_text(encoding="utf-8")


def show(opened: OpenStudy) -> None:
    """Show the page for whoever looks at it."""
    st.set_page_config(page_title=opened.study.title)
    st.html(f"<style>{CSS}{RIGHT_TO_LEFT if opened.study.right_to_left else ''}</style>")
    st.html(f"<script>{_PRESSES}</script>", unsafe_allow_javascript=True)
    if st.session_state.get(WITHDRAWN):
        with st.container(key="text"):
            st.header(opened.study.say("deleted"))
            st.write(opened.study.say("deleted_text"))
        return
    try:
        secret = visitor(opened)
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach(opened.study)
        return
    if secret is not None:
        _show_to(opened, secret)


def _show_to(opened: OpenStudy, secret: str) -> None:
    try:
        seat = st.session_state.pop("seat", None) or opened.ballots.seat(opened.key, secret)
    except Refused as error:
        if st.query_params.get(LINK) or st.session_state.pop(LINK, None):
            log.warning("%s", error)
            _unknown_link(opened)
        else:
            show_welcome(opened, secret)
        return
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach(opened.study)
        return
    st.session_state[LINK] = secret
    if st.query_params.get(LINK) != secret:
        st.query_params[LINK] = secret
    if st.session_state.pop(NOT_KEPT, False):
        st.warning(opened.study.say("not_kept"), icon=":material/replay:")
    if st.session_state.pop(ANSWERED_BEFORE, False):
        st.info(opened.study.say("answered_before"))
    if seat.step is None:
        show_thanks(opened, secret, seat)
    elif seat.closed:
        with st.container(key="text"):
            st.header(opened.study.say("ended"))
            st.write(opened.study.say("ended_text"))
    elif (
        break_before(opened.study, seat.steps, seat.done)
        and st.session_state.get("rested") != seat.step.position
    ):
        show_break(opened, seat)
    else:
        show_trial(opened, secret, seat, seat.step)
    offer_withdrawal(opened, secret)


def show_welcome(opened: OpenStudy, secret: str) -> None:
    """Show the first page: what it is about, the consent, and questions about oneself."""
    study = opened.study
    with st.container(key="text"):
        st.title(study.title)
        st.write(study.introduction)
        lines = ["how_pictures", "how_keys", "how_practice", "how_minutes", "how_link"]
        if study.task == "rating":
            lines[:2] = ["how_pictures_rating", "how_keys_rating"]
        elif study.task in SEVERAL:
            lines[:2] = ["how_pictures_several", f"how_keys_{study.task}"]
        elif not study.cannot_say:
            lines[1] = "how_keys_forced"
        if not study.practice:
            lines.remove("how_practice")
        if not 0 < study.break_every < study.screens - study.practice:
            lines[lines.index("how_minutes")] = "how_minutes_alone"
        numbers = {
            "how_practice": study.practice,
            "how_minutes": _minutes(opened),
            "how_minutes_alone": _minutes(opened),
            "how_keys_rating": study.scale,
            "how_pictures_several": study.pictures,
            "how_keys_best": study.pictures,
        }
        letter = LETTERS[study.pictures - 1]
        told = (study.say(line, number=numbers.get(line, ""), letter=letter) for line in lines)
        st.markdown(f"**{study.say('how')}**\n\n" + "".join(f"- {line}\n" for line in told))
        st.subheader(study.say("your_consent"))
        st.write(study.consent)
        for name in ("contact", "ethics"):
            if text := getattr(study, name):
                st.write(study.say(name, **{name: text}))
        for number, text in enumerate(study.consent_boxes):
            st.checkbox(text, key=f"{BOX}{number}")
        ask_about(study)
        st.button(
            study.say("begin"),
            type="primary",
            on_click=guarded(join),
            args=(opened, secret),
        )
        if why := st.session_state.pop(NOT_JOINED, ""):
            st.info(why)
    offer_withdrawal_by_code(opened)


def _minutes(opened: OpenStudy) -> int:
    """Return about how many minutes it takes.

    A guess: six seconds for an answer about one or two pictures, three for each that is chosen
    from, and five for each that is put in its place.
    """
    study = opened.study
    seconds = {"best": 3 * study.pictures, "ranking": 5 * study.pictures}.get(study.task, 6)
    return max(1, round(study.screens * len(study.questions) * seconds / 60))


def _unknown_link(opened: OpenStudy) -> None:
    with st.container(key="text"):
        st.header(opened.study.say("unknown_link"))
        st.write(opened.study.say("unknown_link_why"))
        st.button(opened.study.say("start_again"), on_click=st.query_params.clear)


def break_before(study: Study, steps: Sequence[Step], number: int) -> bool:
    """Tell whether a break stands before a step."""
    step, every = steps[number], study.break_every
    counted = step.position - study.practice
    return (
        every > 0
        and counted > 0
        and counted % every == 0
        and (number == 0 or steps[number - 1].position != step.position)
    )


def show_break(opened: OpenStudy, seat: Seat) -> None:
    """Show a rest before the next step."""
    assert seat.step is not None
    with st.container(key="text"):
        st.header(opened.study.say("break_title"))
        st.write(opened.study.say("break_text", number=seat.done, of=len(seat.steps)))
        st.progress(seat.done / len(seat.steps))
        st.button(
            opened.study.say("go_on"),
            type="primary",
            shortcut="Enter",
            on_click=_set_rested,
            args=(seat.step.position,),
        )


def _set_rested(position: int) -> None:
    st.session_state["rested"] = position


def show_thanks(opened: OpenStudy, secret: str, seat: Seat) -> None:
    """Show the last page: the completion code, the way back, and room for a word."""
    say = opened.study.say
    with st.container(key="text"):
        st.title(say("thanks"))
        st.write(say("thanks_code"))
        st.code(seat.code, language=None)
        if link := opened.study.completion_link:
            st.link_button(say("go_back"), link.replace("{code}", seat.code), type="primary")
        st.caption(say("keep_code"))
        with st.form("comment", border=False):
            text = st.text_area(say("comment"), max_chars=LONGEST_COMMENT)
            if st.form_submit_button(say("send")):
                _send(opened, secret, text)


def _send(opened: OpenStudy, secret: str, text: str) -> None:
    try:
        opened.ballots.comment(opened.key, secret, text)
        st.success(opened.study.say("comment_kept"))
    except BallotsDown as error:
        log.error("%s", error)
        st.warning(opened.study.say("comment_not_kept"))
    except Refused as error:
        log.warning("refused: %s", error)
        st.warning(opened.study.say("comment_long", number=LONGEST_COMMENT))
