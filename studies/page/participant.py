"""What a participant sees: consent, practice, trials, breaks, and thanks.

Nothing that reaches the browser tells the methods apart: pictures are pixels under a hash, alt
texts say "picture A", and a step is known by its number alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import streamlit as st

from studies.ballots.ballots import LONGEST_COMMENT, StudyFull
from studies.ballots.database import BallotsDown
from studies.ballots.opening import OpenStudy
from studies.ballots.seats import Refused, Seat, Step
from studies.design.material import PictureMissing
from studies.design.study import QUESTIONS
from studies.design.trial import Answer
from studies.page.appearance import CSS

log = logging.getLogger("studies.page.participant")

#: The part of the address that makes a link private.
LINK = "me"
#: An answer that comes sooner after its trial than this, in seconds, is a key held down or the
#: second half of a double click on the trial before, and is not taken.
SOONEST = 0.25


def show(opened: OpenStudy) -> None:
    """Show the page for whoever looks at it."""
    st.html(f"<style>{CSS}</style>")
    secret = st.query_params.get(LINK) or st.session_state.get(LINK)
    if not secret:
        _welcome(opened)
        return
    try:
        seat = st.session_state.pop("seat", None) or opened.ballots.seat(opened.key, secret)
    except Refused as error:
        log.warning("%s", error)
        st.session_state.pop(LINK, None)
        _unknown_link()
        return
    except BallotsDown as error:
        log.error("%s", error)
        out_of_reach()
        return
    st.session_state[LINK] = secret
    if st.query_params.get(LINK) != secret:
        st.query_params[LINK] = secret
    if st.session_state.pop("not_kept", False):
        st.warning(
            "Your last answer could not be kept, for a reason on our side. Please give it again.",
            icon=":material/replay:",
        )
    if seat.step is None:
        _thanks(opened, secret, seat)
    elif seat.closed:
        st.header("This study has ended")
        st.write("Thank you for your answers. No more are taken.")
    elif _break_due(opened, seat):
        _rest(seat)
    else:
        _trial(opened, secret, seat, seat.step)


def sorry() -> None:
    """Say that something failed which nobody foresaw."""
    _try_again("Something went wrong on our side. Your answers so far are safe.")


def out_of_reach() -> None:
    """Say that the database cannot be reached."""
    _try_again("Your answers so far are safe. We cannot reach our records at this moment.")


def _try_again(message: str) -> None:
    st.warning(message, icon=":material/cloud_off:")
    st.button("Try again", type="primary")


def _welcome(opened: OpenStudy) -> None:
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
            "- The page's address is then your private link: keep it to go on later, on any "
            "device.\n"
        )
        st.subheader("Your consent")
        st.write(study.consent)
        st.button(
            "I agree. Begin",
            type="primary",
            on_click=_guarded(_join),
            args=(opened,),
        )
        if st.session_state.pop("full", False):
            st.info(
                "All places are taken at the moment. A place may become free within half an "
                "hour; thank you for your interest."
            )
        if st.session_state.pop("ended", False):
            st.info("This study has ended. Thank you for your interest.")


def _minutes(opened: OpenStudy) -> int:
    """Guess how long it takes, at six seconds an answer."""
    study = opened.study
    trials = study.practice + study.trials + study.repeats + study.catches
    return max(1, round(trials * len(study.questions) * 6 / 60))


def _join(opened: OpenStudy) -> None:
    try:
        st.session_state[LINK] = opened.ballots.join(opened.key)
    except StudyFull:
        st.session_state["full"] = True
    except Refused:
        st.session_state["ended"] = True


def _guarded(action: Callable[..., None]) -> Callable[..., None]:
    """Keep what a click may raise away from the page: it is told there in kind words."""

    def guarded(*arguments: object) -> None:
        try:
            action(*arguments)
        except BallotsDown as error:
            log.error("%s", error)
            st.session_state["not_kept"] = True
        except Refused as error:
            log.warning("refused: %s", error)
        except Exception:
            log.exception("a click failed")
            st.session_state["not_kept"] = True

    return guarded


def _unknown_link() -> None:
    with st.container(key="text"):
        st.header("This link is not known")
        st.write(
            "It may have been cut short when it was copied, or its answers were deleted. Please "
            "look for the whole link, or begin anew."
        )
        st.button("Begin anew", on_click=st.query_params.clear)


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


def _trial(opened: OpenStudy, secret: str, seat: Seat, step: Step) -> None:
    trial, material = step.trial, opened.material
    if st.session_state.get("shown") != step.number:
        st.session_state["shown"], st.session_state["since"] = step.number, time.monotonic()
    st.progress(seat.done / len(seat.steps), text=_place(opened, seat, step))
    st.header(QUESTIONS[step.question])
    try:
        with st.container(key="sources", horizontal=True):
            for name, picture in (
                ("Photograph", material.content(trial.content, trial.style)),
                ("Style", material.style(trial.content, trial.style)),
            ):
                st.image(
                    picture, caption=name, alt=f"The {name.lower()}", width=150, output_format="PNG"
                )
        with st.container(key="results"):
            columns = st.columns(2, gap="small")
            for column, name, side in zip(columns, "AB", (trial.left, trial.right), strict=True):
                picture = material.picture(side, trial.content, trial.style)
                column.image(
                    picture,
                    caption=name,
                    alt=f"Picture {name}",
                    width="stretch",
                    output_format="PNG",
                )
    except PictureMissing as error:
        log.error("%s", error)
        _try_again(
            "A picture of this study cannot be shown. Your answers so far are safe; please come "
            "back later with the same link."
        )
        return
    with st.container(key="answers", horizontal=True, horizontal_alignment="center"):
        for label, answer, key in (
            ("A is better" if step.question == "overall" else "A", "left", "Left"),
            ("Can't say", "tie", "Down"),
            ("B is better" if step.question == "overall" else "B", "right", "Right"),
        ):
            st.button(
                label,
                key=f"step-{step.number}-{answer}",
                shortcut=key,
                type="secondary" if answer == "tie" else "primary",
                on_click=_guarded(_vote),
                args=(opened, secret, step.number, answer),
            )
    _preload(opened, seat)


def _place(opened: OpenStudy, seat: Seat, step: Step) -> str:
    if step.trial.kind == "practice":
        return f"Practice {step.position + 1} of {opened.study.practice} (not counted)"
    return f"{seat.done + 1} of {len(seat.steps)}"


def _vote(opened: OpenStudy, secret: str, number: int, answer: Answer) -> None:
    since = st.session_state.get("since") if st.session_state.get("shown") == number else None
    seconds = time.monotonic() - since if since is not None else 0.0
    if since is not None and seconds < SOONEST:
        return
    outcome, seat = opened.ballots.cast(opened.key, secret, number, answer, seconds)
    if outcome == "again":
        log.info("participant %s answered step %d again", seat.participant, number)
    st.session_state["seat"] = seat


def _preload(opened: OpenStudy, seat: Seat) -> None:
    """Send the next trial's pictures too, unseen, so that they are there when it comes."""
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


def _thanks(opened: OpenStudy, secret: str, seat: Seat) -> None:
    with st.container(key="text"):
        st.title("Thank you!")
        st.write("All your answers are kept. Your completion code:")
        st.code(seat.code, language=None)
        with st.form("comment", border=False):
            text = st.text_area(
                "Is there something you would like to tell us? (optional)",
                max_chars=LONGEST_COMMENT,
            )
            if st.form_submit_button("Send"):
                _send(opened, secret, text)
        with st.expander("Delete my answers"):
            st.write("Everything you answered is deleted at once and cannot be brought back.")
            st.button("Delete all my answers", on_click=_guarded(_withdraw), args=(opened, secret))


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


def _withdraw(opened: OpenStudy, secret: str) -> None:
    opened.ballots.withdraw(opened.key, secret)
    st.session_state.clear()
    st.query_params.clear()
