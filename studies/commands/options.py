"""The group of commands ``dfr votes``, and the options that they share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from studies.ballots.ballots import Ballots
    from studies.ballots.opening import OpenStudy

app = typer.Typer(
    help="The user study: plan it, move its ballots, rank the methods. The voting page itself is "
    "`streamlit run studies/vote.py`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DatabaseOption = Annotated[
    str | None,
    typer.Option(
        help="URL or file of the ballots.  [default: DFR_STUDY_DATABASE, else votes.sqlite in the "
        "newest run]",
        show_default=False,
    ),
]
NameOption = Annotated[
    str | None,
    typer.Option(
        help="The study's name.  [default: the only one in the database]", show_default=False
    ),
]
RunsOption = Annotated[Path, typer.Option(help="Where the newest run is looked for.")]
RUNS = Path("runs")


def open_ballots(database: str | None, runs: Path, upgrade: bool = False) -> Ballots:
    """Open ballots that are there: a command that only reads makes no empty database."""
    from studies.ballots.ballots import Ballots
    from studies.ballots.location import existing_database

    return Ballots(existing_database(database, runs), upgrade)


def open_named(study: Path, database: str | None) -> OpenStudy:
    """Open the study of a file, or of the folder that holds it; begin it if it is new."""
    from studies.ballots.opening import choose_study, open_study
    from studies.design.study import study_file

    file = study_file(study)
    return open_study(choose_study(file, None, RUNS), database, file.parent)
