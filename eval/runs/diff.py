"""What differs between two runs: in what was asked for, and in the numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from eval.measures import registry
from eval.runs.added import Added
from eval.runs.store import RunStore
from eval.runs.tables import tables

KEYS = ["content", "style", "label", "mode"]
#: The columns of numbers that are compared: measures and cost.
OUTPUT_COLUMNS = (*registry.OUTPUT_COLUMNS, "own_total")


@dataclass(frozen=True)
class Difference:
    """Two runs side by side.

    Attributes:
        settings: one row per differing setting: setting, a, b.
        numbers: one row per measure that both have: outputs compared (for a measure over the
            whole run, named outputs), how many are equal, mean and largest relative difference
            |b - a| / max(|a|, |b|), and where the largest is.
        outputs: one row per output in both runs, with both values of every measure.
        only_a: outputs that only the first run has.
        only_b: outputs that only the second run has.
    """

    settings: pd.DataFrame
    numbers: pd.DataFrame
    outputs: pd.DataFrame
    only_a: list[str]
    only_b: list[str]

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return (
            self.settings.empty
            and not self.only_a
            and not self.only_b
            and bool((self.numbers["equal"] == self.numbers["outputs"]).all())
        )


def diff_runs(a: Path, b: Path) -> Difference:
    """Compare two runs.

    Raises:
        UserError: one of the folders holds no run, or a changed cell.
    """
    stores = RunStore.open(a), RunStore.open(b)
    found = [
        tables(store.cells())["outputs"].reindex(columns=[*KEYS, *OUTPUT_COLUMNS])
        for store in stores
    ]
    flat = [flatten(store.description["identity"]) for store in stores]
    settings = [
        {"setting": name, "a": flat[0].get(name, "(absent)"), "b": flat[1].get(name, "(absent)")}
        for name in dict.fromkeys([*flat[0], *flat[1]])
        if flat[0].get(name) != flat[1].get(name)
    ]
    merged = found[0].merge(
        found[1], on=KEYS, how="outer", suffixes=("_a", "_b"), indicator=True, sort=False
    )
    both = merged[merged["_merge"] == "both"]
    over_run = _over_run(stores[0]).merge(
        _over_run(stores[1]), on=KEYS, suffixes=("_a", "_b"), sort=False
    )
    return Difference(
        settings=pd.DataFrame(settings, columns=["setting", "a", "b"]),
        numbers=pd.DataFrame(
            [
                row
                for rows, names in ((both, OUTPUT_COLUMNS), (over_run, registry.RUN_COLUMNS))
                for name in names
                if (row := _compare(rows, name))["outputs"]
            ],
            columns=["measure", "outputs", "equal", "mean", "largest", "where"],
        ),
        outputs=both[[*KEYS, *(f"{n}_{side}" for n in OUTPUT_COLUMNS for side in "ab")]],
        only_a=_names(merged[merged["_merge"] == "left_only"]),
        only_b=_names(merged[merged["_merge"] == "right_only"]),
    )


def _over_run(store: RunStore) -> pd.DataFrame:
    """Return the measures over a run, keyed as outputs are: of every content and style."""
    rows = Added.read(store.folder).over_run(store.cells())
    every = [{"content": "every", "style": "every", **row} for row in rows]
    return pd.DataFrame(every, columns=[*KEYS, *registry.RUN_COLUMNS])


def _compare(both: pd.DataFrame, name: str) -> dict[str, Any]:
    a = both[f"{name}_a"].to_numpy(dtype=np.float64)
    b = both[f"{name}_b"].to_numpy(dtype=np.float64)
    if np.isnan(a).all() or np.isnan(b).all():  # a run lacks the measure
        both, a, b = both[:0], a[:0], b[:0]
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    scale = np.where(same, 0.0, np.maximum(np.abs(a), np.abs(b)))
    relative = np.divide(np.abs(b - a), scale, out=np.zeros_like(scale), where=scale > 0)
    relative = np.where(same | ~np.isnan(a - b), relative, 1.0)  # a number against none
    where = _names(both.iloc[[int(relative.argmax())]])[0] if relative.any() else ""
    return {
        "measure": name,
        "outputs": len(a),
        "equal": int(same.sum()),
        "mean": float(relative.mean()) if len(a) else float("nan"),
        "largest": float(relative.max()) if len(a) else float("nan"),
        "where": where,
    }


def _names(rows: pd.DataFrame) -> list[str]:
    return [
        f"{row['content']} × {row['style']}, {row['label']}, {row['mode']}"
        for row in rows.to_dict("records")
    ]


def flatten(value: Any, name: str = "") -> dict[str, str]:
    """Write nested settings as dotted names; items of a list go by their name or label."""
    if isinstance(value, Mapping):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        items = [
            (str(item.get("label", item.get("name", index))), item)
            for index, item in enumerate(value)
        ]
    else:
        return {name: str(value)}
    flat: dict[str, str] = {}
    for key, item in items:
        flat.update(flatten(item, f"{name}.{key}" if name else key))
    return flat
