"""The methods in numbers that belong to a whole method: how its outputs differ, and what they cost.

What belongs to one output stands in `reports.tables.outputs`.
"""

from __future__ import annotations

import pandas as pd

from reports.inputs.run_data import RunData
from reports.tables.diversity import above_chance, diversity_table
from reports.tables.outputs import distinct_outputs

#: Columns on how much a method's outputs differ; the others tell what it did and what it cost.
DIVERSITY = [
    "LPIPS diversity", "LPIPS diversity, VGG", "pixel distance", "floor of chance",
    "above the floor", "Vendi score", "Vendi score of chance", "Vendi score × quality",
    "faithful diversity",
]  # fmt: skip
#: How columns are called where pairs were computed together: not a pair's own time and memory.
SHARED = {
    "seconds / output": "seconds / output, share of a batch",
    "s / output / iteration": "s / output / iteration, share of a batch",
    "memory (MB)": "memory of a batch (MB)",
}


def summary(run: RunData) -> pd.DataFrame:
    """Return one row per method: outputs, diversity beside chance, time and memory."""
    cells, distinct = run.tables["cells"], distinct_outputs(run.tables["outputs"])
    diverse, chance = diversity_table(run), above_chance(run).set_index("label")
    nothing = float("nan")
    rows = []
    for label, title in run.titles.items():
        cost = cells[cells["label"] == label]
        if cost.empty:
            continue
        mine = diverse[diverse["label"] == label]
        beside = chance.loc[label].to_dict() if label in chance.index else {}
        rows.append(
            {
                "method": title,
                "outputs": int(cost["outputs"].max()),
                "objectives": distinct.loc[distinct["label"] == label, "mode"].nunique(),
                "pairs": len(cost),
                "solver": run.solvers[label],
                "iterations": int(cost["iterations"].max()),
                "LPIPS diversity": mine["diversity"].mean(),
                "LPIPS diversity, VGG": mine["diversity_vgg"].mean(),
                "pixel distance": mine["pixel_distance"].mean(),
                "floor of chance": beside.get("floor", nothing),
                "above the floor": beside.get("above", nothing),
                "Vendi score": mine["vendi"].mean(),
                "Vendi score of chance": beside.get("vendi_of_chance", nothing),
                "Vendi score × quality": mine["vendi_weighted"].mean(),
                "faithful diversity": mine["faithful"].mean(),
                "seconds / output": cost["seconds_per_output"].median(),
                "s / output / iteration": cost["seconds_per_output_iteration"].median(),
                "memory (MB)": cost["peak_memory_mb"].max(),
            }
        )
    return pd.DataFrame(rows).rename(columns=SHARED if run.shares else {})
