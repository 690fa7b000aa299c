"""Two measures against each other: one point per mode of every method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from eval.analysis.pairs import bootstrap_interval, grid_of, per_pair
from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.inputs.run_data import RunData
from reports.tables.methods import mode_means

#: Points nearer than this part of the axis share one label.
CLOSE = 0.025


def _scatter(
    axes: Axes, run: RunData, means: pd.DataFrame, x: str, y: str, log: bool = False
) -> None:
    """Draw one point per mode, with names, one colour and shape per method."""
    for index, label in enumerate(run.titles):
        part = means[means["label"] == label]
        axes.plot(
            part[x], part[y], "osD^vP*X"[index % 8],
            color=COLOURS[index % len(COLOURS)], label=run.titles[label],
        )  # fmt: skip
        for place, modes in _together(part, means, x, y, log).items():
            axes.annotate(
                ", ".join(modes), place,
                textcoords="offset points", xytext=(6, 3), fontsize=7, color="#444444",
            )  # fmt: skip
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def quality(run: RunData, folder: Path) -> Figure:
    """Draw style against content loss of every mode, in the shared setting."""
    means = mode_means(run)
    with plot(8.5, 4.6) as figure:
        axes = figure.axes[0]
        _scatter(axes, run, means, "content_loss", "style_loss", log=True)
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="content loss (shared setting)",
            ylabel="style loss (shared setting)",
            title="Style against content",
        )
        return keep(
            figure,
            folder,
            "style_against_content",
            "Style loss against content loss",
            "Mean over pairs of each mode. Both losses are those of the shared setting, also for "
            "methods that minimise something else. Lower left is better.",
            means,
        )


def effectiveness_and_coherence(run: RunData, folder: Path) -> Figure:
    """Draw E against C of every mode, and the Pareto front of all of them."""
    means = mode_means(run)
    points = means[["c_statistic", "e_statistic"]].to_numpy()
    means["pareto"] = [
        not ((points >= point).all(axis=1) & (points > point).any(axis=1)).any() for point in points
    ]
    with plot(8.5, 4.6) as figure:
        axes = figure.axes[0]
        front = means[means["pareto"]].sort_values("c_statistic")
        axes.plot(front["c_statistic"], front["e_statistic"], "-", color="#888888",
                  linewidth=1, zorder=0, label="Pareto front")  # fmt: skip
        _scatter(axes, run, means, "c_statistic", "e_statistic")
        axes.set(
            xlabel="C statistic (contours of the content kept)",
            ylabel="E statistic (nearness to the style)",
            title="Effectiveness against coherence",
        )
        return keep(
            figure,
            folder,
            "effectiveness_and_coherence",
            "E against C statistic, with the Pareto front",
            "Mean over pairs of each mode; upper right is better. After Yeh et al. (2020). "
            "Compare values within one run only. At small sizes the deep layers have few places. "
            "Even unrelated pictures have a C of about 0.1 to 0.3.",
            means,
        )


def quality_and_diversity(run: RunData, diverse: pd.DataFrame, folder: Path) -> Figure | None:
    """Draw how near a method comes to the style against how much its outputs differ.

    Args:
        run: the run.
        diverse: one row per cell with several outputs, see
            `reports.tables.methods.diversity_table`.
        folder: of the figures.
    """
    if diverse.empty:
        return None
    outputs = run.tables["outputs"]
    rows = []
    for label, part in diverse.groupby("label", sort=False):
        mine = outputs[outputs["label"] == label]
        row: dict[str, object] = {"label": label}
        for name, values in (("diversity", part.set_index(["content", "style"])["diversity"]),
                             ("e_statistic", per_pair(mine, "e_statistic")[label])):  # fmt: skip
            low, high = bootstrap_interval(grid_of(values))
            row |= {name: float(values.mean()), f"{name}_low": low, f"{name}_high": high}
        rows.append(row)
    frame = pd.DataFrame(rows)
    with plot(6.4, 3.8) as figure:
        axes = figure.axes[0]
        for index, item in enumerate(frame.to_dict("records")):
            x, y, colour = item["diversity"], item["e_statistic"], COLOURS[index % len(COLOURS)]
            axes.plot([item["diversity_low"], item["diversity_high"]], [y, y], color=colour)
            axes.plot([x, x], [item["e_statistic_low"], item["e_statistic_high"]], color=colour)
            axes.plot(x, y, "o", color=colour, label=run.titles[str(item["label"])])
        axes.set(
            xlabel="diversity (LPIPS, AlexNet)",
            ylabel="E statistic (nearness to the style)",
            title="Quality against diversity",
        )
        axes.set_xlim(0)
        axes.margins(y=0.2)
        axes.legend(fontsize=8)
        return keep(
            figure,
            folder,
            "quality_and_diversity",
            "Quality against diversity",
            "Mean over pairs (and over a pair's outputs) of every method with several outputs, "
            "with 95 % intervals; upper right is better. Outputs can also differ because some of "
            "them fail: see the modes.",
            frame,
        )


def _together(
    part: pd.DataFrame, everything: pd.DataFrame, x: str, y: str, log: bool
) -> dict[tuple[float, float], list[str]]:
    """Group modes whose points nearly coincide as drawn, so that names do not lie on names."""

    def drawn(values: ArrayLike) -> npt.NDArray[np.float64]:
        plain = np.asarray(values, dtype=np.float64)
        return np.log10(np.maximum(plain, 1e-9)) if log else plain

    spread = [float(np.ptp(drawn(everything[name]))) or 1.0 for name in (x, y)]
    groups: dict[tuple[float, float], list[str]] = {}
    for item in part.to_dict("records"):
        here = float(item[x]), float(item[y])
        near = next(
            (
                place
                for place in groups
                if all(
                    abs(float(drawn(a)) - float(drawn(b))) < CLOSE * width
                    for a, b, width in zip(place, here, spread, strict=True)
                )
            ),
            here,
        )
        groups.setdefault(near, []).append(str(item["mode"]))
    return groups
