"""Who comes in: once per id, by any tab, and not faster than the study file says."""

from __future__ import annotations

import stat
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.administration import begin_study, close_study, invite
from studies.ballots.ballots import Ballots
from studies.ballots.doors import (
    ALPHABET,
    NotAdmitted,
    browser_id,
    new_code,
    platform_id,
    read_key,
    secret_of,
    typed_code,
)
from studies.ballots.newcomers import AWAY, StudyFull, TooMany
from studies.ballots.places import add_places
from studies.ballots.poll import count_places, read_poll
from studies.ballots.seats import Refused
from tests.at_once import at_once
from tests.studies.ballots.people import Clock, finish
from tests.studies.databases import one_database

SETTINGS = {"questions": ["overall"], "methods": {}, "drop_at": 1}
KEY = b"k" * 32


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ballots(url: str, clock: Clock):
    made = Ballots(url, now=clock)
    yield made
    made.close()


@pytest.fixture
def study(ballots: Ballots, design) -> int:
    return begin_study(ballots, "s", "d", SETTINGS, design)


def test_an_id_gives_one_secret_per_study_door_and_key():
    first = secret_of(KEY, "s", "platform", "ann1")
    assert first == secret_of(KEY, "s", "platform", "ann1")
    assert len(first) == 32
    others = {
        secret_of(KEY, "s", "platform", "ann2"),
        secret_of(KEY, "t", "platform", "ann1"),
        secret_of(KEY, "s", "open", "ann1"),
        secret_of(b"l" * 32, "s", "platform", "ann1"),
    }
    assert len(others | {first}) == 5


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ([], "no_id"),
        ([" "], "no_id"),
        (["abcd", "abce"], "two_ids"),
        (["abc"], "bad_id"),
        (["x" * 10_000], "bad_id"),
        (["{{%PROLIFIC_PID%}}"], "bad_id"),
        (["<script>alert(1)</script>"], "bad_id"),
        (["abcd\0efgh"], "bad_id"),
        (["\ud800abcd"], "bad_id"),
        (["a" * 3 + "\u0430"], "bad_id"),  # a Cyrillic letter that looks like a Latin one
    ],
)
def test_an_id_that_is_missing_forged_or_there_twice_is_not_admitted(values, why):
    with pytest.raises(NotAdmitted) as caught:
        platform_id(values)
    assert caught.value.why == why


def test_ids_of_platforms_are_admitted():
    assert platform_id([" 5f0c9d0a1b2c3d4e5f607182 "]) == "5f0c9d0a1b2c3d4e5f607182"
    assert platform_id(["A1B2C3D4E5F6G7", "A1B2C3D4E5F6G7"]) == "A1B2C3D4E5F6G7"


def test_a_browser_is_the_same_whatever_mask_its_cookie_has():
    token = bytes(range(16))

    def cookie(mask: bytes) -> str:
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(token))
        return f"2|{mask.hex()}|{masked.hex()}|1700000000"

    assert browser_id(cookie(b"abcd")) == browser_id(cookie(b"\x00\xff12")) == token.hex()
    for wrong in (None, "", "2|zz|yy|1", "2||00|1", "2|00|00", "x" * 10_000, "2|61626364|00|1"):
        with pytest.raises(NotAdmitted, match="no_cookie"):
            browser_id(wrong)


def test_the_key_is_made_once_and_readable_to_its_owner_alone(tmp_path: Path):
    path = tmp_path / "new" / "votes.key"
    found = at_once([lambda: read_key(path)] * 6)
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    for wrong in ("", "abc", "zz" * 32, "00" * 31):
        path.write_text(wrong)
        with pytest.raises(UserError, match=r"votes\.key: cannot be read as the key"):
            read_key(path)


def test_codes_are_drawn_of_clear_letters_and_read_however_they_are_typed():
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert set("".join(codes)) <= set(ALPHABET)
    assert not set("01OILU") & set(ALPHABET)
    code = min(codes)
    assert typed_code(f" {code[:5].lower()}-{code[5:]}\n") == code


