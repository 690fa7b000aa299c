"""One trial on the page: the question, the two results, the answers, and the next pictures.

Nothing that reaches the browser tells the methods apart: pictures are pixels under a hash, alt
texts say "picture A", and a step is known by its number alone.
"""

from __future__ import annotations

import logging
from typing import Literal

import streamlit as st

from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Seat, Step
from studies.design.material import PictureMissing
from studies.design.trial import NOTHING, Side, Trial
from studies.page.messages import guarded, try_again
from studies.page.timing import begin_timing, note_sent, place_clock, timing, too_soon

log = logging.getLogger("studies.page.participant")


#: Answer -> its key, as the browser names it, in the order of their buttons; a mark is its own.
_KEYS = {"left": "ArrowLeft", "tie": "ArrowDown", "right": "ArrowRight"}


def show_trial(opened: OpenStudy, secret: str, seat: Seat, step: Step) -> None:
    """Show one question about one trial, and take the answer."""
    trial, material, say = step.trial, opened.material, opened.study.say
    begin_timing(step.number)
    st.progress(seat.done / len(seat.steps), text=_place(opened, seat, step))
    st.header(opened.study.ask(step.question))
    try:
        with st.container(key="sources", horizontal=True):
            for name, picture in (
                (say("photograph"), material.content(trial.content, trial.style)),
                (say("style"), material.style(trial.content, trial.style)),
            ):
                st.image(picture, caption=name, alt=name, width=150, output_format="PNG")
        sides = _sides(trial)
        with st.container(key="results"):
            alone = len(sides) == 1
            columns = st.columns([1, 2, 1])[1:2] if alone else st.columns(2, gap="small")
            for column, name, side in zip(columns, "AB", sides, strict=False):
                letter = "" if alone else name
                column.image(
                    material.picture(side, trial.content, trial.style),
                    caption=letter or None,
                    alt=say("picture", letter=letter).strip(),
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
        answers = [answer for answer in _KEYS if answer in seat.answers] or list(seat.answers)
        marks = "marks" if len(sides) == 1 else "choices"
        with st.container(key=marks, horizontal=True, horizontal_alignment="center"):
            for answer in answers:
                label, shortcut, kind = _button(opened, step, answer)
                st.form_submit_button(
                    label,
                    key=f"step-{step.number}-{answer}",
                    shortcut=shortcut,
                    type=kind,
                    on_click=guarded(_vote),
                    args=(opened, secret, step.number, answer),
                )
        place_clock(step.number, 2 + len(sides), [_KEYS.get(each, each) for each in answers])
    _preload(opened, seat)
    note_sent()


def _sides(trial: Trial) -> list[Side]:
    """Return the results that a trial shows: two, or one to be rated."""
    return [side for side in (trial.left, trial.right) if side != NOTHING]


def _button(
    opened: OpenStudy, step: Step, answer: str
) -> tuple[str, str, Literal["primary", "secondary"]]:
    """Return the label of an answer, its key, and how it looks."""
    study = opened.study
    if answer == "tie":
        return study.say("cannot_say"), "Down", "secondary"
    if answer in _KEYS:
        letter = "A" if answer == "left" else "B"
        label = study.say("better", letter=letter) if step.question == "overall" else letter
        return label, answer.capitalize(), "primary"
    ends = {"1": study.say("not_at_all"), str(study.scale): study.say("completely")}
    return f"{answer} {ends.get(answer, '')}".strip(), answer, "primary"


def _place(opened: OpenStudy, seat: Seat, step: Step) -> str:
    if step.trial.kind == "practice":
        of = opened.study.practice
        return opened.study.say("practice_place", number=step.position + 1, of=of)
    return opened.study.say("place", number=seat.done + 1, of=len(seat.steps))


def _vote(opened: OpenStudy, secret: str, number: int, answer: str) -> None:
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
                *(
                    opened.material.picture(side, trial.content, trial.style)
                    for side in _sides(trial)
                ),
            ):
                st.image(picture, alt="", output_format="PNG")
    except PictureMissing as error:
        log.error("%s", error)
