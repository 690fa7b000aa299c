"""The screens of any place, as its participant sees them; nothing that is pressed is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import streamlit as st

from studies.ballots.ballots import Ballots, Outcome
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll
from studies.ballots.seats import Refused, Seat, read_place
from studies.page.appearance import CSS, RIGHT_TO_LEFT
from studies.page.participant import break_before, show_break, show_thanks, show_welcome
from studies.page.timing import BEGAN
from studies.page.trial import show_trial
from studies.page.withdrawal import offer_withdrawal

#: In the session: the place and the number of the screen that are shown.
_PLACE, _SCREEN = "preview place", "preview screen"
#: What stands for the code at the end.
_CODE = "EXAMPLE234"


@dataclass(frozen=True)
class Screen:
    """One screen of a participant.

    Attributes:
        what: it is.
        label: in the list of screens.
        step: number of the step that it asks, or before which it stands.
    """

    what: Literal["consent", "trial", "break", "end"]
    label: str
    step: int


class _Rehearsal(Ballots):
    """Ballots that keep nothing: an answer only leads to the next screen."""

    def __init__(self, seat: Seat) -> None:  # opens no database
        self._seat = seat

    def join(self, *_: object, **__: object) -> str:
        _turn(1)
        return ""

    def cast(self, *_: object, **__: object) -> tuple[Outcome, Seat]:
        _turn(1)
        return "kept", self._seat

    def comment(self, *_: object, **__: object) -> None:
        pass

    def withdraw(self, *_: object, **__: object) -> None:
        raise Refused("this is a preview")

    def withdraw_by_code(self, *_: object, **__: object) -> None:
        raise Refused("this is a preview")


def screens_of(opened: OpenStudy, seat: Seat) -> list[Screen]:
    """Return all screens of a place, in order."""
    found = [Screen("consent", "Consent", 0)]
    names = {"practice": "practice", "vote": "trial", "repeat": "repeat", "catch": "catch trial"}
    for step in seat.steps:
        if break_before(opened.study, seat.steps, step.number):
            found.append(Screen("break", "Break", step.number))
        kind = names.get(step.trial.kind, step.trial.kind)
        about = f", {step.question}" if len(opened.study.questions) > 1 else ""
        about += ", its two methods are not chosen yet" * (step.trial.pair == "open")
        found.append(
            Screen("trial", f"{step.number + 1} of {len(seat.steps)}: {kind}{about}", step.number)
        )
    return [*found, Screen("end", "The end", len(seat.steps))]


@st.fragment
def show_preview(opened: OpenStudy, poll: Poll) -> None:
    """Show one screen of one place, and lead through the others."""
    places = sorted(int(slot) for slot in poll.trials["slot"].unique())
    with st.container(key="preview-where"):
        columns = st.columns([3, 4, 3], vertical_alignment="bottom")
        slot = columns[0].selectbox(
            "Place", places, format_func=lambda slot: f"Place {slot + 1}", key=_PLACE,
            on_change=_go_to, args=(0,),
        )  # fmt: skip
        seat = read_place(opened.ballots, opened.key, int(slot or 0))
        screens = screens_of(opened, seat)
        if st.session_state.pop("rested", None) is not None:  # "Go on" was pressed
            _turn(1)
        at = min(max(int(st.session_state.get(_SCREEN) or 0), 0), len(screens) - 1)
        st.session_state[_SCREEN] = at
        columns[1].selectbox(
            "Screen", range(len(screens)), format_func=lambda at: screens[at].label, key=_SCREEN
        )
        with columns[2], st.container(horizontal=True):
            st.button("Back", on_click=_turn, args=(-1,), disabled=at == 0, width="stretch")
            last = at == len(screens) - 1
            st.button("Next", on_click=_turn, args=(1,), disabled=last, width="stretch")
    st.caption(f"{_seen(poll, int(slot or 0), screens[at])} Nothing that is pressed is kept.")
    with st.container(border=True, key="preview"):
        st.html(f"<style>{CSS}{RIGHT_TO_LEFT if opened.study.right_to_left else ''}</style>")
        looking = replace(opened, ballots=_Rehearsal(seat))
        _draw(looking, replace(seat, done=screens[at].step), screens[at])


def _draw(opened: OpenStudy, seat: Seat, screen: Screen) -> None:
    st.session_state[BEGAN] = True
    st.session_state.pop("seat", None)
    if screen.what == "consent":
        show_welcome(opened, "")
        return
    if screen.what == "end":
        show_thanks(opened, "", replace(seat, code=_CODE))
    elif screen.what == "break":
        show_break(opened, seat)
    else:
        show_trial(opened, "", seat, seat.steps[screen.step])
    offer_withdrawal(opened, "")


def _seen(poll: Poll, slot: int, screen: Screen) -> str:
    """Say who has this place, and whether they have seen this screen."""
    people = poll.participants[poll.participants["slot"] == slot]
    if people.empty:
        return "Nobody has had this place."
    answers = poll.votes.groupby("participant").size()
    told = []
    for name, finished in zip(people["participant"], people["finished"], strict=True):
        done = int(answers.get(name, 0))
        seen = finished or done >= screen.step
        told.append(f"{name} has{'' if seen else ' not'} seen this screen")
    return f"{'; '.join(told)}."


def _turn(pages: int) -> None:
    _go_to(int(st.session_state.get(_SCREEN) or 0) + pages)


def _go_to(screen: int) -> None:
    st.session_state[_SCREEN] = screen
