"""Where the ballots of a study are: the one place that decides it.

A database is named on the command line, or by an environment variable; if neither names one, it
is the file ``votes.sqlite`` in the folder of a run.
"""

from __future__ import annotations

import os
from pathlib import Path

from dfr.core.errors import UserError
from studies.ballots.doors import KEY_FILE

#: The environment variable that names the database.
DATABASE = "DFR_STUDY_DATABASE"
#: The file in a run's folder, which the voting page makes if no database is named.
FILE = "votes.sqlite"

_SQLITE = "sqlite:///"


def newest_run(runs: Path) -> Path:
    """Find the run that was started or continued last.

    Raises:
        UserError: there is none.
    """
    found = sorted(runs.glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UserError(
            f"no run under {runs}: make one with `dfr reproduce --profile smoke` (three minutes), "
            "or name one with --run"
        )
    return found[-1].parent


def named_database(database: str | None = None) -> str | None:
    """Return the URL of the database that was named; None if none was.

    Args:
        database: URL or path given on the command line; it comes before the environment variable.
    """
    given = database or os.environ.get(DATABASE)
    if not given:
        return None
    return given if "://" in given else f"{_SQLITE}{given}"


def database_of_run(run: Path, database: str | None = None) -> str:
    """Return the URL of the database that was named, else of the file in a run's folder."""
    return named_database(database) or f"{_SQLITE}{run / FILE}"


def existing_database(database: str | None, runs: Path) -> str:
    """Return the URL of ballots that are there: the named ones, else those of the newest run.

    Raises:
        UserError: there is no run, or the file does not exist; none is made.
    """
    url = named_database(database) or database_of_run(newest_run(runs))
    file = sqlite_file(url)
    if file is not None and not file.is_file():
        raise UserError(
            f"{file}: no ballots there; name them with --database, or open the voting page first"
        )
    return url


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite database; None for another kind of database."""
    return Path(url.removeprefix(_SQLITE)) if url.startswith(_SQLITE) else None


def key_file(url: str, home: Path) -> Path:
    """Return the file of the key of a study's doors: beside the ballots.

    Args:
        url: of the ballots.
        home: folder of the study; the key is here where the ballots are no file.
    """
    file = sqlite_file(url)
    return (home if file is None else file.parent) / KEY_FILE
