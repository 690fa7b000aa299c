"""The charts of the report. Each one also leaves the data it shows as CSV."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from reports.figures.plotstyle import Figure, keep, plot
from reports.figures.published_votes import vote_shares
from reports.figures.scatter import effectiveness_and_coherence, quality, quality_and_diversity
from reports.figures.sheets import contact_sheets, lambda_sweep, methods_sheet
from reports.figures.times import time_figures
from reports.inputs.run_data import RunData
from reports.tables.diversity import diversity_table


def all_figures(run: RunData, folder: Path) -> list[Figure]:
    """Draw every figure that the run has data for."""
    drawn = [
        methods_sheet(run, folder),
        *contact_sheets(run, folder),
        lambda_sweep(run, folder),
        *time_figures(run, folder),
        diversity(run, folder),
        quality_and_diversity(run, diversity_table(run), folder),
        quality(run, folder),
        effectiveness_and_coherence(run, folder),
        loss_curves(run, folder),
        mode_audit(run, folder),
        vote_shares(folder),
    ]
    return [figure for figure in drawn if figure is not None]


def diversity(run: RunData, folder: Path) -> Figure | None:
    """Draw LPIPS between every two modes, as one heat map per method with several outputs.

    On the diagonal stands what chance alone does to a mode, where a mode was made twice.
    """
    pairs = run.tables["pairs"]
    labels = [label for label in run.titles if (pairs["label"] == label).any()]
    if not labels:
        return None
    diverse = diversity_table(run)
    with plot(4.2 * len(labels), 3.9, len(labels)) as figure:
        highest = float(pairs["lpips"].max()) or 1.0
        for axes, label in zip(figure.axes, labels, strict=True):
            part = pairs[pairs["label"] == label]
            modes = list(dict.fromkeys([*part["mode_a"], *part["mode_b"]]))
            grid = np.zeros((len(modes), len(modes)))
            means = part.groupby(["mode_a", "mode_b"])["lpips"].mean().reset_index()
            for item in means.to_dict("records"):
                i, j = modes.index(item["mode_a"]), modes.index(item["mode_b"])
                grid[i, j] = grid[j, i] = item["lpips"]
            for mode, floor in _floors(run, label).items():
                if mode in modes:
                    grid[modes.index(mode), modes.index(mode)] = floor
            axes.imshow(grid, cmap="cividis", vmin=0, vmax=highest)
            for i in range(len(modes)):
                for j in range(len(modes)):
                    dark = grid[i, j] < 0.55 * highest
                    axes.text(
                        j, i, f"{grid[i, j]:.2f}", ha="center", va="center",
                        color="white" if dark else "black", in_layout=False,
                    )  # fmt: skip
            axes.set_xticks(range(len(modes)), modes, rotation=35, ha="right")
            axes.set_yticks(range(len(modes)), modes)
            found = diverse.loc[diverse["label"] == label, "diversity"]
            told = "one objective" if found.empty else f"mean {found.mean():.2f}"
            axes.set_title(f"{run.titles[label]}\n{told}", fontsize=10)
            axes.grid(visible=False)
        return keep(
            figure,
            folder,
            "diversity",
            "Diversity: LPIPS between the outputs of one pair",
            "LPIPS (AlexNet) between every two modes, mean over pairs; 0 means the same picture. "
            "On the diagonal: a mode and a second output of the same objective, which is the floor "
            "of chance (0 where none was made). Modes of one objective that were computed once are "
            "0 apart; the mean in a title counts them once.",
            pairs,
        )


def _floors(run: RunData, label: str) -> dict[str, float]:
    """Return mode -> mean LPIPS to the second output of the same objective."""
    if run.floors.empty:
        return {}
    mine = run.floors[run.floors["label"] == label]
    return {str(mode): float(part.mean()) for mode, part in mine.groupby("mode")["lpips"]}


def loss_curves(run: RunData, folder: Path) -> Figure | None:
    """Draw the loss of every mode of the first pair, in each method's own objective."""
    curves = run.tables["curves"]
    content, style = run.pairs[0]
    curves = curves[(curves["content"] == content) & (curves["style"] == style)]
    labels = [label for label in run.titles if (curves["label"] == label).any()]
    if not labels:  # no method of this run iterates
        return None
    columns = min(3, len(labels))
    rows = -(-len(labels) // columns)
    with plot(3.6 * columns, 2.7 * rows) as figure:
        figure.clear()
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat[len(labels) :]:
            axes.set_visible(False)
        for axes, label in zip(grid.flat, labels, strict=False):
            part = curves[curves["label"] == label]
            for index, (mode, line) in enumerate(part.groupby("mode", sort=False)):
                start = line["loss"].iloc[0]
                axes.plot(
                    line["iteration"], line["loss"] / start, label=str(mode),
                    linestyle=("-", "--", ":", "-.")[index % 4], linewidth=1.6,
                )  # fmt: skip
            axes.set(yscale="log", title=run.titles[label], xlabel="iteration",
                     ylabel="loss / loss at start")  # fmt: skip
            axes.legend(fontsize=7).set_in_layout(False)
        return keep(
            figure,
            folder,
            "loss_curves",
            f"Loss curves, {content} × {style}",
            "Each loss is that of the method's own objective, relative to its start. Methods have "
            "different objectives, so compare the shapes of the curves and not their heights.",
            curves,
        )


def mode_audit(run: RunData, folder: Path) -> Figure | None:
    """Draw the relative Gram distance of each mode to mode 0, per layer and reading."""
    if not run.audit:
        return None
    rows = [
        {"style": item["style"], "reading": item["reading"], **distance}
        for item in run.audit
        for distance in item["distances"]
    ]
    frame = pd.DataFrame(rows)
    layers = [name for name in frame.columns if name.startswith("block")]
    readings = list(dict.fromkeys(frame["reading"]))
    with plot(4.3 * len(readings), 3.4, len(readings)) as figure:
        for axes, reading in zip(figure.axes, readings, strict=True):
            part = frame[frame["reading"] == reading]
            names = [f"{b[3:]} vs {a[3:]}" for b, a in
                     zip(part["mode"], part["against"], strict=True)]  # fmt: skip
            grid = part.groupby(pd.Series(names, index=part.index), sort=False)[layers].mean()
            axes.imshow(grid.to_numpy(), cmap="cividis", vmin=0, vmax=1, aspect="auto")
            for i in range(grid.shape[0]):
                for j in range(grid.shape[1]):
                    value = float(grid.iat[i, j])
                    axes.text(j, i, f"{value:.2f}", ha="center", va="center",
                              color="white" if value < 0.55 else "black",
                              in_layout=False)  # fmt: skip
            axes.set_xticks(
                range(len(layers)), [f"relu{name[5]}_1" for name in layers], rotation=35, ha="right"
            )
            axes.set_yticks(range(grid.shape[0]), list(grid.index))
            counts = sorted({item["distinct"] for item in run.audit if item["reading"] == reading})
            several = " or ".join(str(count) for count in counts)
            axes.set_title(f"{reading}: 4 modes, {several} distinct")
            axes.grid(visible=False)
        return keep(
            figure,
            folder,
            "mode_audit",
            "Mode audit: how different the targets are",
            "Relative Frobenius distance of the Gram targets between every two modes (degrees), "
            "mean over styles. A row of 0.00 means that two modes have the same objective.",
            frame,
        )
