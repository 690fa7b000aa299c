"""The commands of ``dfr votes``: plan a study, move its ballots, and rank the methods."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError, unknown
from dfr.core.terminal import SeedOption, console, table_console, words

if TYPE_CHECKING:
    from studies.ballots.ballots import Ballots

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


def _open(database: str | None, runs: Path, upgrade: bool = False) -> Ballots:
    """Open ballots that are there: a command that only reads makes no empty database."""
    from studies.ballots.ballots import Ballots
    from studies.ballots.location import existing_database

    return Ballots(existing_database(database, runs), upgrade)


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


@app.command("list")
def list_studies(database: DatabaseOption = None, runs: RunsOption = RUNS) -> None:
    """List the studies of a database, with their counts."""
    from studies.ballots.poll import read_poll, study_names

    ballots = _open(database, runs)
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
    ballots = _open(database, runs)
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
        str, typer.Argument(help="Random name, as in an export.", show_default=False)
    ],
    database: DatabaseOption = None,
    runs: RunsOption = RUNS,
) -> None:
    """Delete one participant and all their answers."""
    from studies.ballots.administration import forget_participant

    votes = forget_participant(_open(database, runs), participant)
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

    ballots = _open(database, runs)
    chosen = choose_name(ballots, name)
    close_study(ballots, study_key(ballots, chosen), closed=not again)
    console.print(f"study '{escape(chosen)}' is {'open' if again else 'closed'}")


@app.command()
def upgrade(database: DatabaseOption = None, runs: RunsOption = RUNS) -> None:
    """Bring an older database to this version."""
    console.print(f"{escape(_open(database, runs, upgrade=True).where)}: up to date")
