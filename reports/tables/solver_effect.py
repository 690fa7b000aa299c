"""What the solver changes: methods that a run has with two solvers, on the pairs of both."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pandas as pd

from eval.analysis.crossed import interval
from eval.analysis.pairs import grid_of
from reports.inputs.run_data import RunData
from reports.tables.intervals import median

#: What is set beside each other, besides the loss.
_MEASURES = ("style_gap_closed", "lpips_content", "e_statistic", "c_statistic")
#: What readers are told above the table.
SOLVER_NOTE = (
    "The same method on the same pairs with two solvers, a and b, each with its own settings (see "
    "the settings of each method). Loss of a / b: the final loss in the method's own objective, "
    "median over pairs with its 95 % interval; below 1, solver a reached the lower loss. The other "
    "columns are means."
)


def solver_effect(run: RunData) -> pd.DataFrame:
    """Return one row per mode of each method that differs from another in its solver alone.

    Columns: method, mode, solvers, pairs (that both have), the median over them of a's last loss
    over b's in the method's own objective with its 95 % interval, and the means of some
    measures, a's and b's. Empty where a run has no such two methods.
    """
    outputs = run.tables["outputs"]
    rows = []
    for a, b in _twins(run):
        mine = outputs[outputs["label"] == a].set_index(["mode", "content", "style"])
        other = outputs[outputs["label"] == b].set_index(["mode", "content", "style"])
        shared = mine.index.intersection(other.index, sort=False)
        for mode in dict.fromkeys(shared.get_level_values("mode")):
            one, two = (
                frame.loc[shared].xs(mode, level="mode", drop_level=True) for frame in (mine, other)
            )
            grid = grid_of(one["own_total"] / two["own_total"])
            low, high = interval(grid, median)
            row: dict[str, Any] = {
                "method": run.titles[a],
                "mode": mode,
                "solvers": f"{run.solvers[a]} / {run.solvers[b]}",
                "pairs": len(one),
                "loss": median(grid),
                "low": low,
                "high": high,
            }
            for name in _MEASURES:
                for label, frame in ((a, one), (b, two)):
                    row[f"{name}, {run.solvers[label]}"] = frame[name].mean()
            rows.append(row)
    return pd.DataFrame(rows)


def _twins(run: RunData) -> list[tuple[str, str]]:
    """Return the labels of methods that differ in their solver alone."""
    solved = {label: name for label, name in run.solvers.items() if name != "none"}
    return [
        (a["label"], b["label"])
        for a, b in combinations(run.identity["profile"]["methods"], 2)
        if {a["label"], b["label"]} <= solved.keys()
        and solved[a["label"]] != solved[b["label"]]
        and _without_solver(a) == _without_solver(b)
    ]


def _without_solver(entry: dict[str, Any]) -> tuple[str, str]:
    settings = entry.get("settings", {})
    kept = {key: item for key, item in settings.items() if key not in ("solver", "iterations")}
    return entry["method"], json.dumps(kept, sort_keys=True)
