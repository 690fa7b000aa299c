"""What a participant wrote and answered is kept as it is, and gone when they withdraw."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.administration import (
    check_codes,
    completion_codes,
    forget_participant,
)
from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.ballots.schema import PARTICIPANTS, VOTES
from studies.ballots.seats import Refused
from tests.studies.ballots.people import finish, votes_of
from tests.studies.databases import one_database


def test_who_withdraws_is_gone_with_all_their_answers(ballots: Ballots, study: int, caplog):
    first, second = ballots.join(study), ballots.join(study)
    for link in (first, second):
        finish(ballots, study, link)
    ballots.comment(study, first, "goodbye")
    gone = ballots.seat(study, first).participant
    with caplog.at_level("INFO"):
        ballots.withdraw(study, first)
    told = f"participant {gone} withdrew; their answers were deleted"
    assert caplog.record_tuples == [("studies.ballots.ballots", logging.INFO, told)]
    poll = read_poll(ballots, "s")
    assert gone not in set(poll.votes["participant"])
    assert len(poll.votes) == 5
    assert len(poll.participants) == 1
    with pytest.raises(Refused):
        ballots.seat(study, first)


def test_codes_can_be_checked_and_tell_no_name(ballots: Ballots, study: int):
    first = finish(ballots, study, ballots.join(study))
    second = ballots.join(study)
    hidden = ballots.rows(sa.select(PARTICIPANTS.c.code).where(PARTICIPANTS.c.code != first))
    given = [f" {first.lower()[:4]}-{first[4:]}", "GUESSED234", hidden[0].code, first, ""]
    found = check_codes(ballots, study, given)["found"].tolist()
    assert found == ["finished", "unknown", "unknown", "given before", "unknown"]
    other = finish(ballots, study, second)
    table = completion_codes(ballots, study)
    assert table["code"].tolist() == sorted([first, other])
    assert list(table.columns) == ["code", "finished_at", "excluded"]


def test_who_has_the_code_may_delete_what_belongs_to_it(ballots: Ballots, study: int):
    code = finish(ballots, study, ballots.join(study))
    ballots.cast(study, ballots.join(study), 0, "left", 1.0)
    unfinished = ballots.rows(sa.select(PARTICIPANTS.c.code).where(PARTICIPANTS.c.code != code))
    for wrong in ("", "GUESSED234", unfinished[0].code, "' OR 1=1 --", "x" * 10_000):
        with pytest.raises(Refused, match="code"):
            ballots.withdraw_by_code(study, wrong)
        with pytest.raises(Refused, match="code"):
            ballots.withdraw_by_code(study + 1, code)
    assert len(votes_of(ballots)) == 6
    ballots.withdraw_by_code(study, code.lower())
    assert len(votes_of(ballots)) == 1


@one_database
def test_of_who_withdrew_nothing_is_left_in_the_files(url: str, ballots: Ballots, study: int):
    link = ballots.join(study)
    ballots.comment(study, link, "a word that nobody else wrote")
    path = Path(url.removeprefix("sqlite:///"))

    def kept() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))

    assert b"a word that nobody else wrote" in kept()
    ballots.withdraw(study, link)
    assert b"a word that nobody else wrote" not in kept()


@one_database
def test_the_number_of_who_withdrew_is_given_to_nobody_else(ballots: Ballots, study: int):
    first = ballots.join(study)
    key = ballots.rows(sa.select(PARTICIPANTS.c.id))[0].id
    ballots.withdraw(study, first)
    ballots.join(study)
    assert ballots.rows(sa.select(PARTICIPANTS.c.id))[0].id > key


@one_database
def test_one_participant_can_be_forgotten_on_request(ballots: Ballots, study: int):
    link = ballots.join(study)
    finish(ballots, study, link)
    name = ballots.seat(study, link).participant
    with pytest.raises(UserError, match="no participant"):
        forget_participant(ballots, "nobody")
    assert forget_participant(ballots, name) == 5
    code = finish(ballots, study, ballots.join(study))
    assert forget_participant(ballots, code.lower()) == 5
    assert len(ballots.rows(sa.select(VOTES))) == 0


def test_a_comment_is_kept_as_it_was_written(ballots: Ballots, study: int):
    link = ballots.join(study)
    for text in (
        "<script>alert(1)</script>",
        "'); DROP TABLE votes; --",
        '=HYPERLINK("http://x")',
        "na\0me \U0001f3a8 \u202e",
        "",
    ):
        ballots.comment(study, link, text)
        kept = read_poll(ballots, "s").participants["comment"].tolist()
        assert kept == [text.replace("\0", "")]


@one_database
def test_ten_megabytes_of_comment_are_refused(ballots: Ballots, study: int):
    link = ballots.join(study)
    ballots.comment(study, link, "before")
    with pytest.raises(Refused, match="2000"):
        ballots.comment(study, link, "x" * 10_000_000)
    with pytest.raises(Refused, match="2000"):
        ballots.comment(study, link, "x" * 2001)
    assert read_poll(ballots, "s").participants["comment"].tolist() == ["before"]
    ballots.comment(study, link, "x" * 2000)
    assert read_poll(ballots, "s").participants["comment"].tolist() == ["x" * 2000]
