"""The ballots' database, SQLite or PostgreSQL, opened so that what is committed stays.

A database is named by a URL: ``sqlite:///PATH`` (one machine; write-ahead log, synchronous, so
that a committed vote outlives a power cut) or ``postgresql://...`` (many processes).
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from dfr.core.errors import UserError

#: Seconds that a vote waits for others to be written, before the voter is asked again.
PATIENCE = 20.0


class BallotsDown(UserError):
    """The database cannot be reached or written; nothing was half-written, so ask again."""


def names_no_database(url: str) -> UserError:
    """Return the complaint about what a person typed, without what may be a password in it."""
    who, at, where = url.rpartition("@")
    scheme, slashes, _ = who.rpartition("://")
    told = f"{scheme}{slashes}***@{where}" if at else url
    return UserError(
        f"'{told}' names no database; write sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


def name_of(engine: sa.Engine) -> str:
    """Return how messages name a database: its URL without the password."""
    return engine.url.render_as_string(hide_password=True)


@contextlib.contextmanager
def transaction(engine: sa.Engine, write: bool = False) -> Iterator[sa.Connection]:
    """Do all of the block, committed at its end, or nothing of it.

    Args:
        engine: of the database.
        write: whether the block writes. In SQLite one transaction writes at a time, and readers
            wait for nobody; so what is only read is read outside of those that write, and these
            are kept short.

    Raises:
        BallotsDown: the database could not do it.
    """
    try:
        with engine.connect().execution_options(write=write) as connection, connection.begin():
            yield connection
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise BallotsDown(
            f"{name_of(engine)}: the ballots cannot be reached or written ({reason})"
        ) from error


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Turn SQLite's write-ahead log on; the file remembers it, so only its first opening has to.

    Who opens a new file while another turns the log on is told "locked" at once: for this one
    change SQLite does not wait as its timeout says (a wait could be for each other), so we do.
    """
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not busy or time.monotonic() > give_up:
                raise
        time.sleep(0.01)


def engine_of(url: str) -> sa.Engine:
    """Make the engine for a URL, so that what is committed stays.

    Raises:
        UserError: the URL cannot be read, or names a kind of database that is not supported.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise names_no_database(url) from error
    kind = parsed.get_backend_name()
    if kind == "postgresql":
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5},
        )
    if kind != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise UserError(
            f"'{parsed.render_as_string()}': ballots are kept in sqlite:///PATH or "
            "postgresql://USER@HOST/NAME"
        )
    path = Path(parsed.database).absolute()
    if not path.exists():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise UserError(
                f"{path}: cannot keep ballots here ({error.strerror}); name another database with "
                "DFR_STUDY_DATABASE"
            ) from error
    # No pool and no making of files from here on: if the file is deleted under a running study,
    # the next vote fails and is asked again, instead of going into a file that has no name.
    engine = sa.create_engine(
        f"sqlite:///{path}",
        poolclass=sa.NullPool,
        creator=lambda: sqlite3.connect(
            f"file:{quote(str(path))}?mode=rw", uri=True, timeout=PATIENCE
        ),
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        _keep_a_log(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # At once for writing: two transactions that both read first could not both go on.
        write = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Database:
    """A database that is open.

    Args:
        engine: see `engine_of`.
        now: the clock, in UTC.

    Attributes:
        where: how messages name it: its URL without the password.
    """

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime] = utc_now) -> None:
        self.where = name_of(engine)
        self._engine = engine
        self._now = now
        self._turn = threading.Lock()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write all of the block or nothing; in SQLite one thread of this process at a time.

        SQLite makes no queue: whoever finds it locked looks again after a while, and among many
        somebody may look in vain for very long.

        Raises:
            BallotsDown: the database could not do it.
        """
        alone = self._engine.dialect.name == "sqlite"
        if alone and not self._turn.acquire(timeout=PATIENCE):
            raise BallotsDown(f"{self.where}: the ballots are too busy")
        try:
            with transaction(self._engine, write=True) as connection:
                yield connection
        finally:
            if alone:
                self._turn.release()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read one state of the database.

        Raises:
            BallotsDown: the database could not do it.
        """
        with transaction(self._engine) as connection:
            yield connection

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Return what a query finds."""
        with self.reading() as connection:
            return connection.execute(query).all()

    def stamp(self, later: timedelta = timedelta()) -> str:
        """Return the time as text that sorts as time does."""
        return (self._now() + later).astimezone(UTC).isoformat(timespec="milliseconds")

    def forget_log(self) -> None:
        """Take what was deleted out of SQLite's write-ahead log too, as far as nobody reads it."""
        if self._engine.dialect.name == "sqlite":
            with self._turn, self._engine.connect() as connection:
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()
