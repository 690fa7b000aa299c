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


def intervals(run: RunData, tables: dict[str, pd.DataFrame], folder: Path) -> Figure:
    """Draw the mean of each named output or method with its interval, one panel per measure."""
    frame = tables["means"]
    measures = list(dict.fromkeys(frame["measure"]))
    names = titles(run)
    most = max(frame.groupby("measure")["label"].nunique())
    rows = -(-len(measures) // 2)
    with plot(12, (0.3 * most + 0.8) * rows) as figure:
        figure.clear()
        grid = figure.subplots(rows, 2, squeeze=False)
        for axes in grid.flat[len(measures) :]:
            axes.set_visible(False)
        for axes, measure in zip(grid.flat, measures, strict=False):
            part = frame[frame["measure"] == measure].set_index("label")
            shown = [label for label in names if label in part.index]
            for place, label in enumerate(reversed(shown)):
                row = part.loc[label]
                axes.plot([row["low"], row["high"]], [place] * 2, color=COLOURS[0], linewidth=2)
                axes.plot(row["mean"], place, "o", color=COLOURS[0])
            axes.set_yticks(
                range(len(shown)), [names[label] for label in reversed(shown)], fontsize=8
            )
            axes.set_title(MEASURES[measure], fontsize=9)
            axes.ticklabel_format(axis="x", scilimits=(-3, 4))
            axes.grid(axis="y", visible=False)
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
