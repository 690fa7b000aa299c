"""What is committed stays, and what fails leaves nothing and says so."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots import database as module
from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.database import BallotsDown, Database, engine_of, name_of
from tests.studies.ballots.people import SETTINGS


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "new folder" / "ballots of 50 %.sqlite"


@pytest.fixture
def database(path):
    made = Database(engine_of(f"sqlite:///{path}"))
    with made.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE votes (answer TEXT)")
    yield made
    made.close()


def cast(database: Database, answer: str) -> None:
    with database.writing() as connection:
        connection.execute(sa.text("INSERT INTO votes VALUES (:answer)"), {"answer": answer})


def votes(database: Database) -> list[str]:
    return [row.answer for row in database.rows(sa.text("SELECT answer FROM votes"))]


def test_a_commit_outlives_a_power_cut_and_what_is_deleted_is_gone(database, path):
    asked = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    with database.reading() as connection:
        for pragma, value in asked.items():
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value
    assert path.is_file()
    assert database.where == f"sqlite:///{path}".replace("%", "%25")


def test_a_block_that_fails_leaves_nothing(database):
    cast(database, "left")
    with pytest.raises(ZeroDivisionError), database.writing() as connection:
        connection.execute(sa.text("INSERT INTO votes VALUES ('right')"))
        raise ZeroDivisionError
    assert votes(database) == ["left"]
    cast(database, "tie")
    assert votes(database) == ["left", "tie"]


def test_a_reader_waits_for_nobody_and_sees_one_state(database):
    cast(database, "left")
    with database.reading() as reader:
        count = sa.text("SELECT count(*) FROM votes")
        assert reader.scalar(count) == 1
        cast(database, "right")
        assert reader.scalar(count) == 1
    assert votes(database) == ["left", "right"]


def test_a_writer_waits_for_another_process_and_then_says_what_is_wrong(
    database, path, monkeypatch
):
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    other = Database(engine_of(f"sqlite:///{path}"))
    refused = pytest.raises(BallotsDown, match=r"cannot be reached or written \(database is lock")
    with database.writing(), refused:
        cast(other, "left")
    cast(other, "left")
    assert votes(database) == ["left"]


def test_a_new_file_that_stays_locked_is_given_up(path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    engine = engine_of(f"sqlite:///{path}")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(BallotsDown, match="locked"):
        Database(engine).rows(sa.text("SELECT 1"))
    other.execute("COMMIT")
    assert Database(engine).rows(sa.text("SELECT 1")) == [(1,)]
    other.close()


def test_threads_of_one_process_write_one_after_the_other(database, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    said = []

    def impatient() -> None:
        try:
            cast(database, "left")
        except BallotsDown as error:
            said.append(str(error))

    with database.writing():
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join()
    assert said == [f"{database.where}: the ballots are too busy"]
    cast(database, "right")
    assert votes(database) == ["right"]


def test_a_time_is_text_that_sorts_as_time_does(database):
    noon = datetime(2026, 1, 1, 13, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1.5)))
    told = Database(database._engine, lambda: noon)
    assert told.stamp() == "2026-01-01T12:00:00.123+00:00"
    assert told.stamp(timedelta(hours=-13)) == "2025-12-31T23:00:00.123+00:00"
    now = datetime.fromisoformat(database.stamp())
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_postgresql_is_asked_whether_it_is_there_and_not_for_long():
    engine = engine_of("postgresql://me:geheim@host:1/x")
    assert engine.url.drivername == "postgresql+psycopg"
    assert engine.pool._pre_ping
    assert name_of(engine) == "postgresql+psycopg://me:***@host:1/x"
    with pytest.raises(BallotsDown, match="refused"):  # and not an option that it does not know
        Database(engine_of("postgresql://me@127.0.0.1:1/x")).rows(sa.text("SELECT 1"))


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql:/me:geheim@h", r"'\*\*\*@h' names no database"),
        ("nonsense", "'nonsense' names no database; write sqlite:///PATH"),
        ("sqlite://", "ballots are kept in sqlite:///PATH"),
        ("sqlite:///:memory:", "ballots are kept in sqlite:///PATH"),
        ("mysql://x/y", "'mysql://x/y': ballots are kept in"),
    ],
)
def test_another_kind_of_database_is_refused(url, told):
    with pytest.raises(UserError, match=told):
        engine_of(url)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot keep ballots here .*DFR_STUDY_DATABASE"):
        engine_of(f"sqlite:///{tmp_path}/file/x.sqlite")


def test_a_new_file_that_another_holds_for_a_moment_is_waited_for(tmp_path):
    """Turning the log on is the one change for which SQLite itself does not wait."""
    path = tmp_path / "votes.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    release.start()
    with engine_of(f"sqlite:///{path}").connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    release.join()
    other.close()


def test_a_postgresql_that_does_not_answer_is_given_up_after_five_seconds():
    """As psycopg is told: nobody waits here."""

    class Told(Exception):
        pass

    engine = engine_of("postgresql://tester@127.0.0.1:9/votes")

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_dialect, _record, _arguments, settings):
        raise Told(settings["connect_timeout"])

    with pytest.raises(Told, match=r"^5$"):
        engine.connect()


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
