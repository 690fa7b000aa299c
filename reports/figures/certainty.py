"""The charts of certainty: means with intervals, and where the variance is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from eval.analysis.crossed import LEAST_CLUSTERS
from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.inputs.run_data import RunData
from reports.tables.certainty import MEASURES
from reports.tables.outputs import titles
from reports.tables.readable import column_title

#: Panels in a row of the intervals.
_SIDE_BY_SIDE = 3


def intervals(run: RunData, tables: dict[str, pd.DataFrame], folder: Path) -> Figure:
    """Draw the mean of each named output or method with its interval, one panel per measure.

    Measures of the same outputs stand side by side, with the outputs' names on the left alone.
    """
    frame = tables["means"]
    names = titles(run)
    rows = _rows(frame, list(names))
    heights = [0.24 * len(labels) + 0.9 for labels, _ in rows]
    with plot(12, sum(heights)) as figure:
        figure.clear()
        grid = figure.subplots(
            len(rows), _SIDE_BY_SIDE, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        for (labels, measures), line in zip(rows, grid, strict=True):
            for axes in line[len(measures) :]:
                axes.set_visible(False)
            shown = [names[label] for label in labels[::-1]]
            for axes, measure in zip(line, measures, strict=False):
                part = frame[frame["measure"] == measure].set_index("label").loc[labels[::-1]]
                axes.hlines(range(len(shown)), part["low"], part["high"], COLOURS[0], linewidth=2)
                axes.plot(part["mean"], range(len(shown)), "o", color=COLOURS[0])
                axes.set_yticks(range(len(shown)), shown if axes is line[0] else [], fontsize=8)
                axes.set_title(MEASURES[measure].replace(" (", "\n("), fontsize=9)
                axes.ticklabel_format(axis="x", scilimits=(-3, 4))
                axes.locator_params(axis="x", nbins=5)
                axes.set_ylim(-0.6, len(shown) - 0.4)
        return keep(
            figure,
            folder,
            "intervals",
            "Means over pairs, with 95 % intervals",
            f"Over {int(frame['pairs'].max())} pairs; modes of one objective are there "
            "once. The intervals know that pairs share contents and styles. With fewer than "
            f"{LEAST_CLUSTERS} of either there is none.",
            frame,
        )


def _rows(frame: pd.DataFrame, order: list[str]) -> list[tuple[list[str], list[str]]]:
    """Return the rows of panels: the labels of each, in the given order, and its measures."""
    of_labels: dict[tuple[str, ...], list[str]] = {}
    for measure, part in frame.groupby("measure", sort=False):
        labels = tuple(label for label in order if label in set(part["label"]))
        of_labels.setdefault(labels, []).append(str(measure))
    return [
        (list(labels), measures[i : i + _SIDE_BY_SIDE])
        for labels, measures in of_labels.items()
        for i in range(0, len(measures), _SIDE_BY_SIDE)
    ]


def variance(tables: dict[str, pd.DataFrame], folder: Path) -> Figure | None:
    """Draw what share of each measure's variance comes from output, content and style."""
    frame = tables["variance"]
    if frame.empty:
        return None
    measures = list(dict.fromkeys(frame["measure"]))
    sources = list(dict.fromkeys(frame["source"]))
    with plot(8, 0.5 * len(measures) + 1.5) as figure:
        axes = figure.axes[0]
        left = np.zeros(len(measures))
        for index, source in enumerate(sources):
            part = frame[frame["source"] == source].set_index("measure")["share"]
            shares = part.reindex(measures).to_numpy(dtype=float)
            axes.barh(
                measures[::-1], shares[::-1], left=left[::-1], label=source,
                color=COLOURS[index], height=0.6,
            )  # fmt: skip
            left += np.nan_to_num(shares)
        axes.set(xlim=(0, 1), xlabel="share of variance", title="Where the variance is")
        axes.set_yticks(range(len(measures)), [column_title(name) for name in measures[::-1]])
        figure.legend(loc="outside lower center", ncols=4, fontsize=9)
        axes.grid(axis="y", visible=False)
        return keep(
            figure,
            folder,
            "variance",
            "Variance by output, content and style",
            "Sums of squares of an additive model over all pairs and the outputs (for diversity "
            "and seconds: the methods) that were made of all of them. Where content "
            "or style has the larger share, a comparison over few pictures says little.",
            frame,
        )
