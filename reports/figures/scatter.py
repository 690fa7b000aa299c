"""Two measures against each other: one point per mode of every method."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from eval.analysis.crossed import interval
from eval.analysis.pairs import grid_of, per_pair
from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.inputs.run_data import RunData
from reports.tables.diversity import above_chance
from reports.tables.outputs import compared_outputs, mode_means, titles

#: Points nearer than this part of the axis share one label.
CLOSE = 0.025


def _scatter(
    axes: Axes, run: RunData, means: pd.DataFrame, x: str, y: str, log: bool = False
) -> None:
    """Draw one point per mode, with names, one colour and shape per method."""
    for index, label in enumerate(run.titles):
        part = means[means["label"] == label]
        if part.empty:
            continue
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


def quality(run: RunData, folder: Path) -> Figure | None:
    """Draw style against content loss of every mode, in the shared setting."""
    means = mode_means(run)
    if means["relative_style_loss"].isna().all():  # a run made before has none
        return None
    with plot(8.5, 4.6) as figure:
        axes = figure.axes[0]
        _scatter(axes, run, means, "content_loss", "relative_style_loss", log=True)
        axes.set(
            xscale="log",
            yscale="log",
            xlabel="content loss (shared setting)",
            ylabel="style loss / the style's own scale",
            title="Style against content",
        )
        return keep(
            figure,
            folder,
            "style_against_content",
            "Style loss against content loss",
            "Mean over pairs of each mode. Both losses are those of the shared setting, also for "
            "methods that minimise something else. The style loss is divided by what a picture "
            "without any style would have, since styles differ in scale. Lower left is better.",
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
    """Draw how near a method's outputs come to the style against how much they differ.

    Each output is a point of its own: the mean of modes that aim at different targets says nothing
    of any of them.

    Args:
        run: the run.
        diverse: one row per cell with several outputs, see
            `reports.tables.diversity.diversity_table`.
        folder: of the figures.
    """
    if diverse.empty:
        return None
    outputs, names = compared_outputs(run.tables["outputs"]), titles(run)
    floors = above_chance(run).set_index("label")["floor"]
    rows = []
    for label, part in diverse.groupby("label", sort=False):
        spread = part.set_index(["content", "style"])["diversity"]
        low, high = interval(grid_of(spread))
        for key in (key for key in names if key.startswith(f"{label}/")):
            effect = per_pair(outputs[outputs["label"] == key], "e_statistic")[key]
            e_low, e_high = interval(grid_of(effect))
            rows.append(
                {
                    "label": label, "output": names[key],
                    "diversity": float(spread.mean()), "diversity_low": low, "diversity_high": high,
                    "floor": floors.get(label, np.nan),
                    "e_statistic": float(effect.mean()),
                    "e_statistic_low": e_low, "e_statistic_high": e_high,
                }
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    with plot(7.6, 4.2) as figure:
        axes = figure.axes[0]
        for index, (label, part) in enumerate(frame.groupby("label", sort=False)):
            colour, first = COLOURS[index % len(COLOURS)], part.iloc[0]
            middle = part["e_statistic"].median()
            axes.plot(
                [first["floor"], first["diversity"]], [middle] * 2, ":|",
                color=colour, markersize=12, zorder=0,
            )  # fmt: skip
            for item in part.to_dict("records"):
                x, y = item["diversity"], item["e_statistic"]
                axes.plot([item["diversity_low"], item["diversity_high"]], [y, y], color=colour)
                axes.plot([x, x], [item["e_statistic_low"], item["e_statistic_high"]], color=colour)
                axes.annotate(
                    str(item["output"]).rpartition(", ")[2], (x, y),
                    textcoords="offset points", xytext=(6, 3), fontsize=7, color="#444444",
                )  # fmt: skip
            axes.plot(
                part["diversity"], part["e_statistic"], "o", color=colour,
                label=run.titles[str(label)],
            )  # fmt: skip
        axes.set(
            xlabel="diversity (LPIPS, AlexNet)",
            ylabel="E statistic (nearness to the style)",
            title="Quality against diversity",
        )
        axes.set_xlim(0)
        axes.margins(y=0.2)
        axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return keep(
            figure,
            folder,
            "quality_and_diversity",
            "Quality against diversity",
            "Each output of every method with several (those of one objective once): its nearness "
            "to the style against the diversity of the method's outputs, means over pairs with "
            "95 % intervals. The dotted line begins at the floor of chance, which is how far two "
            "outputs of one objective are apart: diversity is what lies beyond it. Outputs also "
            "differ if some of them fail, so look at each.",
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
