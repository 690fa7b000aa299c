"""The ranking of a study of ratings: its tables for reading and for keeping, and its chart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from reports.figures.plotstyle import Figure, keep, plot
from reports.inputs.votes import Votes
from reports.votes.figures import draw_strengths, wrapped
from reports.votes.tables import doubtful, spans
from studies.analysis.choice_results import ChoiceResult
from studies.analysis.rating_results import RatingResult

Results = Mapping[str, RatingResult]


def said_of_ratings(votes: Votes, results: Results) -> list[str]:
    """Return sentences: how much stands behind the ranking, and how far it can be trusted."""
    result = results[votes.first]
    again, alpha = result.consistency.iloc[0], result.agreement.iloc[0]
    scale = votes.poll.settings["scale"]
    told = [behind(votes, result, f"ratings from 1 to {scale}"), votes.plan]
    if again["repeats"]:
        told.append(
            f"The same mark for the same picture again: {again['share']:.0%} of "
            f"{int(again['repeats'])} repeats (by chance {again['chance']:.0%}); marks differ by "
            f"{again['difference']:.2f} on average."
        )
    if alpha["alpha"] == alpha["alpha"]:
        told.append(
            f"Agreement between participants (Krippendorff's α, ordinal): {alpha['alpha']:.2f} on "
            f"{int(alpha['shared'])} outputs that two or more rated."
        )
    return [votes.titled(text) for text in [*told, *left_out(votes, result)]]


def behind(votes: Votes, result: RatingResult | ChoiceResult, answers: str) -> str:
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


def left_out(votes: Votes, result: RatingResult | ChoiceResult) -> list[str]:
    """Say who may not have looked, and what the ranking would be with everybody."""
    told = [f"Kept, but doubtful: {doubtful(result)}."]
    if result.catches["dropped"].any():
        order = ", ".join(result.everybody["method"].map(votes.titles))
        told.append(f"Ranking had nobody been left out: {order}.")
    return told


def rating_ranking(votes: Votes, result: RatingResult) -> pd.DataFrame:
    """Return the methods, the strongest first, for reading."""
    table = result.strengths
    return pd.DataFrame(
        {
            "rank": table["rank"],
            "method": table["method"].map(votes.titles),
            "ratings": table["votes"],
            "mean": table["mean"],
            "mean, 95 % interval": spans(table, "mean_low", "mean_high", ".2f"),
            "strength": table["strength"],
            "strength, 95 % interval": spans(table, "low", "high", "+.2f"),
            "best": table["best"],
        }
    )


def rating_pairs(votes: Votes, result: RatingResult | ChoiceResult) -> pd.DataFrame:
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


def rating_parts(votes: Votes, table: pd.DataFrame) -> pd.DataFrame:
    """Return mean marks by output or by style, for reading."""
    found = pd.DataFrame(
        {
            **{name: table[name] for name in ("style", "method", "mode") if name in table},
            "ratings": table["votes"],
            "mean": table["mean"],
            "mean, 95 % interval": spans(table, "low", "high", ".2f"),
        }
    )
    return found.assign(method=found["method"].map(votes.titles))


def rating_chart(votes: Votes, results: Results, folder: Path) -> Figure:
    """Draw each method's marks, and its strength with its interval; one row per question."""
    return share_chart(
        votes,
        results,
        folder,
        "votes_ratings",
        "Ratings of each method",
        "Left: the share of each mark, the lowest darkest orange, the highest darkest violet. "
        "Right: log strengths of the cumulative link model",
        {question: result.marks for question, result in results.items()},
    )


def share_chart(
    votes: Votes,
    results: Mapping[str, RatingResult] | Mapping[str, ChoiceResult],
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
        return keep(
            figure,
            folder,
            stem,
            votes.titled(title),
            votes.captioned(
                f"{caption}, 0 being the average method, with 95 % intervals for people "
                "and pictures like these. A hollow point has no finite interval."
            ),
            votes.with_voters(data),
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
