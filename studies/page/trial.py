"""One trial on the page: the question, the two results, the answers, and the next pictures.

Nothing that reaches the browser tells the methods apart: pictures are pixels under a hash, alt
texts say "picture A", and a step is known by its number alone.
"""

from __future__ import annotations

import logging

import streamlit as st

from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Seat, Step
from studies.design.material import PictureMissing
from studies.design.trial import Answer
from studies.page.messages import guarded, try_again
from studies.page.timing import begin_timing, note_sent, place_clock, timing, too_soon

log = logging.getLogger("studies.page.participant")


def show_trial(opened: OpenStudy, secret: str, seat: Seat, step: Step) -> None:
    """Show one question about one trial, and take the answer."""
    trial, material, say = step.trial, opened.material, opened.study.say
    begin_timing(step.number)
    st.progress(seat.done / len(seat.steps), text=_place(opened, seat, step))
    st.header(say(f"question_{step.question}"))
    try:
        with st.container(key="sources", horizontal=True):
            for name, picture in (
                (say("photograph"), material.content(trial.content, trial.style)),
                (say("style"), material.style(trial.content, trial.style)),
            ):
                st.image(picture, caption=name, alt=name, width=150, output_format="PNG")
        with st.container(key="results"):
            columns = st.columns(2, gap="small")
            for column, name, side in zip(columns, "AB", (trial.left, trial.right), strict=True):
                picture = material.picture(side, trial.content, trial.style)
                column.image(
                    picture,
                    caption=name,
                    alt=say("picture", letter=name),
                    width="stretch",
                    output_format="PNG",
                )
    except PictureMissing as error:
        log.error("%s", error)
        try_again(say("picture_missing"), opened.study)
        return
    with st.container(key="lacking"):
        st.markdown(say("not_loaded"))
    # A form sends what is in it together with the press: the browser's time and the answer.
    with st.container(key="answers"), st.form("answers", border=False):
        with st.container(horizontal=True, horizontal_alignment="center"):
            for label, answer, key in (
                (_choice(opened, step, "A"), "left", "Left"),
                (say("cannot_say"), "tie", "Down"),
                (_choice(opened, step, "B"), "right", "Right"),
            ):
                if answer not in seat.answers:
                    continue
                st.form_submit_button(
                    label,
                    key=f"step-{step.number}-{answer}",
                    shortcut=key,
                    type="secondary" if answer == "tie" else "primary",
                    on_click=guarded(_vote),
                    args=(opened, secret, step.number, answer),
                )
        keys = {"left": "ArrowLeft", "tie": "ArrowDown", "right": "ArrowRight"}
        place_clock(step.number, 4, [keys[answer] for answer in seat.answers])
    _preload(opened, seat)
    note_sent()


def _choice(opened: OpenStudy, step: Step, letter: str) -> str:
    return opened.study.say("better", letter=letter) if step.question == "overall" else letter


def _place(opened: OpenStudy, seat: Seat, step: Step) -> str:
    if step.trial.kind == "practice":
        of = opened.study.practice
        return opened.study.say("practice_place", number=step.position + 1, of=of)
    return opened.study.say("place", number=seat.done + 1, of=len(seat.steps))


def _vote(opened: OpenStudy, secret: str, number: int, answer: Answer) -> None:
    if too_soon(number):
        return
    seconds, circumstances = timing(number)
    outcome, seat = opened.ballots.cast(opened.key, secret, number, answer, seconds, circumstances)
    if outcome == "again":
        log.info("participant %s answered step %d again", seat.participant, number)
    st.session_state["seat"] = seat


def _preload(opened: OpenStudy, seat: Seat) -> None:
    """Send the next trial's pictures too, hidden, so that they are loaded when it is shown."""
    following = seat.steps[seat.done + 1 : seat.done + 2]
    if not following or following[0].position == seat.steps[seat.done].position:
        return
    trial = following[0].trial
    try:
        with st.container(key="next"):
            for picture in (
                opened.material.content(trial.content, trial.style),
                opened.material.style(trial.content, trial.style),
                opened.material.picture(trial.left, trial.content, trial.style),
                opened.material.picture(trial.right, trial.content, trial.style),
            ):
                st.image(picture, alt="", output_format="PNG")
    except PictureMissing as error:
        log.error("%s", error)
