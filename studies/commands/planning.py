"""The command ``dfr votes plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.terminal import SeedOption, console, table_console, words
from studies.commands.options import app


@app.command()
def plan(
    methods: Annotated[
        str | None,
        typer.Option(
            help="How many methods, or their labels with commas between.  [default: the study's]",
            show_default=False,
        ),
    ] = None,
    participants: Annotated[
        int | None, typer.Option(help="How many people.", min=1, show_default="30")
    ] = None,
    trials: Annotated[
        int | None, typer.Option(help="Counted trials of each person.", min=1, show_default="20")
    ] = None,
    judges: Annotated[
        int | None,
        typer.Option(help="People who see the same two pictures.", min=1, show_default="3"),
    ] = None,
    study: Annotated[
        Path | None, typer.Option(help="A study file (.toml).", show_default=False)
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="A run. Its design is then made, to show how even it is.",
                     show_default=False),
    ] = None,
    power: Annotated[float, typer.Option(help="Chance to find a true preference.", min=0.5,
                                         max=0.999)] = 0.8,
    ties: Annotated[
        float | None,
        typer.Option(help="Share of \"can't say\".", min=0, max=0.95, show_default="0.15"),
    ] = None,
    dropout: Annotated[
        float | None,
        typer.Option(help="Share of votes lost: people who leave or are left out.", min=0,
                     max=0.95, show_default="0.1"),
    ] = None,
    correlation: Annotated[
        float | None,
        typer.Option(help="Correlation of one person's votes on two methods.", min=0, max=1,
                     show_default="0.1"),
    ] = None,
    pictures: Annotated[
        float | None,
        typer.Option(help="By how much log strengths deviate between pictures.", min=0, max=5,
                     show_default="0.5"),
    ] = None,
    contents: Annotated[
        int | None,
        typer.Option(help="How many contents.  [default: the run's, or 15]", min=1,
                     show_default=False),
    ] = None,
    styles: Annotated[
        int | None,
        typer.Option(help="How many styles.  [default: the run's, or 20]", min=1,
                     show_default=False),
    ] = None,
    seed: SeedOption = 0,
) -> None:  # fmt: skip
    """Show how small a true preference a study can find, and how even its design is."""
    from studies.design.plan import plan_study

    def told(**options: float | None) -> dict[str, Any]:
        return {name: value for name, value in options.items() if value is not None}

    asked = told(participants=participants, trials=trials, judges=judges)
    assumed = told(
        ties=ties, dropout=dropout, correlation=correlation, pictures=pictures,
        contents=contents, styles=styles,
    )  # fmt: skip
    report = plan_study(
        study, run, words(methods) if methods else [], asked, assumed=assumed, seed=seed,
        power=power,
    )  # fmt: skip
    console.print(escape(report.headline), soft_wrap=True)
    for title, frame in report.tables:
        console.print(f"\n{escape(title)}".rstrip(), soft_wrap=True)
        table = Table(*(str(name) for name in frame.columns))
        for row in frame.itertuples(index=False):
            table.add_row(*(escape(str(value)) for value in row))
        table_console().print(table)
