"""The commands of ``dfr votes`` about who takes part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dfr.core.errors import UserError
from dfr.core.terminal import console
from studies.commands.options import DatabaseOption, NamedStudy, app, open_ballots, open_named


@app.command()
def invite(
    number: Annotated[int, typer.Argument(help="How many.", min=1, max=10_000)],
    study: NamedStudy,
    database: DatabaseOption = None,
    address: Annotated[
        str | None,
        typer.Option(
            help="Address of the voting page: whole links are printed.", show_default=False
        ),
    ] = None,
) -> None:
    """Make invitations, each for one person, and print their codes: they are kept nowhere."""
    from studies.ballots.administration import invite as keep
    from studies.ballots.doors import new_code
    from studies.ballots.events import log_event
    from studies.design.study import OWN_PARAMETERS

    opened = open_named(study, database)
    if opened.study.door != "invitation":
        raise UserError(
            f"study '{opened.study.name}' lets people in by another door (door = "
            f'"{opened.study.door}"); write door = "invitation" into its file'
        )
    codes = [new_code() for _ in range(number)]
    log_event(opened.ballots, opened.key, "invited", f"{number} people")
    keep(opened.ballots, opened.key, [opened.secret_of(code) for code in codes])
    before = f"{address.rstrip('/')}/?{OWN_PARAMETERS[1]}=" if address else ""
    for code in codes:
        typer.echo(f"{before}{code}")


@app.command()
def add(
    number: Annotated[int, typer.Argument(help="How many places.", min=1, max=100_000)],
    study: NamedStudy,
    database: DatabaseOption = None,
) -> None:
    """Add places to a study, also while it runs. What is planned already does not change."""
    from studies.ballots.poll import count_places

    opened = open_named(study, database)
    there = count_places(opened.ballots, opened.key)
    added = opened.add_places(there + number)
    console.print(f"study '{escape(opened.study.name)}' has {there + added} places", soft_wrap=True)


@app.command()
def codes(
    study: NamedStudy,
    given: Annotated[
        list[str] | None,
        typer.Argument(help="Codes to check.  [default: list all]", show_default=False),
    ] = None,
    database: DatabaseOption = None,
    out: Annotated[
        Path | None, typer.Option(help="A CSV file to write.", show_default=False)
    ] = None,
) -> None:
    """List the completion codes that were given at the end, or check those that people sent."""
    from dfr.core.files import write_whole
    from studies.ballots.administration import check_codes, completion_codes
    from studies.ballots.events import log_event
    from studies.ballots.poll import study_key

    ballots, name = open_ballots(study, database)
    key = study_key(ballots, name)
    table = check_codes(ballots, key, given) if given else completion_codes(ballots, key)
    log_event(ballots, key, "codes", f"{'checked' if given else 'listed'} {len(table)}")
    if out is not None:
        write_whole(out, lambda path: table.to_csv(path, index=False))
        console.print(f"{len(table)} codes -> {escape(str(out))}", soft_wrap=True)
        return
    for row in table.itertuples(index=False):
        typer.echo("  ".join(str(cell) for cell in row))
