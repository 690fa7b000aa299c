"""What a participant sees when something fails: a kind message; the log has all of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

import streamlit as st

from studies.ballots.database import BallotsDown
from studies.ballots.seats import Refused
from studies.design.study import Study
from studies.design.words import words_in

log = logging.getLogger("studies.page.participant")

#: Set in the session where an answer was given and could not be kept.
NOT_KEPT = "not_kept"
#: Set in the session where an answer came too late: another tab had answered.
ANSWERED_BEFORE = "answered_before"


def sorry() -> None:
    """Say that something unexpected went wrong."""
    try_again("Something went wrong on our side. Your answers so far are safe.")


def out_of_reach(study: Study | None = None) -> None:
    """Say that the database cannot be reached, in the language of the study where it is known."""
    try_again(study.say("out_of_reach") if study else words_in("en")["out_of_reach"], study)


def try_again(message: str, study: Study | None = None) -> None:
    """Show a message, and a button that loads the page again."""
    st.warning(message, icon=":material/cloud_off:")
    st.button(study.say("try_again") if study else words_in("en")["try_again"], type="primary")


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
