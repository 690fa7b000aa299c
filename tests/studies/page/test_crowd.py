"""People vote at once in a real Chromium, while the server or the database is killed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from tests.studies.crowd import (
    assert_nothing_lost_or_doubled,
    servers,
    vote_together,
    write_study,
)
from tests.studies.databases import postgresql_server
from tests.studies.person import Person

# The short counterparts are in test_participation.py and test_complaints.py.
pytestmark = pytest.mark.slow

SMALL = {"participants": 3, "judges": 1, "trials": 6, "practice": 1, "repeats": 1, "catches": 1,
         "break_every": 4}  # fmt: skip


def wait_for_all(people: list[Person], what: Callable[[Person], bool]) -> None:
    until = time.monotonic() + 60
    while not all(map(what, people)):
        assert time.monotonic() < until, [
            (person.told, person.warnings, person.views) for person in people
        ]
        time.sleep(0.02)


@pytest.fixture
def study(tiny_run: Path, tmp_path: Path) -> Path:
    return write_study(tmp_path, tiny_run, **SMALL)


def test_killing_the_server_loses_no_answer_that_was_taken_and_people_go_on(
    study: Path, tmp_path: Path
):
    database = f"sqlite:///{tmp_path / 'votes.sqlite'}"
    with servers(study, database, tmp_path) as (server,):
        ballots = Ballots(database)
        together = asyncio.Barrier(3)
        people = [
            Person(number, [server.address], ballots, 1, 0.5, trick, patience=4, together=together)
            for number, trick in enumerate(("reload", "second tab", "double click"))
        ]

        def kill_it() -> None:
            wait_for_all(people, lambda person: len(person.told) >= 2)
            server.kill()
            taken = [(person, dict(person.told)) for person in people]
            votes = read_poll(ballots, "crowd").votes
            for person, told in taken:
                seat = ballots.seat(1, person.link)
                own = votes[votes["participant"] == seat.participant]["answer"].tolist()
                assert [own[step] for step in sorted(told)] == [told[n] for n in sorted(told)]
                assert len(own) - len(told) <= 2  # the one under way, and a second click's
            server.start()

        vote_together(people, kill_it)
        assert_nothing_lost_or_doubled(read_poll(ballots, "crowd"), people)


def test_killing_postgresql_is_told_kindly_and_people_go_on(study: Path, tmp_path: Path):
    with postgresql_server(durable=True) as postgresql:
        database = postgresql.database("crowd")
        with servers(study, database, tmp_path) as (server,):
            ballots = Ballots(database)
            people = [Person(number, [server.address], ballots, 1, pace=1.0) for number in range(3)]

            def kill_it() -> None:
                wait_for_all(people, lambda person: len(person.told) >= 2)
                postgresql.kill()
                try:
                    wait_for_all(people, lambda person: bool(person.warnings))
                finally:
                    postgresql.start()

            vote_together(people, kill_it)
            assert_nothing_lost_or_doubled(read_poll(ballots, "crowd"), people)
            said = [" ".join(person.warnings) for person in people]
            assert all("cannot reach our records" in text for text in said)
            # Not to who was in the break: no answer of theirs failed.
            assert any("Please give it again" in text for text in said)
            ballots.close()
