"""The charts of the study of scale: ``python -m reports.figures.scale``.

Each number on which a claim rests, by the size of the picture, with the published balance and with
the published weights as they are; and the losses over iterations. They are drawn from the tables in
``reports/published`` and ``reports/gpu``, into ``reports/published/figures``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from PIL import Image

from dfr.core.files import write_whole
from dfr.core.terminal import complaining
from dfr.objective.feature_statistics import STATISTICS
from eval.published.scale import METHODS
from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.figures.scale_kept import NUMBERS, OVER_ITERATIONS, POINTS, Number

#: The panels of a figure: method, mode, title.
PANELS = (
    *(("decormst", name, f"DeCorMST, {name}") for name in STATISTICS),
    ("dfr", "rot000", "DFR, 0°"),
    ("dfr", "rot090", "DFR, 90° (code)"),
)
_COLUMNS = 4
_LINES = (
    # balanced, depth, colour, style, label
    (True, "published", COLOURS[0], "-", "balanced, at the end"),
    (True, "300", COLOURS[0], ":", "balanced, 300 iterations"),
    (False, "published", COLOURS[1], "-", "weights as they are, at the end"),
    (False, "300", COLOURS[1], ":", "weights as they are, 300 iterations"),
)


def scale_figures(
    outputs: pd.DataFrame, between: pd.DataFrame, losses: pd.DataFrame, folder: Path
) -> list[Figure]:
    """Draw every figure of the study.

    Args:
        outputs: ``reports/published/scale.csv``.
        between: ``reports/published/scale_pairs.csv``.
        losses: ``reports/gpu/scale.csv``.
        folder: where they go.
    """
    values = values_of(outputs, between)
    floor = between[between["one_objective"]].groupby("longest")["lpips"].median()
    drawn = [
        by_size(values, name, number, floor if name == "lpips_others" else None, folder)
        for name, number in NUMBERS.items()
    ]
    return [*drawn, over_iterations(losses, folder)]


def by_size(
    values: pd.DataFrame, name: str, number: Number, floor: pd.Series | None, folder: Path
) -> Figure:
    """Draw one number by the longer side of the picture: medians, and the range of the pairs."""
    values = values[values["number"] == name]
    keys = ["method", "mode", "balanced", "depth", "longest"]
    table = values.groupby(keys)["value"].agg(["min", "median", "max"]).reset_index()
    with plot(12, 5.4) as figure:
        figure.clear()
        grid = figure.subplots(2, _COLUMNS, squeeze=False)
        for axes, (method, mode, title) in zip(grid.flat, PANELS, strict=False):
            part = table[(table["method"] == method) & (table["mode"] == mode)]
            _panel(axes, part, max(METHODS[method][1]), number)
            if floor is not None:
                axes.plot(floor.index, floor, color="black", linewidth=1, label="floor of chance")
            axes.set_title(title)
        for axes in grid[:, 0]:
            axes.set_ylabel(number.axis)
        _legend(grid.flat[-1], grid.flat[0])
        figure.suptitle(number.title, x=0.01, ha="left", fontweight="bold")
        return keep(
            figure,
            folder,
            f"scale_{name}",
            number.title,
            f"{number.caption} {POINTS}",
            table,
        )


def over_iterations(losses: pd.DataFrame, folder: Path) -> Figure:
    """Draw the losses of balanced runs over iterations, one line for each size."""
    longest = losses[["height", "width"]].max(axis=1)
    losses = losses.assign(longest=longest)
    losses = losses[losses["balanced"] | losses["published_size"]]
    columns = [name for name in losses.columns if name.startswith("ratio_")]
    keys = ["method", "mode", "longest", "iterations"]
    long = losses.melt(keys, columns, value_name="ratio").dropna(subset="ratio")
    at_end = long["variable"] == "ratio_at_the_end"
    near = long["variable"].str.extract(r"(\d+)$")[0].astype(float)
    long["iteration"] = near.where(~at_end, long["iterations"])
    medians = long.groupby(["method", "mode", "longest", "iteration"])["ratio"].median()
    table = medians.reset_index(name="loss_ratio")
    with plot(12, 5.4) as figure:
        figure.clear()
        grid = figure.subplots(2, _COLUMNS, squeeze=False)
        for axes, (method, mode, title) in zip(grid.flat, PANELS, strict=False):
            part = table[(table["method"] == method) & (table["mode"] == mode)]
            sides = sorted(part["longest"].unique())
            for index, side in enumerate(sides):
                line = part[part["longest"] == side]
                last = side == sides[-1]
                axes.plot(
                    line["iteration"], line["loss_ratio"], marker=".",
                    color="black" if last else COLOURS[index],
                    label="published size" if last else f"{side:.0f} px, balanced",
                )  # fmt: skip
            axes.axhline(1, color="#888888", linewidth=0.8)
            axes.set(xscale="log", yscale="log", title=title, xlabel="iteration")
        for axes in grid[:, 0]:
            axes.set_ylabel("loss / first loss")
        _legend(grid.flat[-1], grid.flat[0])
        title, caption = OVER_ITERATIONS
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
        return keep(
            figure,
            folder,
            "scale_over_iterations",
            title,
            caption,
            table,
        )


def values_of(outputs: pd.DataFrame, between: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each number, output, size, balance and depth."""
    outputs = outputs.assign(e_above=outputs["e_statistic"] - outputs["e_of_content"])
    keys = ["method", "pair", "mode", "longest", "balanced", "iterations"]
    named = [name for name in NUMBERS if name in outputs.columns]
    apart = between[~between["one_objective"]]
    turned = apart.rename(columns={"mode_a": "mode_b", "mode_b": "mode_a"})
    apart = pd.concat([apart, turned]).rename(columns={"mode_a": "mode"})
    drawn = {(method, mode) for method, mode, _ in PANELS}
    both = [pair in drawn for pair in zip(apart["method"], apart["mode_b"], strict=True)]
    others = apart[both].groupby(keys)["lpips"].mean().reset_index(name="value")
    values = pd.concat(
        [
            outputs.melt(keys, named, var_name="number"),
            others.assign(number="lpips_others"),
        ]
    ).dropna(subset="value")
    depth = values["iterations"].where(values["iterations"] == 300, "published").astype(str)
    return values.assign(depth=depth)


