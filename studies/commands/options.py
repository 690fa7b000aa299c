"""The group of commands ``dfr votes``, and the options that they share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dfr.core.terminal import Group

if TYPE_CHECKING:
    from studies.ballots.ballots import Ballots
    from studies.ballots.opening import OpenStudy

app = typer.Typer(
    help="The user study: plan it, move its ballots, rank the methods. The voting page itself is "
    "`streamlit run studies/vote.py`.",
    no_args_is_help=True,
    cls=Group,
    add_completion=False,
    rich_markup_mode=None,
)

StudyOption = Annotated[
    Path | None,
    typer.Option(
        "--study", help="The study's file, or the folder that holds it.", show_default=False
    ),
]
NamedStudy = Annotated[
    Path,
    typer.Option(
        "--study", help="The study's file, or the folder that holds it.", show_default=False
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        help="URL or file of the ballots.  [default: DFR_STUDY_DATABASE, else votes.sqlite beside "
        "the study's file]",
        show_default=False,
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        help="The study's name.  [default: the file's, or the only one in the database]",
        show_default=False,
    ),
]


def find_ballots(
    study: Path | None, database: str | None, name: str | None = None
) -> tuple[str, str | None]:
    """Return the URL of ballots that are there, and the name of the study, where one was named."""
    from studies.ballots.location import existing_database
    from studies.design.study import read_study, study_file

    file = study_file(study) if study is not None else None
    url = existing_database(database, file.parent if file is not None else None)
    return url, name or (read_study(file).name if file is not None else None)


def open_ballots(
    study: Path | None, database: str | None, name: str | None = None
) -> tuple[Ballots, str]:
    """Open ballots that are there, and choose a study of them: no empty database is made."""
    from studies.ballots.ballots import Ballots
    from studies.ballots.poll import choose_name

    url, named = find_ballots(study, database, name)
    ballots = Ballots(url)
    return ballots, choose_name(ballots, named)


def open_named(study: Path, database: str | None) -> OpenStudy:
    """Open the study of a file, or of the folder that holds it; begin it if it is new."""
    from studies.ballots.opening import open_study
    from studies.design.study import read_study, study_file

    file = study_file(study)
    return open_study(read_study(file), file.parent, database)
