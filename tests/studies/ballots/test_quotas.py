"""How full a study is, by block and by how people came."""

from __future__ import annotations

from datetime import timedelta

from studies.ballots.administration import begin_study, invite
from studies.ballots.ballots import Ballots
from studies.ballots.newcomers import AWAY
from studies.ballots.places import add_places
from studies.ballots.quotas import read_quotas
from tests.studies.ballots.people import Clock

SETTINGS = {"questions": ["overall"], "methods": {"ours": "", "theirs": ""}, "drop_at": 1}


def answer(ballots: Ballots, study: int, link: str, steps: int, answer: str = "left") -> None:
    for step in ballots.seat(study, link).steps[:steps]:
        ballots.cast(study, link, step.number, answer, 1.0)


def test_places_and_people_are_counted_by_block_and_door(url: str, design):
    clock = Clock()
    ballots = Ballots(url, now=clock)
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(4))
    invite(ballots, study, ["a", "b", "c"])
    clock.time += timedelta(hours=1)
    invite(ballots, study, ["d"])
    for secret in ("a", "b", "c", "d"):
        ballots.join(study, secret)
    answer(ballots, study, "a", 5)
    answer(ballots, study, "b", 5, "right")  # fails the catch trial
    answer(ballots, study, "c", 1)
    clock.time += AWAY + timedelta(minutes=1)
    answer(ballots, study, "d", 1)
    add_places(ballots, study, 6, lambda _, more: design(more))
    link = ballots.join(study, "walked in")
    answer(ballots, study, link, 1)
    found = read_quotas(ballots, study, "open")
    ballots.close()

    first = {"finished": 1, "at it now": 2, "open": 1, "left": 1, "left out": 1}
    blocks = found.blocks.set_index("block")
    assert blocks.index.tolist() == ["places 1 to 4", "added: places 5 to 6"]
    assert blocks.loc["places 1 to 4"].to_dict() == {"places": 4, **first}
    assert blocks.loc["added: places 5 to 6"].to_dict() == {
        "places": 2, "finished": 0, "at it now": 0, "open": 2, "left": 0, "left out": 0,
    }  # fmt: skip
    doors = found.doors.set_index("came by")
    assert doors.index.tolist() == [
        "invitations of 2026-01-01 12:00", "invitations of 2026-01-01 13:00", "open door",
    ]  # fmt: skip
    assert doors["invited"].tolist() == ["3", "1", ""]
    assert doors["joined"].tolist() == [3, 1, 1]
    assert doors.iloc[0][["finished", "at it now", "left", "left out"]].tolist() == [1, 0, 1, 1]
    assert doors["at it now"].tolist() == [0, 1, 1]
    assert found.places["state"].tolist() == [
        "finished", "at it now", "open", "at it now", "open", "open",
    ]  # fmt: skip


def test_a_study_that_nobody_joined_has_all_its_places(url: str, design):
    ballots = Ballots(url)
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(3))
    found = read_quotas(ballots, study, "platform")
    ballots.close()
    assert found.blocks["open"].tolist() == [3]
    assert found.doors.empty
    assert set(found.places["state"]) == {"open"}
