"""Studies of two people, and people who answer; for the tests of the ballots."""

from __future__ import annotations

from datetime import UTC, datetime

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll

SETTINGS = {"questions": ["overall"], "methods": {"ours": "Ours", "theirs": "Theirs"}}


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


def finish(ballots: Ballots, study: int, link: str, catch: str = "left") -> str:
    """Answer everything that is left, catch trials so, and return the completion code."""
    seat = ballots.seat(study, link)
    while seat.step is not None:
        answer = catch if seat.step.trial.kind == "catch" else "left"
        _, seat = ballots.cast(study, link, seat.step.number, answer, 1.0)
    return seat.code


def votes_of(ballots: Ballots) -> list[tuple[str, int, str]]:
    """Return who answered what: participant, position and answer."""
    votes = read_poll(ballots, "s").votes
    return list(zip(votes["participant"], votes["position"], votes["answer"], strict=True))
