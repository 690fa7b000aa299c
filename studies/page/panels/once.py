"""What is told of ballots is worked out once, however often the page is drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from studies.ballots.poll import Poll

T = TypeVar("T")


def once(tell: Callable[[Poll], T], poll: Poll) -> T:
    """Return what a function tells of ballots, from memory while they are the same.

    Args:
        tell: known by its name.
        poll: see `studies.ballots.watched.Watched.look`.
    """
    key = f"told by {tell.__module__}.{tell.__name__}"
    kept: tuple[Poll, T] | None = st.session_state.get(key)
    if kept is None or kept[0] is not poll:
        kept = st.session_state[key] = (poll, tell(poll))
    return kept[1]
