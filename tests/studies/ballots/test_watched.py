"""Ballots that are looked at again and again: what is new is read, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.administration import begin_study, close_study
from studies.ballots.ballots import Ballots
from studies.ballots.events import log_event
from studies.ballots.places import add_places
from studies.ballots.poll import Poll, read_poll
from studies.ballots.watched import Watched
from tests.studies.ballots.people import SETTINGS
from tests.studies.databases import one_database


@pytest.fixture
def study(ballots: Ballots, design) -> int:
    return begin_study(ballots, "s", "d", SETTINGS, lambda: design(4))


def answer(ballots: Ballots, study: int, link: str, number: int) -> None:
    seat = ballots.seat(study, link)
    for step in seat.steps[seat.done : seat.done + number]:
        ballots.cast(study, link, step.number, "left", 1.0)


def assert_same(seen: Poll, read: Poll) -> None:
    assert (seen.name, seen.closed_at, seen.settings) == (read.name, read.closed_at, read.settings)
    for table in ("trials", "participants", "votes", "events"):
        pd.testing.assert_frame_equal(getattr(seen, table), getattr(read, table))


def test_every_change_is_seen(ballots: Ballots, study: int, design):
    watched = Watched(ballots, study)
    assert_same(watched.look()[1], read_poll(ballots, "s"))
    first, second = ballots.join(study), ballots.join(study)
    changes = [
        lambda: answer(ballots, study, second, 2),
        lambda: answer(ballots, study, first, 3),
        lambda: answer(ballots, study, second, 9),
        lambda: ballots.comment(study, second, "fine"),
        lambda: ballots.withdraw(study, first),
        lambda: answer(ballots, study, ballots.join(study), 1),
        lambda: log_event(ballots, study, "codes", "listed 1"),
        lambda: add_places(ballots, study, 5, lambda _, more: design(more)),
        lambda: close_study(ballots, study),
    ]
    versions = [watched.look()[0]]
    for change in changes:
        change()
        version, seen = watched.look()
        versions.append(version)
        assert_same(seen, read_poll(ballots, "s"))
        assert watched.look() == (version, seen)
    assert versions == list(range(versions[0], versions[0] + 10))


def test_only_new_answers_are_read_and_nothing_where_nothing_changed(ballots: Ballots, study: int):
    watched = Watched(ballots, study)
    link = ballots.join(study)
    answer(ballots, study, link, 3)
    watched.look()
    read: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, many):  # noqa: ARG001
        read.append((statement, parameters))

    sa.event.listen(ballots._engine, "before_cursor_execute", note)
    watched.look()
    assert read
    assert not [statement for statement, _ in read if "votes.answer" in statement]
    answer(ballots, study, link, 1)
    read.clear()
    _, seen = watched.look()
    asked = [given for statement, given in read if "votes.answer" in statement]
    assert len(asked) == 1
    assert 3 in (asked[0].values() if isinstance(asked[0], dict) else asked[0])  # the newest known
    assert len(seen.votes) == 4


@one_database
def test_an_answer_that_comes_to_be_seen_late_is_not_missed(ballots: Ballots, study: int):
    """As if a transaction with a smaller number were committed after one with a larger."""
    watched = Watched(ballots, study)
    link = ballots.join(study)
    answer(ballots, study, link, 3)
    votes = sa.table("votes", sa.column("id"))
    with ballots.writing() as connection:
        connection.execute(sa.update(votes).where(votes.c.id == 2).values(id=20))
        connection.execute(sa.update(votes).where(votes.c.id == 3).values(id=30))
    watched.look()
    answer(ballots, study, link, 1)
    with ballots.writing() as connection:
        connection.execute(sa.update(votes).where(votes.c.id == 31).values(id=25))
    _, seen = watched.look()
    assert len(seen.votes) == 4


@one_database
def test_a_study_that_was_begun_anew_is_told(ballots: Ballots, study: int, design):
    watched = Watched(ballots, study)
    watched.look()
    begin_study(ballots, "s", "other", SETTINGS, design)
    with pytest.raises(UserError, match="was begun anew"):
        watched.look()
