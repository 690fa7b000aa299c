"""The administrator's page: counts, balance, attention, export, and the ranking at the end.

Nothing of it is reached without the token in the environment variable `TOKEN`. Without that
variable there is no such page. After a wrong token everybody waits: a wait per session would not
stop anyone, because a guesser can open as many sessions as they like.
"""

from __future__ import annotations

import hmac
import io
import logging
import os
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from studies.analysis.exclusion import catch_failures
from studies.ballots.administration import check_codes, close_study, completion_codes
from studies.ballots.events import log_event
from studies.ballots.export import write_export
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import Poll, read_poll
from studies.design.study import Question

if TYPE_CHECKING:
    from studies.analysis.rating_results import RatingResult
    from studies.analysis.results import QuestionResult

log = logging.getLogger("studies.page.administrator")

#: The environment variable that holds the token.
TOKEN = "DFR_STUDY_ADMIN_TOKEN"
#: A shorter token could be guessed.
SHORTEST_TOKEN = 12
#: The longest wait after a wrong token, in seconds.
LONGEST_WAIT = 60.0


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


def show(opened: OpenStudy) -> None:
    """Show the page to whoever was let in."""
    st.title(f"Study {opened.study.name}")
    if opened.study.simulated:
        st.warning("The voters of this study are programs, not people.")
    st.caption(opened.ballots.where)
    _live(opened)
    _export(opened)


def _export(opened: OpenStudy) -> None:
    """Offer the files. Not in what is drawn again and again: a click would come too late."""
    st.subheader("Export")
    st.download_button(
        "Design, participants and votes (CSV, zip)",
        data=lambda: _exported(opened),
        file_name=f"{opened.study.name}.zip",
        on_click="ignore",
    )
    st.download_button(
        "Completion codes (CSV)",
        data=lambda: _codes(opened),
        file_name=f"{opened.study.name}-codes.csv",
        on_click="ignore",
    )
    st.caption("Codes stand beside no name and no answer. Keep them out of what you publish.")
    given = st.text_area("Completion codes to check, one a line", max_chars=20_000)
    if given.split():
        st.dataframe(check_codes(opened.ballots, opened.key, given.split()), hide_index=True)


@st.fragment(run_every=5)
def _live(opened: OpenStudy) -> None:
    poll = read_poll(opened.ballots, opened.study.name)
    people, votes = poll.participants, poll.votes
    planned = int(poll.trials["slot"].nunique())
    counted = votes[votes["kind"] == "vote"]
    wanted = int((poll.trials["kind"] == "vote").sum()) * len(opened.study.questions)
    for column, (name, value) in zip(
        st.columns(4),
        (
            ("Joined", f"{len(people)}"),
            ("Finished", f"{int(people['finished'].sum())} of {planned}"),
            ("Counted votes", f"{len(counted)} of {wanted}"),
            ("State", "closed" if poll.closed_at else "open"),
        ),
        strict=True,
    ):
        column.metric(name, value)
    st.subheader("Balance of the votes so far")
    st.dataframe(balance_so_far(poll), hide_index=True)
    st.subheader("Attention")
    st.dataframe(attention(poll, opened.study.drop_at), hide_index=True)
    st.subheader("Ranking")
    if poll.closed_at is None:
        st.info(
            "Hidden until the study is closed. Whoever sees the ranking earlier may be tempted to "
            "stop when they like it."
        )
    else:
        for question, result in _results(opened, poll).items():
            st.write(opened.study.ask(question))
            st.dataframe(ranking(result, poll), hide_index=True)
    comments = people.loc[people["comment"].notna(), ["participant", "comment"]]
    if len(comments):
        st.subheader("Comments")
        st.dataframe(comments, hide_index=True)
    if len(poll.events):
        st.subheader("What was done with this study")
        st.dataframe(poll.events, hide_index=True)
    label = "Open the study again" if poll.closed_at else "Close the study"
    st.button(label, on_click=_set_closed, args=(opened, poll.closed_at is None))


