"""Where the ballots of a study are: the one place that decides it.

A database is named on the command line, or by an environment variable; if neither names one, it
is the file ``votes.sqlite`` in the folder of the study, beside its file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from dfr.core.errors import UserError
from studies.ballots.doors import KEY_FILE

#: The environment variable that names the database.
DATABASE = "DFR_STUDY_DATABASE"
#: The file in a study's folder, which the voting page makes if no database is named.
FILE = "votes.sqlite"

_SQLITE = "sqlite:///"


def named_database(database: str | None = None) -> str | None:
    """Return the URL of the database that was named; None if none was.

    Args:
        database: URL or path given on the command line; it comes before the environment variable.

    Raises:
        UserError: it is nearly a URL.
    """
    given = database or os.environ.get(DATABASE)
    if not given:
        return None
    if re.match(r"[a-z][a-z0-9+]+:(?!//)", given):  # a URL with a slip, or else a file of that name
        from studies.ballots.database import names_no_database  # loads SQLAlchemy: not for a report

        raise names_no_database(given)
    return given if "://" in given else f"{_SQLITE}{given}"


def database_of(home: Path, database: str | None = None) -> str:
    """Return the URL of the database that was named, else of the file in a study's folder."""
    return named_database(database) or f"{_SQLITE}{home / FILE}"


def existing_database(database: str | None, home: Path | None) -> str:
    """Return the URL of ballots that are there: the named ones, else those in a study's folder.

    Raises:
        UserError: neither is named, or the file does not exist; none is made.
    """
    url = named_database(database) if home is None else database_of(home, database)
    if url is None:
        raise UserError("name the study: --study FOLDER, or its ballots: --database URL")
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
