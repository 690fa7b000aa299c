"""The ballots, on SQLite and on PostgreSQL: no vote lost, none doubled, none forged."""

from __future__ import annotations

import logging
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots import schema
from studies.ballots.administration import (
    begin_study,
    check_codes,
    close_study,
    completion_codes,
    forget_participant,
)
from studies.ballots.ballots import Ballots
from studies.ballots.database import BallotsDown
from studies.ballots.doors import ALPHABET, CODE_LENGTH
from studies.ballots.newcomers import StudyFull
from studies.ballots.poll import read_poll
from studies.ballots.schema import METADATA, PARTICIPANTS, VOTES, newest
from studies.ballots.seats import Refused
from tests.studies.databases import one_database

SETTINGS = {"questions": ["overall"], "methods": {"ours": "Ours", "theirs": "Theirs"}}


@pytest.fixture
def ballots(url: str):
    made = Ballots(url)
    yield made
    made.close()


@pytest.fixture
def study(ballots: Ballots, design) -> int:
    return begin_study(ballots, "s", "d", SETTINGS, design)


def finish(ballots: Ballots, study: int, link: str, answer: str = "left") -> str:
    seat = ballots.seat(study, link)
    while seat.step is not None:
        _, seat = ballots.cast(study, link, seat.step.number, answer, 1.0)
    return seat.code


