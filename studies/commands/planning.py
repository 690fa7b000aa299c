"""The commands of ``dfr votes`` before the first vote: what a study can find, and its plan."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.terminal import SeedOption, console, table_console, words
from studies.commands.options import DatabaseOption, NamedStudy, app, open_named

PowerOption = Annotated[
    float, typer.Option(help="Chance to find a true preference.", min=0.5, max=0.999)
]
TiesOption = Annotated[
    float | None,
    typer.Option(help='Share of "can\'t say".', min=0, max=0.95, show_default="0.15"),
]
DropoutOption = Annotated[
    float | None,
    typer.Option(
        help="Share of votes lost: people who leave or are left out.",
        min=0,
        max=0.95,
        show_default="0.1",
    ),
]
CorrelationOption = Annotated[
    float | None,
    typer.Option(
        help="Correlation of one person's votes on two methods.",
        min=0,
        max=1,
        show_default="0.1",
    ),
]
PicturesOption = Annotated[
    float | None,
    typer.Option(
        help="By how much log strengths deviate between pictures.",
        min=0,
        max=5,
        show_default="0.5",
    ),
]


def _given(**options: float | None) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


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
    power: PowerOption = 0.8,
    ties: TiesOption = None,
    dropout: DropoutOption = None,
    correlation: CorrelationOption = None,
    pictures: PicturesOption = None,
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

    asked = _given(participants=participants, trials=trials, judges=judges)
    assumed = _given(
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


@app.command()
def preregister(
    study: NamedStudy,
    database: DatabaseOption = None,
    power: PowerOption = 0.8,
    ties: TiesOption = None,
    dropout: DropoutOption = None,
    correlation: CorrelationOption = None,
    pictures: PicturesOption = None,
) -> None:
    """Write the plan of a study as a document, before anybody has answered."""
    from dfr.core.files import write_text
    from studies.ballots.opening import PICTURES, settings_of
    from studies.ballots.registrations import preregister as keep
    from studies.design.plan import plan_study
    from studies.design.preregistration import plan_body
    from studies.design.study import study_file

    file = study_file(study)
    opened = open_named(study, database)
    assumed = _given(ties=ties, dropout=dropout, correlation=correlation, pictures=pictures)
    report = plan_study(
        file, file.parent / PICTURES, opened.study.methods, {}, assumed=assumed, power=power
    )
    settings = settings_of(opened.study, opened.material)
    plan = keep(opened.ballots, opened.key, settings, plan_body(opened.study, settings, report))
    version = "" if plan.version == 1 else f"-{plan.version}"
    out = file.parent / f"preregistration{version}.md"
    write_text(out, plan.document)
    console.print(
        f"{escape(str(out))}{'' if plan.new else ' (was written before)'}", soft_wrap=True
    )
    console.print(f"SHA-256 {plan.sha256}", soft_wrap=True)
