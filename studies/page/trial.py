"""One trial on the page: the question, the results, the answers, and the next pictures.

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
from studies.design.trial import LETTERS
from studies.page.messages import ANSWERED_BEFORE, NOT_KEPT, guarded, try_again
from studies.page.ordering import place_ordering, told_order
from studies.page.results import show_results
from studies.page.timing import begin_timing, note_sent, place_clock, timing, too_soon

log = logging.getLogger("studies.page.participant")


#: Answer -> its key, as the browser names it, in the order of their buttons; a mark is its own.
_KEYS = {"left": "ArrowLeft", "tie": "ArrowDown", "right": "ArrowRight"}
#: In the session: the number of the step that was answered last.
_ANSWERED = "answered"


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
        show_results(opened, step)
    except PictureMissing as error:
        log.error("%s", error)
        try_again(say("picture_missing"), opened.study)
        return
    with st.container(key="lacking"):
        st.markdown(say("not_loaded"))
    # A form sends what is in it together with the press: the browser's time and the answer.
    with st.container(key="answers"), st.form("answers", border=False):
        if opened.study.task == "ranking":
            keys = _offer_order(opened, secret, step)
        else:
            keys = _offer_answers(opened, secret, seat, step)
        place_clock(step.number, 2 + len(trial.sides), keys)
    _preload(opened, seat)
    note_sent()


def _offer_answers(opened: OpenStudy, secret: str, seat: Seat, step: Step) -> list[str]:
    """Show a button for each answer; return their keys, as the browser names them."""
    answers = [answer for answer in _KEYS if answer in seat.answers] or list(seat.answers)
    form = {1: "marks", 2: "choices"}.get(len(step.trial.sides), "letters")
    with st.container(key=form, horizontal=True, horizontal_alignment="center"):
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
    return [_KEYS.get(each, _number_of(each)) for each in answers]


def _offer_order(opened: OpenStudy, secret: str, step: Step) -> list[str]:
    """Let the results be put in order, with a button to send it; no key of its own sends it."""
    with st.container(key="done", horizontal=True, horizontal_alignment="center"):
        st.form_submit_button(
            opened.study.say("order_done"),
            key=f"step-{step.number}-order",
            type="primary",
            on_click=guarded(_vote),
            args=(opened, secret, step.number, None),
        )
    place_ordering(opened, step)
    return []


def _number_of(answer: str) -> str:
    """Return the key of a mark, which is itself, or of a letter."""
    return str(LETTERS.index(answer) + 1) if answer in LETTERS else answer


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
    if answer in LETTERS:
        return answer, _number_of(answer), "primary"
    ends = {"1": study.say("not_at_all"), str(study.scale): study.say("completely")}
    return f"{answer} {ends.get(answer, '')}".strip(), answer, "primary"


def _place(opened: OpenStudy, seat: Seat, step: Step) -> str:
    if step.trial.kind == "practice":
        of = opened.study.practice
        return opened.study.say("practice_place", number=step.position + 1, of=of)
    return opened.study.say("place", number=seat.done + 1, of=len(seat.steps))


def _vote(opened: OpenStudy, secret: str, number: int, answer: str | None) -> None:
    """Keep an answer; None is the order in which the results were left."""
    if too_soon(number):
        return
    if answer is None:
        answer = told_order(number, opened.study.answers)
        if answer is None:
            log.warning("step %d was sent without an order; it is asked again", number)
            st.session_state[NOT_KEPT] = True
            return
    seconds, circumstances = timing(number)
    outcome, seat = opened.ballots.cast(opened.key, secret, number, answer, seconds, circumstances)
    if outcome == "again":
        log.info("participant %s answered step %d again", seat.participant, number)
        # A second press in the same tab needs no word.
        st.session_state[ANSWERED_BEFORE] = st.session_state.get(_ANSWERED) != number
    st.session_state["seat"], st.session_state[_ANSWERED] = seat, number


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
                    for side in trial.sides
                ),
            ):
                st.image(picture, alt="", output_format="PNG")
    except PictureMissing as error:
        log.error("%s", error)
