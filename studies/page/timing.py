"""How long an answer took, told by the browser; the server's own clock where it tells nothing.

What a browser tells is a claim. It is kept as a time where it can be true, and decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from studies.ballots.circumstances import DEVICES, Circumstances

#: By how many seconds the browser's clock may run ahead of the server's during one trial.
_AHEAD = 1.0
#: An answer that comes sooner after its trial than this, in seconds, is a second press meant for
#: the trial before, and is not taken (keys held down and double clicks end in the browser, see
#: `presses.js`). The time runs from when all of the trial was sent, and again after each answer
#: that was not taken.
SOONEST = 0.6
#: In the session: when all of the trial was sent.
_SENT = "sent"
#: In the session: what the browser tells of the trial that is shown.
_CLOCK = "clock"
#: In the session: the number of the step that is shown, and since when.
_SHOWN, _SINCE = "shown", "since"
#: In the session: whether the page was opened since the answer before.
_RELOADED = "reloaded"
#: In the session: set when somebody begins, so that their first trial is not taken for a reload.
BEGAN = "began"

_clock = st.components.v2.component(
    "clock", js=(Path(__file__).parent / "shown.js").read_text(encoding="utf-8")
)


def begin_timing(step: int) -> None:
    """Note when a step is shown first in this session."""
    if st.session_state.get(_SHOWN) != step:
        st.session_state[_RELOADED] = _SHOWN not in st.session_state and not st.session_state.pop(
            BEGAN, False
        )
        st.session_state[_SHOWN], st.session_state[_SINCE] = step, time.monotonic()


def note_sent() -> None:
    """Note that all of a trial was sent."""
    st.session_state[_SENT] = time.monotonic()


def too_soon(step: int) -> bool:
    """Tell whether an answer to a step was meant for the one before, see `SOONEST`."""
    if st.session_state.get(_SHOWN) != step:
        return False
    since = st.session_state[_SINCE]
    return time.monotonic() - float(st.session_state.get(_SENT, since)) < SOONEST


def place_clock(step: int, pictures: int, keys: Sequence[str]) -> None:
    """Put the browser's clock into the form of the answers.

    Args:
        step: number of the step.
        pictures: how many pictures its trial shows; no answer is taken before all have loaded.
        keys: of the answers, by their names in the browser.
    """
    _clock(key=_CLOCK, data={"step": step, "pictures": pictures, "keys": list(keys)})


def timing(step: int) -> tuple[float, Circumstances]:
    """Return how many seconds the answer to a step took, and how it came."""
    shown = st.session_state.get(_SHOWN) == step
    since = st.session_state.get(_SINCE) if shown else None
    told = st.session_state.get(_CLOCK)
    return judge(
        told.get("shown") if isinstance(told, Mapping) else None,
        step,
        time.monotonic() - since if since is not None else 0.0,
        reloaded=bool(st.session_state.get(_RELOADED)) if shown else True,
    )


def judge(claim: Any, step: int, elapsed: float, reloaded: bool) -> tuple[float, Circumstances]:
    """Take a browser's claim where it can be true, and the server's time elsewhere.

    Args:
        claim: whatever the browser sent.
        step: that was answered; a claim about another one is an old one.
        elapsed: seconds since the server sent the trial. The pictures cannot have been shown for
            longer.
        reloaded: whether the page was opened since the answer before.
    """
    told = claim if isinstance(claim, Mapping) and claim.get("step") == step else {}
    device = told.get("device")
    device = device if isinstance(device, str) and device in DEVICES else ""
    seconds = told.get("seconds")
    if (
        isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and 0 <= seconds <= elapsed + _AHEAD  # false for NaN and infinity
    ):
        return float(seconds), Circumstances("browser", reloaded, device)
    return elapsed, Circumstances("server", reloaded, device)
