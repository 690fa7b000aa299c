"""The report's section about what people chose: its figures, tables and words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from reports.figures.plotstyle import Figure
from reports.inputs.run_data import RunData
from reports.inputs.votes import PEOPLE


@dataclass(frozen=True)
class QuestionTables:
    """One question, ready for the page.

    Attributes:
        name: of the question.
        text: what participants read.
        tables: heading, table for reading, and whether it stands folded up.
    """

    name: str
    text: str
    tables: list[tuple[str, pd.DataFrame, bool]]


@dataclass(frozen=True)
class Section:
    """What the page says about votes.

    Attributes:
        heading: of the section.
        summary: how many took part, or how to begin a study.
        figures: empty while there is no ranking to show.
        questions: one part per question, likewise.
        trust: see `reports.votes.tables.trust`; None likewise.
        measures: see `reports.votes.tables.measures`; None likewise.
        kept: tables for the folder of tables, by name.
    """

    heading: str
    summary: str
    figures: list[Figure]
    questions: list[QuestionTables]
    trust: pd.DataFrame | None
    measures: pd.DataFrame | None
    kept: dict[str, pd.DataFrame]


def vote_section(run: RunData, folder: Path) -> Section:
    """Return the section about votes, with its figures drawn.

    Figures and tables of an earlier report are taken away first: the study may have been opened
    again since, or have been another one.

    Args:
        run: the run.
        folder: of the report.
    """
    for old in (*folder.glob("figures/votes_*"), *folder.glob("tables/votes_*")):
        old.unlink()
    votes = run.votes
    if votes is None:
        begin = (
            "Nobody has voted on these outputs yet. `streamlit run studies/vote.py` opens a page "
            "on which people choose; the report then ranks the methods by their votes."
        )
        return Section("What people chose", begin, [], [], None, None, {})
    heading = "What people chose" if votes.voters == PEOPLE else votes.titled("What was chosen")
    if not votes.shown:
        hidden = (
            f"{votes.counts} The ranking is hidden until the study is closed (`dfr votes close`): "
            "who sees it earlier may stop when they like the result."
        )
        return Section(heading, hidden, [], [], None, None, {})
    from reports.votes import tables as vote_tables
    from reports.votes.agreement import agreement_table
    from reports.votes.figures import vote_figures
    from studies.design.study import QUESTIONS

    measured = agreement_table(votes, run.tables)
    questions = []
    for question in votes.results:
        tables = [
            ("Ranking", vote_tables.ranking(votes, question), False),
            ("Every two methods", vote_tables.pairs(votes, question), False),
            ("Votes of each method", vote_tables.shares(votes, question), True),
            ("Votes by output (mode)", vote_tables.parts(votes, question, "modes"), True),
            ("Votes by style", vote_tables.parts(votes, question, "styles"), True),
        ]
        questions.append(
            QuestionTables(
                question,
                QUESTIONS.get(question, question),
                [(votes.titled(title), table, folded) for title, table, folded in tables],
            )
        )
    return Section(
        heading=heading,
        summary=f"{votes.scale} {votes.plan}",
        figures=vote_figures(votes, folder / "figures", measured),
        questions=questions,
        trust=vote_tables.trust(votes),
        measures=vote_tables.measures(measured),
        kept=vote_tables.kept_tables(votes, measured),
    )