def votes_of(ballots: Ballots) -> list[tuple[str, int, str]]:
    votes = read_poll(ballots, "s").votes
    return list(zip(votes["participant"], votes["position"], votes["answer"], strict=True))


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
    ready, outcomes = threading.Barrier(len(tabs)), []

    def press(tab: Ballots, answer: str) -> None:
        ready.wait()
        outcomes.append(tab.cast(study, link, 0, answer, 1.0)[0])

    threads = [
        threading.Thread(target=press, args=(tab, "left" if number % 2 else "right"))
        for number, tab in enumerate(tabs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
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
def test_places_are_given_out_once_each_and_then_the_study_is_full(ballots: Ballots, study: int):
    slots = [ballots.seat(study, ballots.join(study)).slot for _ in range(2)]
    assert slots == [0, 1]
    with pytest.raises(StudyFull):
        ballots.join(study)


def test_many_who_join_at_once_get_different_places(url: str, ballots: Ballots, design):
    study = begin_study(ballots, "big", "d", SETTINGS, lambda: design(people=8))
    doors = [Ballots(url) for _ in range(8)]
    ready, links = threading.Barrier(8), []

    def join(door: Ballots) -> None:
        ready.wait()
        links.append(door.join(study))

    threads = [threading.Thread(target=join, args=(door,)) for door in doors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ballots.seat(study, link).slot for link in links) == list(range(8))


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


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


def test_a_study_may_change_until_somebody_takes_part(ballots: Ballots, design):
    begin_study(ballots, "s", "one", SETTINGS, design)
    study = begin_study(ballots, "s", "two", SETTINGS, lambda: design(people=5))
    assert read_poll(ballots, "s").trials["slot"].nunique() == 5
    assert begin_study(ballots, "s", "two", SETTINGS, lambda: pytest.fail("it is there")) == study
    ballots.join(study)
    with pytest.raises(UserError, match="'s' was begun with other settings"):
        begin_study(ballots, "s", "three", SETTINGS, design)


def test_two_processes_that_open_a_new_database_at_once_agree(url: str, design):
    ready, found = threading.Barrier(4), []

    def open_it() -> None:
        ready.wait()
        found.append(begin_study(Ballots(url), "s", "d", SETTINGS, design))

    threads = [threading.Thread(target=open_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert len(read_poll(Ballots(url), "s").trials) == 10


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path, rounds: int):
    """Each round has a chance of some per cent that two change SQLite's journal at once."""
    complaints: list[Exception] = []

    def open_it(url: str, ready: threading.Barrier) -> None:
        ready.wait()
        try:
            Ballots(url).close()
        except UserError as error:
            complaints.append(error)

    for attempt in range(rounds):
        ready = threading.Barrier(6)
        url = f"sqlite:///{tmp_path}/{attempt}.sqlite"
        threads = [threading.Thread(target=open_it, args=(url, ready)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert complaints == []


def test_the_migrations_lead_to_the_tables_that_the_program_uses(url: str):
    Ballots(url).close()
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
        version = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    assert differences == []
    assert version == newest()


def _engine(url: str) -> sa.Engine:
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    if engine.dialect.name == "sqlite":

        @sa.event.listens_for(engine, "connect")
        def _connect(connection, _) -> None:
            connection.execute("PRAGMA foreign_keys=ON")

    return engine


def _old_database(url: str, version: str) -> None:
    """Make a database as an older version made it, with five votes of one person."""
    from alembic import command

    engine = _engine(url)
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), version)
        person = "1, 1, 'ann', 0, 'L', 'CODE', 't', 't', 't'"
        for row in (
            """studies VALUES (1, 's', 'd', '{"questions": ["overall"]}', 't', NULL)""",
            f"participants VALUES ({person}{', NULL' if version > '0001' else ''}"
            f"{', false' if version > '0002' else ''})",
            *(
                f"trials VALUES ({k}, 1, 0, {k}, 'vote', 'c', 's', 'output', 'a', 'x', 'output',"
                " 'b', 'x', '', NULL)"
                for k in range(1, 6)
            ),
            *(
                "votes (id, participant_id, trial_id, question, answer, seconds, voted_at) "
                f"VALUES ({k}, 1, {k}, 'overall', 'left', 1.5, 't')"
                for k in range(1, 6)
            ),
        ):
            connection.exec_driver_sql(f"INSERT INTO {row}")
    engine.dispose()


@pytest.mark.parametrize("version", ["0001", "0002", "0003", "0004", "0005", "0006", "0007"])
def test_an_older_database_is_refused_then_upgraded_with_its_votes(url: str, version: str):
    _old_database(url, version)
    with pytest.raises(UserError, match=r"older dfr-suite.*dfr votes upgrade"):
        Ballots(url)
    upgraded = Ballots(url, upgrade=True)
    assert votes_of(upgraded) == [("ann", position, "left") for position in range(1, 6)]
    told = read_poll(upgraded, "s").votes
    assert told[["seconds", "timed_by", "device"]].to_numpy().tolist() == [[1.5, "server", ""]] * 5
    assert told["reloaded"].isna().all()
    assert forget_participant(upgraded, "ann") == 5  # what belongs together still does
    if url.startswith("sqlite"):
        for table in ("participants", "votes"):
            made = upgraded.rows(sa.text(f"SELECT sql FROM sqlite_master WHERE name = '{table}'"))
            assert "AUTOINCREMENT" in made[0].sql
            assert "CHECK" not in made[0].sql  # an answer may be a mark
    upgraded.close()


@one_database
def test_the_number_of_who_withdrew_is_given_to_nobody_else(ballots: Ballots, study: int):
    first = ballots.join(study)
    key = ballots.rows(sa.select(PARTICIPANTS.c.id))[0].id
    ballots.withdraw(study, first)
    ballots.join(study)
    assert ballots.rows(sa.select(PARTICIPANTS.c.id))[0].id > key


@one_database
def test_a_newer_database_is_refused_and_left_alone(url: str):
    Ballots(url).close()
    engine = _engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for upgrade in (False, True):
        with pytest.raises(UserError, match=r"newer dfr-suite \(version 9999"):
            Ballots(url, upgrade=upgrade)


def test_a_database_of_something_else_is_refused(url: str):
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE votes (x)")
    else:
        engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE votes (x int)"))
        engine.dispose()
    with pytest.raises(UserError, match="other software"):
        Ballots(url)


@pytest.mark.parametrize(
    "url",
    ["mysql://x/y", "nonsense", "sqlite://", "sqlite:///:memory:",
     "postgresql://nobody@127.0.0.1:1/x"],
)  # fmt: skip
def test_a_database_that_cannot_be_used_is_one_clear_line(url: str):
    with pytest.raises(UserError) as caught:
        Ballots(url)
    assert "\n" not in str(caught.value)


def test_a_password_stands_in_no_message():
    with pytest.raises(BallotsDown) as caught:
        Ballots("postgresql://me:geheim@127.0.0.1:1/x")
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path: Path):
    path = tmp_path / "x.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(UserError, match=r"x\.sqlite"):
        Ballots(f"sqlite:///{path}")
    assert path.read_bytes().startswith(b"not a database")


def test_a_database_deleted_under_a_running_study_takes_no_vote_in_silence(tmp_path: Path, design):
    path = tmp_path / "x.sqlite"
    ballots = Ballots(f"sqlite:///{path}")
    study = begin_study(ballots, "s", "d", SETTINGS, design)
    link = ballots.join(study)
    for file in tmp_path.glob("x.sqlite*"):
        file.unlink()
    with pytest.raises(BallotsDown):
        ballots.cast(study, link, 0, "left", 1.0)
    assert not path.exists()
