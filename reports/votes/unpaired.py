"""What studies that do not ask about pairs show alike; `reports.votes.reading` tells the rest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reports.figures.plotstyle import Figure, plot
from reports.inputs.votes import Votes
from reports.votes.figures import draw_strengths, keep_votes, wrapped
from reports.votes.tables import doubtful, spans
from studies.analysis.questions import QuestionResult


def behind(votes: Votes, result: QuestionResult, answers: str) -> str:
    """Say how much stands behind a ranking.

    Args:
        votes: the study.
        result: of its first question.
        answers: what its votes are.
    """
    closed, summary = votes.poll.closed_at, result.summary.iloc[0]
    return (
        f"{votes.counts} {f'Closed on {closed[:10]}' if closed else 'Still open'}. On "
        f"'{votes.first}': {int(summary['votes'])} {answers}, of {int(summary['participants'])} "
        f"participants. Left out: {int(result.catches['dropped'].sum())} participants, by the rule "
        f"set before the first vote (who fails {votes.poll.settings['drop_at']} or more of the "
        "trials with a right answer)."
    )


def left_out(votes: Votes, result: QuestionResult) -> list[str]:
    """Say who may not have looked, and what the ranking would be with everybody."""
    told = [f"Kept, but doubtful: {doubtful(result)}."]
    if result.catches["dropped"].any():
        order = ", ".join(result.everybody["method"].map(votes.titles))
        told.append(f"Ranking had nobody been left out: {order}.")
    return told


def named(votes: Votes, table: pd.DataFrame) -> dict[str, pd.Series[str]]:
    """Return the columns of a table by output or by style that say of what a row is."""
    found = {name: table[name] for name in ("style", "method", "mode") if name in table}
    return found | {"method": found["method"].map(votes.titles)}


def difference_pairs(votes: Votes, result: QuestionResult) -> pd.DataFrame:
    """Return the difference of every two methods, for reading."""
    table = result.pairs
    return pd.DataFrame(
        {
            "A": table["a"].map(votes.titles),
            "B": table["b"].map(votes.titles),
            "strength of A over B": table["difference"],
            "95 % interval": spans(table, "low", "high", "+.2f"),
            "for all pairs": spans(table, "all_low", "all_high", "+.2f"),
            "told apart": [
                "no interval" if low != low else "yes" if apart else "no"
                for low, apart in zip(table["all_low"], table["apart"], strict=True)
            ],
        }
    )


def share_chart(
    votes: Votes,
    results: Mapping[str, QuestionResult],
    folder: Path,
    stem: str,
    title: str,
    caption: str,
    shares: Mapping[str, pd.DataFrame],
) -> Figure:
    """Draw the shares of what each method was given, and its strength; one row per question.

    Args:
        votes: the study.
        results: by question.
        folder: of the figure.
        stem: of its files.
        title: above it.
        caption: the first sentences below it, which tell the colours and the model.
        shares: by question, ``method``, what was given (the second column), and its ``share``.
    """
    tables = {question: result.strengths for question, result in results.items()}
    order = tables[votes.first]["method"].tolist()[::-1]
    with plot(9.0, (0.42 * len(order) + 1.8) * len(results) + 0.3) as figure:
        figure.clear()
        panels = figure.subplots(len(results), 2, squeeze=False, sharey=True)
        for (left, right), (question, table) in zip(panels, tables.items(), strict=True):
            _draw_shares(left, shares[question], order, question)
            draw_strengths(right, table, order, "not shown")
            left.set_yticks(range(len(order)), wrapped(votes, order))
            left.set_ylim(-0.6, len(order) - 0.4)
        figure.suptitle(votes.titled(title))
        data = pd.concat([table.assign(question=question) for question, table in shares.items()])
        return keep_votes(
            figure,
            votes,
            folder,
            stem,
            title,
            f"{caption}, 0 being the average method, with 95 % intervals for people "
            "and pictures like these. A hollow point has no finite interval.",
            data,
        )


def _draw_shares(axes: Axes, shares: pd.DataFrame, order: list[str], question: str) -> None:
    what = shares.columns[1]
    table = shares.pivot(index="method", columns=what, values="share").loc[order]
    shades = mpl.colormaps["PuOr"](np.linspace(0.12, 0.88, len(table.columns)))
    start = np.zeros(len(table))
    for mark, shade in zip(table.columns, shades, strict=True):
        share = table[mark].fillna(0).to_numpy()
        axes.barh(range(len(table)), share, left=start, color=shade, height=0.7, label=str(mark))
        start = start + share
    axes.set(xlabel=f"share of {what}s", title=question, xlim=(0, 1))
    axes.legend(
        ncols=len(table.columns), loc="lower right", bbox_to_anchor=(1.0, 0.99), fontsize=8,
        frameon=False, handlelength=1, columnspacing=0.8,
    )  # fmt: skip
    axes.grid(visible=False)
