"""The command ``dfr votes rank``: the ranking of a study, with its tables and figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import console, table_console
from studies.commands import DatabaseOption, NameOption, StudyOption, find_ballots

if TYPE_CHECKING:
    import pandas as pd

    from reports.inputs.votes import Votes


def rank(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="What `dfr votes export` wrote.  [default: the database]", show_default=False
        ),
    ] = None,
    study: StudyOption = None,
    name: NameOption = None,
    database: DatabaseOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the tables and figures.  [default: votes beside the ballots where they "
            "lie in the study's folder, else votes]",
            show_default=False,
        ),
    ] = None,
    draws: Annotated[
        int, typer.Option(help="How often ranks, and participants for agreement, are drawn.", min=2)
    ] = 1000,
    preliminary: Annotated[
        bool,
        typer.Option(
            "--preliminary", help="Look before the study is closed; every title then says so."
        ),
    ] = False,
) -> None:
    """Rank the methods of a closed study by its votes, with intervals and tests."""
    from dfr.core.files import writable_folder
    from reports.inputs.vote_reading import log_look, read_votes
    from reports.inputs.votes import Votes, results
    from reports.votes.figures import vote_figures
    from reports.votes.tables import (
        BY_STRENGTHS,
        OF_STRENGTHS,
        kept_tables,
        pairs,
        pairs_by_strengths,
        ranking,
        trust,
        write_tables,
    )
    from studies.ballots.location import FILE, sqlite_file

    if folder is not None and (study or database or name):
        raise UserError("give either a folder of an export, or --study, --database and --name")
    source, named = (str(folder), None) if folder else find_ballots(study, database, name)
    poll = read_votes(source, named)
    if poll.closed_at is None and not preliminary:
        raise UserError(
            f"study '{poll.name}' is still open ({int(poll.participants['finished'].sum())} of "
            f"{poll.trials['slot'].nunique()} finished). Who sees the ranking early may "
            "stop when they like it: close the study with `dfr votes close`, or give --preliminary"
        )
    log_look(source, poll, "")
    file = sqlite_file(source)
    beside = file.parent if file is not None and file.name == FILE else Path()
    kept = writable_folder(out if out is not None else beside / "votes")
    found = results(poll, draws)
    if poll.task != "pairs":
        _rank_unpaired(Votes(poll, source, (), {}, found), kept)
        return
    votes = Votes(poll, source, (), found)
    console.print(escape(votes.scale), soft_wrap=True)
    console.print(escape(votes.plan), soft_wrap=True)
    for question in votes.results:
        _print(votes.titled(f"Ranking, {question}"), ranking(votes, question))
        _print(votes.titled(f"Every two methods, {question}"), pairs(votes, question))
        if not poll.settings.get("adaptive", False):
            _print(votes.titled(f"{BY_STRENGTHS}, {question}"), pairs_by_strengths(votes, question))
            console.print(OF_STRENGTHS, soft_wrap=True)
    _print(votes.titled("How far the answers can be trusted"), trust(votes))
    catches = votes.results[votes.first].catches
    left_out = catches.loc[catches["dropped"], "participant"].tolist()
    console.print(
        votes.titled(f"Left out, with too many failed catch trials: {', '.join(left_out) or 0}"),
        soft_wrap=True, markup=False,
    )  # fmt: skip
    _print_doubts(votes)
    write_tables(kept_tables(votes), kept)
    vote_figures(votes, kept)
    console.print(f"tables and figures: {escape(str(kept))}", soft_wrap=True)


def _rank_unpaired(votes: Votes, kept: Path) -> None:
    """Print and keep the ranking of a study that does not ask about pairs."""
    from reports.votes.reading import reading_of
    from reports.votes.tables import question_tables, write_tables
    from reports.votes.unpaired import difference_pairs

    reading, found = reading_of(votes.poll.task), votes.unpaired
    for question, result in found.items():
        _print(votes.titled(f"Ranking, {question}"), reading.ranking(votes, result))
        _print(votes.titled(f"Every two methods, {question}"), difference_pairs(votes, result))
    for text in reading.said(votes, found):
        console.print(text, soft_wrap=True, markup=False)
    write_tables(question_tables(votes, found), kept)
    reading.chart(votes, found, kept)
    console.print(f"tables and figures: {escape(str(kept))}", soft_wrap=True)


def _print_doubts(votes: Votes) -> None:
    """Say what the ranking would be with everybody, and who else may not have looked."""
    from reports.votes.tables import doubtful

    result = votes.results[votes.first]
    if result.catches["dropped"].any():
        order = ", ".join(result.everybody["method"].map(votes.titles))
        console.print(votes.titled(f"Ranking had nobody been left out: {order}"),
                      soft_wrap=True, markup=False)  # fmt: skip
    console.print(votes.titled(f"Kept, but doubtful: {doubtful(result)}"),
                  soft_wrap=True, markup=False)  # fmt: skip


def _print(title: str, frame: pd.DataFrame) -> None:
    from reports.tables.readable import readable

    console.print(f"\n{escape(title)}", soft_wrap=True)
    table = Table(*(escape(str(column)) for column in frame.columns))
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(readable(*cell)) for cell in zip(row, frame.columns, strict=True)))
    table_console().print(table)