def _panel(axes: Axes, part: pd.DataFrame, published: int, number: Number) -> None:
    at_published = part[part["longest"] == published]
    for balanced, depth, colour, style, label in _LINES:
        line = part[(part["balanced"] == balanced) & (part["depth"] == depth)]
        line = line[line["longest"] < published]
        if depth == "published":
            _bars(axes, line, 0.985 if balanced else 1.015, colour)
            line = pd.concat([line, at_published])
        axes.plot(line["longest"], line["median"], style, color=colour, marker=".", label=label)
    _bars(axes, at_published, 1.0, "black")
    axes.plot(at_published["longest"], at_published["median"], "s", color="black",
              markersize=6, label="published size")  # fmt: skip
    if number.rule is not None:
        axes.axhline(number.rule, color="#888888", linewidth=0.8)
    sides = sorted({*part["longest"]})
    axes.set(xscale="log", yscale=number.scale, xlabel="longer side (pixels)")
    axes.set_xticks(sides, [f"{side:.0f}" for side in sides])
    axes.set_xticks([], minor=True)


def _bars(axes: Axes, line: pd.DataFrame, beside: float, colour: str) -> None:
    """Draw the range of the pairs, a little beside the points where two would cover each other."""
    ends = [line["median"] - line["min"], line["max"] - line["median"]]
    axes.errorbar(beside * line["longest"], line["median"], ends, color=colour, fmt="none",
                  capsize=2, linewidth=0.8)  # fmt: skip


def _legend(where: Axes, of: Axes) -> None:
    """Put the legend of one panel into an empty one."""
    where.axis("off")
    where.legend(*of.get_legend_handles_labels(), loc="center left")


def _with_few_colours(png: Path) -> None:
    """Make a PNG of lines a third as large, so that it can stand in the repository."""
    with Image.open(png) as picture:
        small = picture.convert("RGB").quantize(48)
    write_whole(png, lambda path: small.save(path, format="PNG", optimize=True))


def main() -> None:
    """Draw the figures again from their tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="folder of reports")
    folder = parser.parse_args().reports
    drawn = scale_figures(
        pd.read_csv(folder / "published" / "scale.csv"),
        pd.read_csv(folder / "published" / "scale_pairs.csv"),
        pd.read_csv(folder / "gpu" / "scale.csv"),
        folder / "published" / "figures",
    )
    for figure in drawn:
        _with_few_colours(figure.png)


if __name__ == "__main__":
    with complaining():
        main()
