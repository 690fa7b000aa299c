"""The charts of a user study: how many took part, how strong methods are, and who beat whom."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as MplFigure

from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.inputs.votes import Votes, told_apart
from reports.votes.agreement import METHODS
from reports.votes.tables import measure_title
from studies.analysis.strengths import against_average

_CLUSTERED = (
    "95 % intervals are for people and pictures like these: one person's answers resemble each "
    "other, and so do the answers to one picture."
)


_SAME_ORDER = "Style loss and style gap closed order the outputs of one pair in the same way."


def vote_figures(votes: Votes, folder: Path, measures: pd.DataFrame | None = None) -> list[Figure]:
    """Draw every figure of a study that may be shown.

    Args:
        votes: the study.
        folder: of the figures.
        measures: see `reports.votes.agreement.agreement_table`.
    """
    found = [strengths(votes, folder), win_matrix(votes, folder), funnel(votes, folder)]
    if measures is not None:
        found.append(measure_agreement(votes, measures, folder))
    return found


def strengths(votes: Votes, folder: Path) -> Figure:
    """Draw each method's strength with its interval, one panel per question."""
    order = votes.results[votes.first].strengths["method"].tolist()[::-1]
    data = _all(votes, "strengths")
    with plot(7.0, (0.42 * len(order) + 1.7) * len(votes.results) + 0.3) as figure:
        panels = _panels(figure, list(votes.results))
        for axes, question in panels:
            draw_strengths(axes, votes.results[question].strengths, order, "not compared")
            axes.set_yticks(range(len(order)), wrapped(votes, order))
            axes.set_ylim(-0.6, len(order) - 0.4)
            axes.set_title(question)
        limits = [axes.get_xlim() for axes, _ in panels]
        for axes, _ in panels:
            axes.set_xlim(min(low for low, _ in limits), max(high for _, high in limits))
            _share_axis(axes)
        _head(figure, votes, "Strength of each method by votes")
        return keep_votes(
            figure,
            votes,
            folder,
            "votes_strengths",
            "Strength of each method by votes",
            "Below: log strengths in Davidson's model (Bradley and Terry's with ties). Above: "
            "the same as the share of decisive votes won against an average method. "
            f"{_CLUSTERED} A hollow point is a method that won or lost every vote, whose "
            "strength has no finite interval.",
            data,
        )


def draw_strengths(axes: Axes, table: pd.DataFrame, order: Sequence[str], without: str) -> None:
    """Draw strengths with their intervals, one line per method.

    Args:
        axes: drawn into; the methods stand at 0, 1, ...
        table: ``method``, ``strength``, ``low``, ``high``, ``basis``.
        order: the methods, from below.
        without: told of a method that has no strength.
    """
    rows = table.set_index("method")
    for place, method in enumerate(order):
        row = rows.loc[method]
        if row["basis"] == "none":
            axes.text(0, place, without, ha="center", va="center", fontsize=8)
            continue
        axes.plot([row["low"], row["high"]], [place] * 2, color=COLOURS[0], linewidth=2)
        filled = COLOURS[0] if row["basis"] == "votes" else "white"
        axes.plot(row["strength"], place, "o", color=COLOURS[0], markerfacecolor=filled)
    axes.axvline(0, color="#888888", linestyle="--", linewidth=1)
    axes.set(xlabel="strength (log; 0 is the average method)")
    axes.grid(axis="y", visible=False)


def _share_axis(axes: Axes) -> None:
    """Put the share won against an average method above the log strengths."""

    def won(strength: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return against_average(np.asarray(strength, dtype=np.float64))

    def logit(share: npt.ArrayLike) -> npt.NDArray[np.float64]:
        inside = np.clip(np.asarray(share, dtype=np.float64), 1e-6, 1 - 1e-6)
        return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)

    low, high = axes.get_xlim()
    above = axes.secondary_xaxis("top", functions=(won, logit))
    ends = against_average(np.array([low, high]))
    marks = [share for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
             if ends[0] <= share <= ends[1]]  # fmt: skip
    above.set_xticks(marks, [f"{share:.0%}" for share in marks], fontsize=8, color="#56616a")
    above.set_xlabel("won against an average method", fontsize=8, color="#56616a")


