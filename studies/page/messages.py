"""What a participant sees when something fails: a kind message; the log has all of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from studies.ballots.database import BallotsDown
from studies.ballots.seats import Refused

log = logging.getLogger("studies.page.participant")

#: Set in the session where an answer was given and could not be kept.
NOT_KEPT = "not_kept"


def sorry() -> None:
    """Say that something unexpected went wrong."""
    try_again("Something went wrong on our side. Your answers so far are safe.")


def out_of_reach() -> None:
    """Say that the database cannot be reached."""
    try_again("Your answers so far are safe. We cannot reach our records at this moment.")


def try_again(message: str) -> None:
    """Show a message, and a button that loads the page again."""
    st.warning(message, icon=":material/cloud_off:")
    st.button("Try again", type="primary")


def guarded(action: Callable[..., None]) -> Callable[..., None]:
    """Return the action of a button so that an error gives a kind message and a line in the log."""

    def safely(*arguments: object) -> None:
        try:
            action(*arguments)
        except BallotsDown as error:
            log.error("%s", error)
            st.session_state[NOT_KEPT] = True
        except Refused as error:
            log.warning("refused: %s", error)
        except Exception:
            log.exception("a click failed")
            st.session_state[NOT_KEPT] = True

    return safely
