"""Every place is given out once, and again when it was left."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from studies.ballots.administration import (
    begin_study,
)
from studies.ballots.ballots import Ballots
from studies.ballots.newcomers import StudyFull
from tests.at_once import at_once
from tests.studies.ballots.people import SETTINGS, Clock, finish, votes_of
from tests.studies.databases import one_database


@one_database
def test_places_are_given_out_once_each_and_then_the_study_is_full(ballots: Ballots, study: int):
    slots = [ballots.seat(study, ballots.join(study)).slot for _ in range(2)]
    assert slots == [0, 1]
    with pytest.raises(StudyFull):
        ballots.join(study)


def test_many_who_join_at_once_get_different_places(url: str, ballots: Ballots, design):
    study = begin_study(ballots, "big", "d", SETTINGS, lambda: design(people=8))
    doors = [Ballots(url) for _ in range(8)]
    links = at_once([partial(door.join, study) for door in doors])
    assert sorted(ballots.seat(study, link).slot for link in links) == list(range(8))


def test_a_place_left_in_the_middle_is_given_again_and_both_may_finish(url: str, design):
    clock = Clock()
    ballots = Ballots(url, now=clock)
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(people=1))
    first = ballots.join(study)
    ballots.cast(study, first, 0, "left", 1.0)
    clock.time += timedelta(minutes=29)
    with pytest.raises(StudyFull):
        ballots.join(study)
    clock.time += timedelta(minutes=1, milliseconds=1)
    second = ballots.join(study)
    assert ballots.seat(study, second).slot == 0
    finish(ballots, study, second)
    assert ballots.seat(study, first).done == 1
    finish(ballots, study, first)
    assert len(votes_of(ballots)) == 10
    with pytest.raises(StudyFull):
        ballots.join(study)