def win_matrix(votes: Votes, folder: Path) -> Figure:
    """Draw how often each method was preferred to each other, one panel per question."""
    order = votes.results[votes.first].strengths["method"].tolist()
    size = len(order)
    shades = mpl.colormaps["PuOr_r"].with_extremes(bad="#f2f5f7")
    with plot(0.95 * size + 1.9, (0.72 * size + 1.6) * len(votes.results) + 0.3) as figure:
        for axes, question in _panels(figure, list(votes.results)):
            share, text = np.full((size, size), np.nan), {}
            for row in votes.results[question].pairs.to_dict("records"):
                i, j = order.index(row["a"]), order.index(row["b"])
                share[i, j], share[j, i] = row["share"], 1 - row["share"]
                sure = "*" if told_apart(row) == "yes" else ""
                decisive = row["wins"] + row["losses"]
                for place in ((i, j), (j, i)):
                    of = f"{share[place]:.0%}{sure}" if decisive else "–"
                    text[place] = f"{of}\nof {decisive}"
            axes.imshow(share, cmap=shades, vmin=0, vmax=1)
            for (i, j), words in text.items():
                strong = abs(share[i, j] - 0.5) > 0.3
                axes.text(j, i, words, ha="center", va="center", fontsize=8,
                          color="white" if strong else "black")  # fmt: skip
            axes.set_xticks(range(size), wrapped(votes, order, 14), rotation=35, ha="right",
                            fontsize=8)  # fmt: skip
            axes.set_yticks(range(size), wrapped(votes, order, 14), fontsize=8)
            axes.set(ylabel="chosen", xlabel="rather than", title=question)
            axes.grid(visible=False)
        _head(figure, votes, "Who was preferred to whom")
        return keep_votes(
            figure,
            votes,
            folder,
            "votes_wins",
            "Who was preferred to whom",
            "Share of the decisive votes between two methods in which the method of the row "
            "was chosen, and of how many; methods in order of strength. * Told apart: "
            "the 95 % interval for all pairs at once excludes one half, see the table.",
            _all(votes, "pairs"),
        )


def funnel(votes: Votes, folder: Path) -> Figure:
    """Draw how many participants came how far."""
    data = _all(votes, "funnel")
    table = votes.results[votes.first].funnel
    places = range(len(table))[::-1]
    colours = [COLOURS[1] if stage == "dropped" else COLOURS[0] for stage in table["stage"]]
    with plot(6.4, 3.0) as figure:
        axes = figure.axes[0]
        bars = axes.barh(places, table["participants"], color=colours, height=0.6)
        axes.bar_label(bars, padding=4)
        names = {"dropped": "left out (failed catch trials)", "kept": "kept for the ranking"}
        axes.set_yticks(places, [names.get(stage, stage) for stage in table["stage"]])
        axes.set_xlim(0, 1.12 * max(1, int(table["participants"].max())))
        axes.set_xlabel("simulated voters" if votes.simulated else "people")
        axes.grid(axis="y", visible=False)
        _head(figure, votes, "From joining to a counted vote")
        return keep_votes(
            figure,
            votes,
            folder,
            "votes_funnel",
            "From joining to a counted vote",
            f"How many came how far, on question '{votes.first}'. Counted votes of those who "
            "did not finish are kept; those who failed too many of the trials with a right "
            "answer are left out.",
            data,
        )


def measure_agreement(votes: Votes, table: pd.DataFrame, folder: Path) -> Figure:
    """Draw how often the better value of each measure was chosen, one panel per question."""
    return agreement_chart(
        votes,
        table,
        folder,
        "share of votes for the better value",
        "Of the decisive votes between two outputs, the share in which the one with the "
        "better value was chosen (less or more: see beside the name). Dashed: one "
        f"half, which says nothing about the choice. {_CLUSTERED} The diamond is the share "
        "of votes for the method that won more votes overall: a measure that only tells "
        f"methods apart cannot do better. {_SAME_ORDER}",
    )


