"""The charts of time. Each one also leaves the data it shows as CSV.

Times of an iteration are without features and targets, see `eval.analysis.times.timed`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from eval.analysis.published_numbers import DFR_SECONDS
from eval.analysis.times import (
    estimates,
    fit_line,
    fit_power,
    median_interval,
    of_case,
    paired_ratio,
)
from reports.figures.plotstyle import COLOURS, Figure, keep, plot
from reports.figures.timing import CAP, arms, kind_of, name_of, of_kind, setting, with_intervals
from reports.inputs.run_data import RunData


def time_figures(run: RunData, folder: Path) -> list[Figure | None]:
    """Draw every chart of time that the run has data for."""
    return [
        time_outputs(run, folder),
        time_methods(run, folder),
        time_pixels(run, folder),
        loop_against_vectorized(run, folder),
    ]


def time_outputs(run: RunData, folder: Path) -> Figure | None:
    """Draw the time of DFR-1, DFR-2, ... against the published row, both relative to the first."""
    rows = of_kind(run, "outputs")
    if rows.empty:
        return None
    first = int(rows["outputs"].min())
    base = of_case(rows, "outputs", f"DFR-{first}")
    rows["relative"] = rows["per_iteration"] / rows["round"].map(base)
    table = estimates(rows, "outputs", "relative").sort_values("outputs")
    seconds = estimates(rows, "outputs", "per_iteration").add_prefix("seconds_")
    told = {n: value / DFR_SECONDS[first] for n, value in DFR_SECONDS.items() if first == 1}
    table = table.merge(seconds, left_on="outputs", right_on="seconds_outputs")
    table = table.drop(columns=["seconds_outputs", "seconds_rounds", "seconds_coverage"])
    table["published_relative"] = table["outputs"].map(told)
    line, cost = fit_line(rows, "outputs", "relative"), fit_line(rows, "outputs", "per_iteration")
    grows = ""
    with plot(6.4, 3.8) as figure:
        axes = figure.axes[0]
        with_intervals(axes, table["outputs"], table, "o", f"measured ({kind_of(table)})")
        if line and cost:
            a, b = line.intercept.median, line.slope.median
            reach = np.array([first, table["outputs"].max()])
            axes.plot(
                reach, a + b * reach, "-", color=COLOURS[0], linewidth=1,
                label=f"fitted {a:.2f} + {b:.2f} X, R² = {line.r_squared:.3f}",
            )  # fmt: skip
            table = table.assign(fitted=a + b * table["outputs"], fit_a=a, fit_b=b,
                                 fit_r_squared=line.r_squared)  # fmt: skip
            grows = (
                f" One more output costs {cost.slope.show()} s an iteration on this machine, "
                f"{100 * b:.0f} % of DFR-{first}."
            )
        if told:
            axes.plot(
                list(told), list(told.values()), "s--", color=COLOURS[1], markersize=5,
                label="published (361, 377, 396, 417 s)",
            )  # fmt: skip
        axes.set(
            xlabel="outputs X of DFR-X",
            ylabel=f"time relative to DFR-{first}",
            title="Time by number of outputs",
            xticks=sorted({*table["outputs"], *told}),
            ylim=(0, None),
        )
        axes.legend()
        return keep(
            figure,
            folder,
            "time_by_outputs",
            "Time of DFR by its number of outputs",
            f"{setting(rows)}. Ratios are taken round by round.{grows} Here only the requested "
            "outputs are computed. The published code always computes all four, so its row is "
            "nearly flat. Above four outputs the rotations divide the full turn into equal steps.",
            table,
        )


def time_methods(run: RunData, folder: Path) -> Figure:
    """Draw seconds per output, and per output and iteration, of every method."""
    cells, rows = run.tables["cells"], of_kind(run, "method")
    labels = [label for label in run.titles if (cells["label"] == label).any()]
    iterates = run.iterations
    lines = []
    for label in labels:
        mine = cells[cells["label"] == label]
        turns = of_case(rows, "method", label, "per_output_iteration")
        each = {
            "seconds_per_output": (mine["seconds_per_output"], "pairs"),
            "seconds_per_output_iteration": (
                (turns, "rounds") if len(turns) else (mine["seconds_per_output_iteration"], "pairs")
            ),
        }
        for measure, (values, over) in each.items():
            if measure == "seconds_per_output_iteration" and not iterates.get(label):
                continue
            found = median_interval(values.astype(float))
            lines.append({"label": label, "method": run.titles[label], "measure": measure,
                          "median": found.median, "low": found.low, "high": found.high,
                          "count": found.count, "over": over})  # fmt: skip
    table = pd.DataFrame(lines)
    places = dict(zip(labels, range(len(labels))[::-1], strict=True))
    with plot(9.5, 0.42 * len(labels) + 1.3, 2) as figure:
        for axes, column, told in zip(
            figure.axes,
            ("seconds_per_output", "seconds_per_output_iteration"),
            ("seconds per output, whole run", "seconds per output and iteration"),
            strict=True,
        ):
            part = table[(table["measure"] == column) & table["median"].notna()]
            axes.barh(
                part["label"].map(places), part["median"], xerr=arms(part), color=COLOURS[0],
                height=0.6, capsize=CAP, ecolor="black",
            )  # fmt: skip
            axes.set_yticks(list(places.values()), [run.titles[label] for label in labels])
            axes.set(xlabel=told, xlim=(0, None), ylim=(-0.6, len(labels) - 0.4))
            axes.grid(axis="y", visible=False)
        for label in labels:
            if not iterates.get(label):
                figure.axes[1].annotate(
                    "no iterations", (0, places[label]), (4, 0), textcoords="offset points",
                    va="center", fontsize=9,
                )  # fmt: skip
        figure.axes[1].set_yticklabels([])
        source = (
            f"Right: {setting(rows)}, median and {name_of(rows)}."
            if not rows.empty
            else "Right: from the pairs too, since this run has no timing of its methods."
        )
        shares = (
            " Pairs of one method were computed together: theirs is a share of the batch's time."
            if run.shares
            else ""
        )
        return keep(
            figure,
            folder,
            "time_by_method",
            "Time of every method",
            "Left: median over pairs with its interval (pairs as independent, since one costs "
            "about what another does), each method with its own number of iterations."
            f"{shares} {source} One iteration of the solver lbfgs evaluates the objective more "
            "than once, one of adam or fast does once; a feed-forward method has none.",
            table,
        )


def time_pixels(run: RunData, folder: Path) -> Figure | None:
    """Draw seconds per iteration of DFR-1 against pixels, both on logarithmic axes."""
    rows = of_kind(run, "size")
    power = fit_power(rows, "pixels", "per_iteration")
    if power is None:
        return None
    table = estimates(rows, "name", "per_iteration").rename(columns={"name": "size"})
    pixels = rows.drop_duplicates("name").set_index("name")["pixels"]
    table.insert(1, "pixels", table["size"].map(pixels))
    table = table.sort_values("pixels").assign(
        fitted=lambda frame: np.exp(power.intercept.median) * frame["pixels"] ** power.slope.median,
        exponent=power.slope.median,
        exponent_low=power.slope.low,
        exponent_high=power.slope.high,
    )
    with plot(6.4, 3.8) as figure:
        axes = figure.axes[0]
        with_intervals(axes, table["pixels"], table, "o", f"measured ({kind_of(table)})")
        axes.plot(
            table["pixels"], table["fitted"], "-", color=COLOURS[0], linewidth=1,
            label=f"fitted: pixels to the power {power.slope.median:.2f}",
        )  # fmt: skip
        largest = table.iloc[-1]
        axes.plot(
            table["pixels"], largest["fitted"] * table["pixels"] / largest["pixels"], ":",
            color="black", linewidth=1, label="proportional to pixels",
        )  # fmt: skip
        axes.set(xscale="log", yscale="log", title="Time by number of pixels",
                 ylabel="seconds per iteration of DFR-1",
                 xlabel="height × width, spaced by their pixels")  # fmt: skip
        axes.minorticks_off()
        axes.set_xticks(
            table["pixels"], [size.replace("x", " × ") for size in table["size"]], fontsize=9
        )
        shown = _apart(table["median"])
        axes.set_yticks(shown, [f"{value:.2g}" for value in shown])
        axes.legend()
        return keep(
            figure,
            folder,
            "time_by_pixels",
            "Time of DFR-1 by number of pixels",
            f"{setting(rows, sized=False)}. Both axes are logarithmic: a straight line is a power "
            f"law, and its exponent here is {power.slope.show()}. At 1, twice the pixels take "
            "twice the time; below it, small pictures pay for work that does not depend on their "
            "size.",
            table,
        )


def _apart(values: Iterable[float]) -> list[float]:
    """Leave out what would be written into the one before, on a logarithmic axis."""
    kept: list[float] = []
    for value in sorted(values):
        if not kept or value > 1.2 * kept[-1]:
            kept.append(value)
    return kept


def loop_against_vectorized(run: RunData, folder: Path) -> Figure | None:
    """Draw each correlation's time as a loop over channels and in one call."""
    rows = of_kind(run, "correlations")
    if rows.empty:
        return None
    lines, ratios = [], {}
    statistics = list(dict.fromkeys(name.split()[0] for name in rows["name"]))
    for name in statistics:
        turns = {
            form: of_case(rows, "correlations", f"{name} {form}") for form in ("vectorized", "loop")
        }
        ratio = ratios[name] = paired_ratio(turns["loop"], turns["vectorized"])
        for form, values in turns.items():
            if found := median_interval(values):
                lines.append({"statistic": name, "form": form, "median": found.median,
                              "low": found.low, "high": found.high, "rounds": found.count,
                              "ratio": ratio.median, "ratio_low": ratio.low,
                              "ratio_high": ratio.high})  # fmt: skip
    table = pd.DataFrame(lines)
    places = {name: place for place, name in enumerate(statistics)}
    with plot(6.8, 3.8) as figure:
        axes = figure.axes[0]
        for form, shift, colour in (("vectorized", -0.2, COLOURS[0]), ("loop", 0.2, COLOURS[1])):
            part = table[table["form"] == form]
            axes.bar(
                part["statistic"].map(places) + shift, 1000 * part["median"], 0.4,
                yerr=1000 * arms(part), color=colour, capsize=CAP, label=_FORMS[form],
            )  # fmt: skip
        for name, ratio in ratios.items():
            top = 1000 * table.loc[table["statistic"] == name, "high"].max()
            axes.annotate(
                f"× {ratio.median:.1f}" if ratio else "no loop",
                (places[name] + (0.2 if ratio else -0.2), top), (0, 4),
                textcoords="offset points", ha="center", fontsize=9,
            )  # fmt: skip
        axes.set_xticks(range(len(places)), list(places))
        axes.set(title="A loop over channels against one call", ylabel="milliseconds per pass")
        axes.grid(axis="x", visible=False)
        axes.margins(y=0.12)
        axes.legend()
        told = ", ".join(f"{name} {ratio.show()}" for name, ratio in ratios.items() if ratio)
        return keep(
            figure,
            folder,
            "loop_against_vectorized",
            "DeCorMST's correlations: the published loop against one call",
            f"One pass: the statistic of the five style layers ({_CHANNELS} channels) of one "
            f"picture, forward and backward. {setting(rows, 'passes')}. The published notebook "
            "takes the mean, deviation and norm of every channel in a Python loop; both forms "
            f"give the same numbers. Loop over one call, round by round: {told}. The Gram matrix "
            "and the distances have no such loop.",
            table,
        )


_FORMS = {"vectorized": "one call", "loop": "loop over channels"}
_CHANNELS = "64 + 128 + 256 + 512 + 512"