def test_one_id_has_one_place_also_from_many_tabs_at_once(url: str, ballots: Ballots, study: int):
    doors = [Ballots(url) for _ in range(6)]
    links = at_once([partial(door.join, study, "one and the same") for door in doors])
    assert links == ["one and the same"] * 6
    assert len(read_poll(ballots, "s").participants) == 1
    # Who has a place keeps it, whatever the door says to others.
    finish(ballots, study, "one and the same")
    close_study(ballots, study)
    assert ballots.join(study, "one and the same", per_minute=1, invited=True) == links[0]


def test_an_invitation_lets_one_person_in(ballots: Ballots, study: int):
    invite(ballots, study, ["first", "second"])
    assert ballots.is_invited(study, "first")
    assert not ballots.is_invited(study, "third")
    assert not ballots.is_invited(study + 1, "first")
    for _ in range(2):
        ballots.join(study, "first", invited=True)
    with pytest.raises(Refused, match="no such invitation"):
        ballots.join(study, "third", invited=True)
    assert len(read_poll(ballots, "s").participants) == 1


@one_database
def test_newcomers_of_a_minute_are_limited_whatever_ids_they_have(
    ballots: Ballots, clock: Clock, design
):
    study = begin_study(ballots, "big", "d", SETTINGS, lambda: design(people=9))
    for number in range(3):
        ballots.join(study, f"id {number}", per_minute=3)
    for number in range(30):
        with pytest.raises(TooMany):
            ballots.join(study, f"another {number}", per_minute=3)
    assert ballots.join(study, "id 1", per_minute=3) == "id 1"
    clock.time += timedelta(minutes=1)
    ballots.join(study, "id 4", per_minute=3)
    assert len(read_poll(ballots, "big").participants) == 4


def test_a_place_that_was_left_or_whose_person_is_left_out_is_filled_again(
    ballots: Ballots, study: int, clock: Clock
):
    heedless, away = ballots.join(study), ballots.join(study)
    with pytest.raises(StudyFull):
        ballots.join(study)
    finish(ballots, study, heedless, catch="right")
    again = ballots.join(study)
    assert ballots.seat(study, again).slot == ballots.seat(study, heedless).slot == 0
    with pytest.raises(StudyFull):
        ballots.join(study)
    clock.time += AWAY + timedelta(seconds=1)
    finish(ballots, study, again)
    instead = ballots.join(study)
    assert ballots.seat(study, instead).slot == ballots.seat(study, away).slot == 1
    finish(ballots, study, away)  # comes back, and may end what they began
    poll = read_poll(ballots, "s")
    assert poll.participants["finished"].tolist() == [True, True, True, False]


def test_places_are_added_while_a_study_runs_and_nothing_planned_changes(
    ballots: Ballots, study: int, design
):
    links = [ballots.join(study) for _ in range(2)]
    before = read_poll(ballots, "s").trials
    asked = []

    def more(first: int, number: int):
        asked.append((first, number))
        return design(people=number)

    assert add_places(ballots, study, 2, more) == 0
    assert add_places(ballots, study, 5, more) == 3
    assert add_places(ballots, study, 5, more) == 0
    assert asked == [(2, 3)]
    assert count_places(ballots, study) == 5
    after = read_poll(ballots, "s").trials
    assert after[after["slot"] < 2].equals(before)
    assert [ballots.seat(study, link).slot for link in links] == [0, 1]
    assert ballots.seat(study, ballots.join(study)).slot == 2
    close_study(ballots, study)
    with pytest.raises(UserError, match="is closed and can have no more places"):
        add_places(ballots, study, 6, more)
    assert count_places(ballots, study) == 5


@one_database
def test_the_ballots_hold_no_id_and_no_invitation(ballots: Ballots, study: int):
    secret = secret_of(KEY, "s", "platform", "5f0c9d0a1b2c3d4e5f607182")
    ballots.join(study, secret)
    invite(ballots, study, [secret_of(KEY, "s", "invitation", "ABCDE23456")])
    everything = ""
    for name in ("participants", "invitations", "studies"):
        everything += str(ballots.rows(sa.text(f"SELECT * FROM {name}")))
    assert "'s'" in everything
    for hidden in ("5f0c9d0a1b2c3d4e5f607182", "ABCDE23456", secret):
        assert hidden not in everything
