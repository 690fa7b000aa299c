"""The commands of ``dfr votes`` that move ballots, and open and close a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError, unknown
from dfr.core.terminal import console, table_console, words
from studies.commands.options import (
    DatabaseOption,
    NameOption,
    StudyOption,
    app,
    find_ballots,
    open_ballots,
)


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="The study's folder.", show_default=False)],
    run: Annotated[
        Path, typer.Option(help="The run whose outputs are compared.", show_default=False)
    ],
    methods: Annotated[
        str | None,
        typer.Option(
            help="Labels, with commas between.  [default: all of the run]", show_default=False
        ),
    ] = None,
    door: Annotated[str, typer.Option(help="platform, invitation or open.")] = "invitation",
) -> None:
    """Make a study's folder: its file, to be edited, and its own copy of the pictures."""
    from studies.ballots.opening import new_study

    file = new_study(folder, run, words(methods) if methods else [], door)
    console.print(
        f"edit {escape(str(file))}, then show the page: "
        f"streamlit run studies/vote.py -- --study {escape(str(folder))}",
        soft_wrap=True,
    )


@app.command("list")
def list_studies(study: StudyOption = None, database: DatabaseOption = None) -> None:
    """List the studies of a database, with their counts."""
    from studies.ballots.ballots import Ballots
    from studies.ballots.poll import read_poll, study_names

    ballots = Ballots(find_ballots(study, database)[0])
    table = Table("study", "begun", "participants", "finished", "votes", "closed")
    for name in study_names(ballots):
        poll = read_poll(ballots, name)
        table.add_row(
            name, poll.created_at[:16], str(len(poll.participants)),
            str(int(poll.participants["finished"].sum())), str(len(poll.votes)),
            (poll.closed_at or "")[:16] or "no",
        )  # fmt: skip
    console.print(escape(ballots.where), soft_wrap=True)
    table_console().print(table)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="Folder to write to.", show_default=False)],
    study: StudyOption = None,
    name: NameOption = None,
    database: DatabaseOption = None,
    kind: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
) -> None:
    """Write a study's ballots to files, without links and codes, and one tidy table of answers."""
    from studies.analysis.tidy import write_archive
    from studies.ballots.events import log_event
    from studies.ballots.export import FORMATS
    from studies.ballots.poll import read_poll, study_key

    if kind not in FORMATS:
        raise unknown("format", kind, FORMATS)
    ballots, chosen = open_ballots(study, database, name)
    poll = read_poll(ballots, chosen)
    write_archive(poll, out, "parquet" if kind == "parquet" else "csv")
    log_event(ballots, study_key(ballots, chosen), "exported", f"{len(poll.votes)} votes")
    console.print(
        f"{len(poll.votes)} votes of {len(poll.participants)} people -> {escape(str(out))}",
        soft_wrap=True,
    )


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(help="What `export` wrote.", show_default=False)],
    database: Annotated[
        str | None,
        typer.Option(
            help="URL or file of the ballots; a new file is made if there is none.  "
            "[default: DFR_STUDY_DATABASE]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Add exported ballots to a database. Ballots that are there already do not change."""
    from studies.ballots.ballots import Ballots
    from studies.ballots.export import read_export
    from studies.ballots.importing import import_poll
    from studies.ballots.location import DATABASE, named_database

    url = named_database(database)
    if url is None:
        raise UserError(f"name the database with --database or {DATABASE}")
    poll = read_export(folder)
    people, votes = import_poll(Ballots(url), poll)
    console.print(f"added {votes} votes of {people} people to study '{poll.name}'")


@app.command()
def forget(
    participant: Annotated[
        str,
        typer.Argument(
            help="Random name, as in an export, or completion code.", show_default=False
        ),
    ],
    study: StudyOption = None,
    database: DatabaseOption = None,
) -> None:
    """Delete one participant and all their answers."""
    from studies.ballots.administration import forget_participant
    from studies.ballots.ballots import Ballots

    votes = forget_participant(Ballots(find_ballots(study, database)[0]), participant)
    console.print(f"deleted {escape(participant)} and {votes} votes")


@app.command()
def close(
    study: StudyOption = None,
    name: NameOption = None,
    database: DatabaseOption = None,
    again: Annotated[bool, typer.Option("--open", help="Open it again.")] = False,
) -> None:
    """Stop a study's voting. The ranking is then shown."""
    from studies.ballots.administration import close_study
    from studies.ballots.poll import study_key

    ballots, chosen = open_ballots(study, database, name)
    close_study(ballots, study_key(ballots, chosen), closed=not again)
    console.print(f"study '{escape(chosen)}' is {'open' if again else 'closed'}")


@app.command()
def upgrade(study: StudyOption = None, database: DatabaseOption = None) -> None:
    """Bring an older database to this version."""
    from studies.ballots.ballots import Ballots

    url, _ = find_ballots(study, database)
    console.print(f"{escape(Ballots(url, upgrade=True).where)}: up to date")


@app.command("log")
def show_log(
    study: StudyOption = None, name: NameOption = None, database: DatabaseOption = None
) -> None:
    """Show who did what when: closed, opened again, looked at the ranking, exported, invited."""
    from studies.ballots.poll import read_poll

    ballots, chosen = open_ballots(study, database, name)
    for row in read_poll(ballots, chosen).events.itertuples(index=False):
        typer.echo(f"{row.at}  {row.what}  {row.detail}".rstrip())
