"""A database of the ballots is new, of this version, upgraded, or refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots import schema
from studies.ballots.administration import (
    begin_study,
    forget_participant,
)
from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.ballots.schema import METADATA, newest
from tests.at_once import at_once
from tests.studies.ballots.people import SETTINGS, votes_of
from tests.studies.databases import one_database


def test_two_processes_that_open_a_new_database_at_once_agree(url: str, design):
    found = at_once([lambda: begin_study(Ballots(url), "s", "d", SETTINGS, design)] * 4)
    assert len(set(found)) == 1
    assert len(read_poll(Ballots(url), "s").trials) == 10


@pytest.mark.parametrize("rounds", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_a_new_file_may_be_opened_by_many_at_once(tmp_path: Path, rounds: int):
    """Each round has a chance of some per cent that two change SQLite's journal at once."""
    for attempt in range(rounds):
        url = f"sqlite:///{tmp_path}/{attempt}.sqlite"
        at_once([lambda url=url: Ballots(url).close()] * 6)


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
