"""The commands of ``dfr votes`` that move ballots, and open and close a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError, unknown
from dfr.core.terminal import console, table_console
from studies.commands.options import (
    RUNS,
    DatabaseOption,
    NameOption,
    RunsOption,
    app,
    open_ballots,
)


@app.command("list")
def list_studies(database: DatabaseOption = None, runs: RunsOption = RUNS) -> None:
    """List the studies of a database, with their counts."""
    from studies.ballots.poll import read_poll, study_names

    ballots = open_ballots(database, runs)
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
    name: NameOption = None,
    database: DatabaseOption = None,
    runs: RunsOption = RUNS,
    kind: Annotated[str, typer.Option("--format", help="csv or parquet.")] = "csv",
) -> None:
    """Write a study's design, participants and votes to files, without links and codes."""
    from studies.ballots.export import FORMATS, write_export
    from studies.ballots.poll import choose_name, read_poll

    if kind not in FORMATS:
        raise unknown("format", kind, FORMATS)
    ballots = open_ballots(database, runs)
    poll = read_poll(ballots, choose_name(ballots, name))
    write_export(poll, out, "parquet" if kind == "parquet" else "csv")
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
    from studies.ballots.administration import import_poll
    from studies.ballots.ballots import Ballots
    from studies.ballots.export import read_export
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
    database: DatabaseOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Delete one participant and all their answers."""
    from studies.ballots.administration import forget_participant

    votes = forget_participant(open_ballots(database, runs), participant)
    console.print(f"deleted {escape(participant)} and {votes} votes")


@app.command()
def close(
    name: NameOption = None,
    database: DatabaseOption = None,
    runs: RunsOption = RUNS,
    again: Annotated[bool, typer.Option("--open", help="Open it again.")] = False,
) -> None:
    """Stop a study's voting. The ranking is then shown."""
    from studies.ballots.administration import close_study
    from studies.ballots.poll import choose_name, study_key

    ballots = open_ballots(database, runs)
    chosen = choose_name(ballots, name)
    close_study(ballots, study_key(ballots, chosen), closed=not again)
    console.print(f"study '{escape(chosen)}' is {'open' if again else 'closed'}")


@app.command()
def upgrade(database: DatabaseOption = None, runs: RunsOption = RUNS) -> None:
    """Bring an older database to this version."""
    console.print(f"{escape(open_ballots(database, runs, upgrade=True).where)}: up to date")