def _results(opened: OpenStudy, poll: Poll) -> Mapping[Question, QuestionResult | RatingResult]:
    """Analyse a closed study once, and not at every refresh of the counts."""
    key = (poll.closed_at, len(poll.votes))
    kept = st.session_state.get("results")
    if kept is None or kept[0] != key:
        # Takes long to load, and voters never need it.
        from studies.analysis.rating_results import analyse_settings
        from studies.analysis.results import analyse

        log_event(opened.ballots, opened.key, "ranking", "shown on the page")
        found: Mapping[str, QuestionResult | RatingResult]
        if opened.study.task == "rating":
            found = analyse_settings(poll.votes, poll.participants, poll.settings)
        else:
            found = analyse(
                poll.votes,
                poll.participants,
                methods=list(poll.settings["methods"]),
                drop_at=opened.study.drop_at,
                questions=opened.study.questions,
            )
        kept = key, {question: found[question] for question in opened.study.questions}
        st.session_state["results"] = kept
    results: Mapping[Question, QuestionResult | RatingResult] = kept[1]
    return results


def _set_closed(opened: OpenStudy, closed: bool) -> None:
    # A callback is reached only through a page that was shown, and so only with the token.
    close_study(opened.ballots, opened.key, closed=closed)
    log.info("study %s was %s", opened.study.name, "closed" if closed else "opened again")


def _exported(opened: OpenStudy) -> bytes:
    poll = read_poll(opened.ballots, opened.study.name)
    log_event(opened.ballots, opened.key, "exported", f"{len(poll.votes)} votes, by the page")
    return zipped(poll)


def _codes(opened: OpenStudy) -> str:
    table = completion_codes(opened.ballots, opened.key)
    log_event(opened.ballots, opened.key, "codes", f"listed {len(table)}, by the page")
    return str(table.to_csv(index=False))


def balance_so_far(poll: Poll) -> pd.DataFrame:
    """Return how often each two methods met, and each method's share of the left side.

    Of ratings, how often each method was rated.
    """
    counted = poll.votes[poll.votes["kind"] == "vote"]
    titles = poll.settings["methods"]
    if poll.task == "rating":
        number = counted["left_method"].value_counts()
        return pd.DataFrame(
            [{"method": titles[label], "ratings": int(number.get(label, 0))} for label in titles]
        )
    rows = []
    for a in titles:
        for b in list(titles)[list(titles).index(a) + 1 :]:
            ab = ((counted["left_method"] == a) & (counted["right_method"] == b)).sum()
            ba = ((counted["left_method"] == b) & (counted["right_method"] == a)).sum()
            rows.append(
                {
                    "A": titles[a],
                    "B": titles[b],
                    "votes": int(ab + ba),
                    "A on the left": float(ab / (ab + ba)) if ab + ba else float("nan"),
                }
            )
    return pd.DataFrame(rows)


def attention(poll: Poll, drop_at: int) -> pd.DataFrame:
    """Return each participant's answers to catch trials and speed."""
    rows = []
    tested = catch_failures(poll.votes, drop_at).set_index("participant")
    for person in poll.participants.itertuples():
        mine = poll.votes[poll.votes["participant"] == person.participant]
        rows.append(
            {
                "participant": person.participant,
                "answers": len(mine),
                "finished": bool(person.finished),
                "catch trials": int(tested["catches"].get(person.participant, 0)),
                "failed": int(tested["failed"].get(person.participant, 0)),
                "left out": bool(tested["dropped"].get(person.participant, False)),
                "median seconds": float(mine["seconds"].median()),
                "left share": float((mine["answer"] == "left").mean()),
            }
        )
        if poll.task == "rating":
            del rows[-1]["left share"]
    return pd.DataFrame(rows)


def ranking(result: QuestionResult | RatingResult, poll: Poll) -> pd.DataFrame:
    """Return the strengths with the methods' titles, best first."""
    from studies.analysis.rating_results import RatingResult

    frame = result.strengths.assign(title=result.strengths["method"].map(poll.settings["methods"]))
    told = "mean" if isinstance(result, RatingResult) else "share"
    return frame[["title", "votes", "rank", "strength", "low", "high", told, "best"]]


def zipped(poll: Poll) -> bytes:
    """Return the export as one zip file."""
    stream = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(stream, "w") as archive:
        for path in write_export(poll, Path(folder)):
            archive.write(path, path.name, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