def agreement_chart(
    votes: Votes,
    table: pd.DataFrame,
    folder: Path,
    xlabel: str,
    caption: str,
    value: str = "share",
    nothing: float = 0.5,
) -> Figure:
    """Draw how far measures agree with answers, one panel per question.

    Args:
        votes: the study.
        table: ``question``, ``measure``, ``expected``, the value, ``cluster_low``,
            ``cluster_high``.
        folder: of the figure.
        xlabel: what the value is.
        caption: below the figure.
        value: name of the column that is drawn.
        nothing: the value that says nothing; the largest is 1.
    """
    rows = list(dict.fromkeys(table["measure"]))[::-1]
    questions = list(dict.fromkeys(table["question"]))
    with plot(6.4, (0.34 * len(rows) + 1.0) * len(questions) + 0.4) as figure:
        for axes, question in _panels(figure, questions):
            part = table[table["question"] == question].set_index("measure")
            for place, measure in enumerate(rows):
                row = part.loc[measure]
                colour = "#56616a" if measure == METHODS else COLOURS[0]
                axes.plot([row["cluster_low"], row["cluster_high"]], [place] * 2, color=colour,
                          linewidth=2)  # fmt: skip
                axes.plot(row[value], place, "D" if measure == METHODS else "o", color=colour)
            axes.axvline(nothing, color="#888888", linestyle="--", linewidth=1)
            names = [measure_title({"measure": name, **part.loc[name].to_dict()}) for name in rows]
            axes.set_yticks(range(len(rows)), names)
            axes.set_ylim(-0.6, len(rows) - 0.4)
            axes.set_xlim(*_span_of(table[[value, "cluster_low", "cluster_high"]], nothing))
            axes.set(xlabel=xlabel, title=question)
            axes.grid(axis="y", visible=False)
        _head(figure, votes, "Which measures agree with the votes")
        return keep_votes(
            figure, votes, folder, "votes_measures", "Which measures agree with the votes", caption,
            table,
        )  # fmt: skip


def keep_votes(
    figure: MplFigure,
    votes: Votes,
    folder: Path,
    stem: str,
    title: str,
    caption: str,
    data: pd.DataFrame,
) -> Figure:
    """Write a figure of votes and its data; title, caption and data say who voted.

    See `reports.figures.plotstyle.keep`.
    """
    return keep(
        figure, folder, stem, votes.titled(title), votes.captioned(caption), votes.with_voters(data)
    )


def _panels(figure: MplFigure, questions: Sequence[str]) -> list[tuple[Axes, str]]:
    """Give one panel per question, one under the other, which stays readable on a page."""
    figure.clear()
    grid = figure.subplots(len(questions), 1, squeeze=False)
    return list(zip(grid[:, 0], questions, strict=True))


def _span_of(values: pd.DataFrame, nothing: float) -> tuple[float, float]:
    """Return the limits of an axis that shows every value, and the one that says nothing."""
    ends = values.to_numpy(dtype=np.float64)
    known = [*ends[~np.isnan(ends)].tolist(), nothing - 0.1, nothing + 0.1]
    return max(2 * nothing - 1, min(known) - 0.04), min(1.0, max(known) + 0.04)


def _all(votes: Votes, name: str) -> pd.DataFrame:
    """Return one table of every question, one under the other."""
    tables = []
    for question, result in votes.results.items():
        table: pd.DataFrame = getattr(result, name).copy()
        table.insert(0, "question", question)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def wrapped(votes: Votes, methods: list[str], width: int = 22) -> list[str]:
    """Return titles of methods, in lines that fit beside an axis."""
    return ["\n".join(textwrap.wrap(votes.titles[method], width)) for method in methods]


def _head(figure: MplFigure, votes: Votes, title: str) -> None:
    """Write a figure's title, and under it who voted where it was not people to the end."""
    figure.suptitle(
        "\n".join([title, *([votes.voters] if votes.voters != "people" else [])]),
        fontsize=11, fontweight="bold",
    )  # fmt: skip
