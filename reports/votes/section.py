"""The report's section about what people chose: its figures, tables and words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from reports.figures.plotstyle import Figure
from reports.inputs.run_data import RunData
from reports.inputs.votes import PEOPLE, Votes

_ALIKE = (
    "One person's answers resemble each other, and so do the answers to one photograph or in one "
    "style. So 95 % intervals and tests take people, contents and styles as drawn at random; with "
    "fewer than three contents or styles they speak of these pictures only. "
)
_PAIRS = _ALIKE + (
    "Two methods are told apart if the interval for all pairs at once (Bonferroni) excludes one "
    "half, which is where its p is below 0.05. Wilson's intervals take votes as independent, as "
    "published studies do, and are too narrow. Strengths are log strengths in Davidson's model; an "
    "average method has strength 0."
)
_UNPAIRED = _ALIKE + (
    "Two methods are told apart if the interval of their difference for all pairs at once "
    "(Bonferroni) excludes zero. Strengths are {}; an average method has strength 0."
)


_MEASURES = (
    "Of the votes for one of two outputs: the share for the output with the better value of a "
    "measure (“less” or “more” says which is better). One half means that the measure says nothing "
    "about the choice. Kendall's τ compares the order of the methods by a measure's mean with "
    "their order by votes; with so few methods it is only a description. “Methods' own order” is "
    "the share of votes for the method that won more votes overall: a measure that only tells "
    "methods apart cannot do better."
)


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
        note: how to read it, likewise.
        trust: see `reports.votes.tables.trust`; None likewise, and where pairs are not asked about.
        measures: how far measures agree with the answers, for reading; None while there is no
            ranking to show.
        measures_note: how to read it.
        kept: tables for the folder of tables, by name.
    """

    heading: str
    summary: str
    figures: list[Figure]
    questions: list[QuestionTables]
    note: str
    trust: pd.DataFrame | None
    measures: pd.DataFrame | None
    measures_note: str
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
        return Section("What people chose", begin, [], [], "", None, None, "", {})
    heading = "What people chose" if votes.voters == PEOPLE else votes.titled("What was chosen")
    if votes.unpaired:
        return _unpaired_section(run, votes, folder)
    if not votes.shown:
        hidden = (
            f"{votes.counts} The ranking is hidden until the study is closed (`dfr votes close`): "
            "who sees it earlier may stop when they like the result."
        )
        return Section(heading, hidden, [], [], "", None, None, "", {})
    from reports.votes import tables as vote_tables
    from reports.votes.agreement import agreement_table
    from reports.votes.figures import vote_figures
    from studies.design.study import QUESTIONS

    measured = agreement_table(votes, run.tables)
    own = not votes.poll.settings.get("adaptive", False)  # votes on two methods compare them
    questions = []
    for question in votes.results:
        tables = [
            ("Ranking", vote_tables.ranking(votes, question), False),
            ("Every two methods", vote_tables.pairs(votes, question), False),
            ("Votes of each method", vote_tables.shares(votes, question), True),
            ("Votes by output (mode)", vote_tables.parts(votes, question, "modes"), True),
            ("Votes by style", vote_tables.parts(votes, question, "styles"), True),
        ]
        if own:
            by_strengths = vote_tables.pairs_by_strengths(votes, question)
            tables.append((vote_tables.BY_STRENGTHS, by_strengths, True))
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
        note=f"{_PAIRS} {vote_tables.OF_STRENGTHS}" if own else _PAIRS,
        trust=vote_tables.trust(votes),
        measures=vote_tables.measures(measured),
        measures_note=_MEASURES,
        kept=vote_tables.kept_tables(votes, measured),
    )


def _unpaired_section(run: RunData, votes: Votes, folder: Path) -> Section:
    """Return the section about a study of ratings, choices of the best, or rankings."""
    from reports.votes.reading import reading_of
    from reports.votes.tables import question_tables
    from reports.votes.unpaired import difference_pairs
    from reports.votes.unpaired_agreement import (
        measures_note,
        readable_measures,
        unpaired_agreement,
        unpaired_measures_chart,
    )
    from studies.design.study import ask_in_english

    found: Any = votes.unpaired  # all of one kind, which the task tells
    reading = reading_of(votes.poll.task)
    measured = unpaired_agreement(votes, run.tables)
    questions = []
    for question, result in found.items():
        tables = [
            ("Ranking", reading.ranking(votes, result), False),
            ("Every two methods", difference_pairs(votes, result), False),
            ("Votes by output (mode)", reading.parts(votes, result.modes), True),
            ("Votes by style", reading.parts(votes, result.styles), True),
        ]
        questions.append(
            QuestionTables(
                question,
                ask_in_english(votes.poll.task, question),
                [(votes.titled(title), table, folded) for title, table, folded in tables],
            )
        )
    return Section(
        heading=reading.people if votes.voters == PEOPLE else votes.titled(reading.others),
        summary=" ".join(reading.said(votes, found)),
        figures=[
            reading.chart(votes, found, folder / "figures"),
            unpaired_measures_chart(votes, measured, folder / "figures"),
        ],
        questions=questions,
        note=_UNPAIRED.format(reading.model),
        trust=None,
        measures=readable_measures(measured),
        measures_note=measures_note(votes.poll.task == "rating"),
        kept=question_tables(votes, found) | {"votes_measures": votes.with_voters(measured)},
    )
