"""The administrator's page: its door, what it counts, and its views.

Nothing of it is reached without the token in the environment variable `TOKEN`. Without that
variable there is no such page. After a wrong token everybody waits: a wait per session would not
stop anyone, because a guesser can open as many sessions as they like.
"""

from __future__ import annotations

import hmac
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import streamlit as st

from studies.ballots.database import BallotsDown
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll
from studies.ballots.watched import Watched
from studies.page.panels.files import show_files
from studies.page.panels.overview import show_overview
from studies.page.panels.people import show_people
from studies.page.panels.preview import show_preview
from studies.page.panels.ranking import show_ranking

log = logging.getLogger("studies.page.administrator")

#: The environment variable that holds the token.
TOKEN = "DFR_STUDY_ADMIN_TOKEN"
#: A shorter token could be guessed.
SHORTEST_TOKEN = 12
#: The longest wait after a wrong token, in seconds.
LONGEST_WAIT = 60.0
#: Seconds between two looks at what is new.
EVERY = 5

CSS = """
[data-testid="stMainBlockContainer"] { max-width: 1100px; padding: 1.5rem 1rem; }
[data-testid="stHeader"] { display: none; }
.st-key-counts [data-testid="stMetricValue"] { font-size: 1.4rem; }
[data-testid="stTable"] { overflow-x: auto; }
[data-testid="stTable"] :is(th, td) { padding: .35rem .5rem; }
@media (max-width: 640px) {
  .st-key-counts [data-testid="stHorizontalBlock"] { flex-wrap: wrap; gap: .5rem; }
  .st-key-counts [data-testid="stColumn"] { min-width: calc(50% - .3rem); flex: 1; }
}
"""


@dataclass
class Guard:
    """Slows guessing: after each wrong token the next try waits twice as long.

    Attributes:
        now: a clock that is never set back, in seconds.
    """

    now: Callable[[], float] = time.monotonic
    _failures: int = 0
    _until: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def check(self, given: str, token: str) -> float:
        """Return 0 if the token is right, else how many seconds to wait before the next try.

        While a wait lasts, the right token is refused too, or guessing would not be slowed.
        """
        with self._lock:
            left = self._until - self.now()
            if left > 0:
                return left
            if hmac.compare_digest(given.encode("utf-8", "replace"), token.encode()):
                self._failures = 0
                return 0.0
            self._failures += 1
            wait = min(LONGEST_WAIT, 2.0 ** (self._failures - 1))
            self._until = self.now() + wait
            log.warning("a wrong token was given (%d in a row)", self._failures)
            return wait


@st.cache_resource
def _guard() -> Guard:
    return Guard()


def let_in() -> bool:
    """Ask for the token; tell whether this session gave it."""
    token = os.environ.get(TOKEN, "")
    if len(token) < SHORTEST_TOKEN:
        st.error(
            f"The administrator's page is off. Set {TOKEN} to a secret of at least "
            f"{SHORTEST_TOKEN} characters and start the page again."
        )
        return False
    if st.session_state.get("let in") is True:
        return True
    with st.form("token"):
        given = st.text_input("Token", type="password", max_chars=200)
        sent = st.form_submit_button("Enter")
    if sent:
        wait = _guard().check(given, token)
        if wait == 0:
            st.session_state["let in"] = True
            st.rerun()
        st.error(f"That is not the token. Try again in {max(1, round(wait))} s.")
    return False


@dataclass(frozen=True)
class View:
    """One view of the page.

    Attributes:
        draw: shows it.
        live: it is drawn again and again; not where a click would come too late.
    """

    draw: Callable[[OpenStudy, Poll], None]
    live: bool


VIEWS: Mapping[str, View] = {
    "Overview": View(show_overview, live=True),
    "People": View(lambda _, poll: show_people(poll), live=True),
    "Preview": View(show_preview, live=False),
    "Ranking": View(show_ranking, live=True),
    "Files and log": View(show_files, live=False),
}


def show(opened: OpenStudy) -> None:
    """Show the page to whoever was let in."""
    st.set_page_config(page_title=f"Study {opened.study.name}")
    st.html(f"<style>{CSS}</style>")
    st.title(f"Study {opened.study.name}")
    if opened.study.simulated:
        st.warning("The voters of this study are programs, not people.")
    st.caption(opened.ballots.where)
    name = st.segmented_control(
        "View", list(VIEWS), default="Overview", required=True, label_visibility="collapsed",
        key="view",
    )  # fmt: skip
    view = VIEWS[str(name or "Overview")]
    if view.live:
        _live(opened, view.draw)
    else:
        view.draw(opened, _watched(opened).look()[1])


@st.cache_resource(hash_funcs={OpenStudy: lambda opened: (opened.ballots.where, opened.key)})
def _watched(opened: OpenStudy) -> Watched:
    """Return the ballots of a study, which all who look share."""
    return Watched(opened.ballots, opened.key)


@st.fragment(run_every=EVERY)
def _live(opened: OpenStudy, draw: Callable[[OpenStudy, Poll], None]) -> None:
    """Show the counts, and a view below them; every few seconds, from what is new."""
    try:
        poll = _watched(opened).look()[1]
        _counts(opened, poll)
        draw(opened, poll)
    except BallotsDown as error:  # nobody else catches what a fragment raises
        log.error("%s", error)
        st.error(str(error), icon=":material/cloud_off:")


def _counts(opened: OpenStudy, poll: Poll) -> None:
    people = poll.participants
    counted = int((poll.votes["kind"] == "vote").sum())
    wanted = int((poll.trials["kind"] == "vote").sum()) * len(opened.study.questions)
    with st.container(key="counts"):
        for column, (name, value) in zip(
            st.columns(4),
            (
                ("Joined", f"{len(people)}"),
                ("Finished", f"{int(people['finished'].sum())} of {poll.trials['slot'].nunique()}"),
                ("Counted votes", f"{counted} of {wanted}"),
                ("State", "closed" if poll.closed_at else "open"),
            ),
            strict=True,
        ):
            column.metric(name, value, border=True)
    newest = poll.votes["voted_at"].max() if len(poll.votes) else None
    came = f", newest answer at {newest[11:19]}" if isinstance(newest, str) else ""
    st.caption(f"As of {datetime.now(UTC):%H:%M:%S} UTC{came}")
