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
from studies.analysis.rating_results import RatingResult

Results = Mapping[str, RatingResult]


def said_of_ratings(votes: Votes, results: Results) -> list[str]:
    """Return sentences: how much stands behind the ranking, and how far it can be trusted."""
    result = results[votes.first]
    summary, again, alpha = (
        getattr(result, name).iloc[0] for name in ("summary", "consistency", "agreement")
    )
    closed = votes.poll.closed_at
    settings = votes.poll.settings
    told = [
        f"{votes.counts} {f'Closed on {closed[:10]}' if closed else 'Still open'}. On "
        f"'{votes.first}': {int(summary['votes'])} ratings of {int(summary['participants'])} "
        f"participants, from 1 to {settings['scale']}. Left out: "
        f"{int(result.catches['dropped'].sum())} participants, by the rule set before the first "
        f"vote (who fails {settings['drop_at']} or more of the trials with a right answer).",
        votes.plan,
    ]
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
    told.append(f"Kept, but doubtful: {doubtful(result)}.")
    if result.catches["dropped"].any():
        order = ", ".join(result.everybody["method"].map(votes.titles))
        told.append(f"Ranking had nobody been left out: {order}.")
    return [votes.titled(text) for text in told]


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


def rating_pairs(votes: Votes, result: RatingResult) -> pd.DataFrame:
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
    order = results[votes.first].strengths["method"].tolist()[::-1]
    title = "Ratings of each method"
    with plot(9.0, (0.42 * len(order) + 1.8) * len(results) + 0.3) as figure:
        figure.clear()
        panels = figure.subplots(len(results), 2, squeeze=False, sharey=True)
        for (left, right), (question, result) in zip(panels, results.items(), strict=True):
            _draw_marks(left, result, order, question)
            draw_strengths(right, result.strengths, order, "not rated")
            left.set_yticks(range(len(order)), wrapped(votes, order))
            left.set_ylim(-0.6, len(order) - 0.4)
        figure.suptitle(votes.titled(title))
        data = pd.concat(
            [result.marks.assign(question=question) for question, result in results.items()]
        )
        return keep(
            figure,
            folder,
            "votes_ratings",
            votes.titled(title),
            votes.captioned(
                "Left: the share of each mark, the lowest darkest orange, the highest darkest "
                "violet. Right: log strengths of the cumulative link model, 0 being the average "
                "method, with 95 % intervals for people and pictures like these. A hollow point "
                "has no finite interval."
            ),
            votes.with_voters(data),
        )


def _draw_marks(axes: Axes, result: RatingResult, order: list[str], question: str) -> None:
    table = result.marks.pivot(index="method", columns="mark", values="share").loc[order]
    shades = mpl.colormaps["PuOr"](np.linspace(0.12, 0.88, len(table.columns)))
    start = np.zeros(len(table))
    for mark, shade in zip(table.columns, shades, strict=True):
        share = table[mark].fillna(0).to_numpy()
        axes.barh(range(len(table)), share, left=start, color=shade, height=0.7, label=str(mark))
        start = start + share
    axes.set(xlabel="share of marks", title=question, xlim=(0, 1))
    axes.legend(
        ncols=len(table.columns), loc="lower right", bbox_to_anchor=(1.0, 0.99), fontsize=8,
        frameon=False, handlelength=1, columnspacing=0.8,
    )  # fmt: skip
    axes.grid(visible=False)
