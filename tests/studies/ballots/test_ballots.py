"""The ballots, on SQLite and on PostgreSQL: no vote lost, none doubled, none forged."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.administration import (
    begin_study,
    close_study,
)
from studies.ballots.ballots import Ballots
from studies.ballots.doors import ALPHABET, CODE_LENGTH
from studies.ballots.newcomers import StudyFull
from studies.ballots.poll import read_poll
from studies.ballots.schema import PARTICIPANTS
from studies.ballots.seats import Refused
from tests.at_once import at_once
from tests.studies.ballots.people import SETTINGS, Clock, votes_of
from tests.studies.databases import one_database


def test_a_participant_goes_through_the_whole_list(ballots: Ballots, study: int):
    link = ballots.join(study)
    kinds = []
    seat = ballots.seat(study, link)
    while seat.step is not None:
        assert seat.code == ""
        kinds.append(seat.step.trial.kind)
        outcome, seat = ballots.cast(study, link, seat.step.number, "tie", 1.5)
        assert outcome == "kept"
    assert kinds == ["practice", "vote", "vote", "vote", "catch"]
    assert len(link) == 32  # 24 random bytes
    assert len(seat.participant) == 12
    assert len(seat.code) == CODE_LENGTH
    assert set(seat.code) <= set(ALPHABET)
    poll = read_poll(ballots, "s")
    assert poll.participants["finished"].tolist() == [True]
    assert poll.votes["answer"].tolist() == ["tie"] * 5
    assert poll.votes["seconds"].tolist() == [1.5] * 5


def test_a_vote_given_twice_counts_once_and_the_first_counts(ballots: Ballots, study: int):
    link = ballots.join(study)
    assert ballots.cast(study, link, 0, "left", 1.0)[0] == "kept"
    outcome, seat = ballots.cast(study, link, 0, "right", 1.0)
    assert (outcome, seat.done) == ("again", 1)
    assert [answer for *_, answer in votes_of(ballots)] == ["left"]


def test_two_tabs_at_the_same_moment_leave_one_vote(url: str, ballots: Ballots, study: int):
    link = ballots.join(study)
    tabs = [Ballots(url) for _ in range(6)]
    presses = [
        partial(tab.cast, study, link, 0, "left" if number % 2 else "right", 1.0)
        for number, tab in enumerate(tabs)
    ]
    outcomes = [outcome for outcome, _ in at_once(presses)]
    assert sorted(outcomes) == ["again"] * 5 + ["kept"]
    assert len(votes_of(ballots)) == 1


@one_database
def test_a_step_that_is_not_their_turn_is_refused(ballots: Ballots, study: int):
    link = ballots.join(study)
    for number in (1, 4, 5, -1, 10**6):
        with pytest.raises(Refused, match="not their turn"):
            ballots.cast(study, link, number, "left", 1.0)
    assert votes_of(ballots) == []


@one_database
def test_an_answer_that_does_not_exist_is_refused(ballots: Ballots, study: int):
    link = ballots.join(study)
    for answer in ("", "LEFT", "ours", "left'; DROP TABLE votes; --", "\0"):
        with pytest.raises(Refused, match="no such answer"):
            ballots.cast(study, link, 0, answer, 1.0)
    assert votes_of(ballots) == []


@one_database
def test_an_altered_link_opens_nothing(ballots: Ballots, study: int):
    link = ballots.join(study)
    altered = (
        "",
        link[:-1],
        link + "A",
        link.swapcase(),
        "' OR 1=1 --",
        "\ud800",
        "x" * 10_000_000,
    )
    for wrong in altered:
        for action in (
            lambda wrong: ballots.seat(study, wrong),
            lambda wrong: ballots.cast(study, wrong, 0, "left", 1.0),
            lambda wrong: ballots.comment(study, wrong, "hello"),
            lambda wrong: ballots.withdraw(study, wrong),
        ):
            with pytest.raises(Refused, match="link"):
                action(wrong)
    assert ballots.seat(study, link).done == 0


@one_database
def test_a_link_of_one_study_opens_no_other(ballots: Ballots, study: int, design):
    other = begin_study(ballots, "other", "d", SETTINGS, design)
    link = ballots.join(other)
    with pytest.raises(Refused):
        ballots.seat(study, link)


@one_database
def test_the_database_holds_no_link(url: str, ballots: Ballots, study: int):
    link = ballots.join(study)
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        rows = connection.execute(sa.select(PARTICIPANTS)).all()
    engine.dispose()
    assert len(rows) == 1
    assert link not in str(rows)


@one_database
def test_a_clock_set_back_neither_loses_votes_nor_changes_their_order(url: str, design):
    clock = Clock()
    ballots = Ballots(url, now=clock)
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(people=1))
    link = ballots.join(study)
    for number, answer in enumerate(["left", "right", "tie"]):
        clock.time -= timedelta(hours=1)
        ballots.cast(study, link, number, answer, -3.0)
    poll = read_poll(ballots, "s")
    assert poll.votes["answer"].tolist() == ["left", "right", "tie"]
    assert poll.votes["position"].tolist() == [0, 1, 2]
    assert (poll.votes["seconds"] == 0).all()
    with pytest.raises(StudyFull):  # somebody seen "in the future" is here now
        ballots.join(study)


def test_a_closed_study_takes_no_votes_and_no_newcomers(ballots: Ballots, study: int):
    link = ballots.join(study)
    ballots.cast(study, link, 0, "left", 1.0)
    close_study(ballots, study)
    assert ballots.seat(study, link).closed
    with pytest.raises(Refused, match="closed"):
        ballots.cast(study, link, 1, "left", 1.0)
    with pytest.raises(Refused, match="closed"):
        ballots.join(study)
    close_study(ballots, study, closed=False)
    assert ballots.cast(study, link, 1, "left", 1.0)[0] == "kept"


def test_a_study_may_change_until_somebody_takes_part(ballots: Ballots, design):
    begin_study(ballots, "s", "one", SETTINGS, design)
    study = begin_study(ballots, "s", "two", SETTINGS, lambda: design(people=5))
    assert read_poll(ballots, "s").trials["slot"].nunique() == 5
    assert begin_study(ballots, "s", "two", SETTINGS, lambda: pytest.fail("it is there")) == study
    ballots.join(study)
    with pytest.raises(UserError, match="'s' was begun with other settings"):
        begin_study(ballots, "s", "three", SETTINGS, design)
