"""Read the votes of a user study without touching them: a database, or a folder of an export."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext

from dfr.core.errors import UserError, unknown
from dfr.core.files import seal_of
from reports.inputs.votes import Votes, is_simulated, results
from studies.ballots import schema
from studies.ballots.database import BallotsDown, Database, engine_of
from studies.ballots.events import log_event
from studies.ballots.export import read_export
from studies.ballots.location import FILE, sqlite_file
from studies.ballots.poll import Poll, choose_name, read_poll, study_key, study_names

log = logging.getLogger(__name__)

#: What a study's settings must tell, or nothing can be said of its votes.
_NEEDED = {"methods", "questions", "drop_at", "run"}


class ReadBallots(Database):
    """Ballots that are only read: no file or table is made, nothing is brought to a new version.

    Args:
        url: of a database.

    Raises:
        UserError: it holds no ballots, or those of another version of the tables.
        BallotsDown: it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        super().__init__(_reading(url))
        file = sqlite_file(url)
        if file is not None:
            self.where = str(file)
        with self.reading() as connection:
            version = MigrationContext.configure(connection).get_current_revision()
        if version is None:
            raise UserError(f"{self.where}: holds no ballots")
        if version != schema.newest():
            raise UserError(
                f"{self.where}: was made by another version of dfr-suite; make a copy of it, then "
                "run `dfr votes upgrade`"
            )


def _reading(url: str) -> sa.Engine:
    """Return an engine that cannot write."""
    file = sqlite_file(url)
    if file is None:
        return engine_of(url).execution_options(postgresql_readonly=True)
    path = file.absolute()
    if not path.is_file():
        raise UserError(f"{path}: no ballots there")
    # OpenStudy for writing, so that the last one to close it takes its log away; where that cannot
    # be, nobody else can write either.
    writable = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    how = "mode=rw" if writable else "immutable=1"
    engine = sa.create_engine(
        f"sqlite:///file:{quote(str(path))}?{how}&uri=true",
        poolclass=sa.NullPool,
        connect_args={"timeout": 20},
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    return engine


def read_votes(source: str, name: str | None = None) -> Poll:
    """Read one study.

    Args:
        source: a folder that `dfr votes export` wrote, a study's folder, or a file or URL of
            ballots.
        name: of the study; the only one there if None.

    Raises:
        UserError: nothing of this kind is there, or it holds no such study, or several to choose
            from.
    """
    if _is_folder(source):
        return _checked(read_export(Path(source)), source)
    ballots = _open(source)
    try:
        return _checked(read_poll(ballots, choose_name(ballots, name)), source)
    finally:
        ballots.close()


def log_look(source: str, poll: Poll, detail: str) -> None:
    """Write into a study's log that its ranking was looked at; an export has no log to write to.

    Args:
        source: see `read_votes`.
        poll: what was looked at.
        detail: how; that the study was still open is said here.
    """
    if _is_folder(source):
        return
    ballots = Database(engine_of(_url_of(source)))
    try:
        early = "" if poll.closed_at else "before the study was closed"
        told = ", ".join(text for text in (early, detail) if text)
        log_event(ballots, study_key(ballots, poll.name), "ranking", told)
    except BallotsDown as error:  # a copy that cannot be written may be shown all the same
        log.warning("this look at the ranking is not in the log of the study: %s", error)
    finally:
        ballots.close()


def votes_of_run(
    folder: Path,
    identity: Mapping[str, Any],
    source: str | None = None,
    name: str | None = None,
) -> Votes | None:
    """Find and analyse the votes on a run's outputs.

    Args:
        folder: of the run.
        identity: of the run.
        source: see `read_votes`; the file beside the run's cells if None.
        name: of the study. If None, of several studies of the run, people's comes before
            simulated ones, a closed one before an open one, and the newest before others.

    Returns:
        None where no source was named and the run has no study.

    Raises:
        UserError: the source holds no study of this run, or see `read_votes`.
    """
    if source is None and not (folder / FILE).is_file():
        if name is not None:
            raise UserError(f"{folder / FILE}: no ballots there; name them with --votes")
        return None
    where = source if source is not None else str(folder / FILE)
    polls = _polls(where)
    if not polls and source is None and name is None:
        return None  # the voting page was opened, and no study begun
    if name is not None and name not in polls:
        raise unknown("study", name, polls)
    here = [poll for poll in polls.values() if poll.settings.get("run") == seal_of(identity)]
    chosen = [poll for poll in here if name in (None, poll.name)]
    if not chosen:
        raise UserError(
            f"{where}: holds no votes on this run ({folder}), "
            f"{'but on another: ' + ', '.join(polls) if polls else 'and no study at all'}; name "
            "the right ones with --votes, or move that file away"
        )
    poll = max(
        chosen,
        key=lambda one: (not is_simulated(one), one.closed_at is not None, one.created_at),
    )
    others = tuple(other.name for other in here if other is not poll)
    found = results(poll) if poll.closed_at is not None else {}
    if poll.task == "pairs":
        return Votes(poll, where, others, found)
    return Votes(poll, where, others, {}, found)


def _polls(source: str) -> dict[str, Poll]:
    """Read every study of a source, by name."""
    if _is_folder(source):
        polls = [read_export(Path(source))]
    else:
        ballots = _open(source)
        try:
            polls = [read_poll(ballots, name) for name in study_names(ballots)]
        finally:
            ballots.close()
    return {poll.name: _checked(poll, source) for poll in polls}


def _is_folder(source: str) -> bool:
    """Tell whether a source is a folder of an export."""
    return "://" not in source and Path(source).is_dir() and not (Path(source) / FILE).is_file()


def _open(source: str) -> ReadBallots:
    return ReadBallots(_url_of(source))


def _url_of(source: str) -> str:
    if "://" not in source and Path(source).is_dir():
        source = str(Path(source) / FILE)  # the folder of a study
    return source if "://" in source else f"sqlite:///{source}"


def _checked(poll: Poll, where: str) -> Poll:
    """Return a poll whose settings tell what the analysis needs.

    Raises:
        UserError: they do not.
    """
    lacking = sorted(_NEEDED - set(poll.settings))
    if lacking:
        raise UserError(f"{where}: study '{poll.name}' has no setting {', '.join(lacking)}")
    return poll
