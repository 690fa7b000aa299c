"""A run's cells as tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eval.measures.registry import PAIR_MEASURES


def tables(cells: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Turn cells into tables.

    Returns:
        ``cells``: one row per cell (cost); ``outputs``: one row per output (measures and the
        method's own losses); ``pairs``: one row per two outputs of a cell (LPIPS); ``curves``:
        one row per output and iteration (loss in the method's own objective).
    """
    keys = ("content", "style", "label", "method")
    costs, outputs, pairs, curves = [], [], [], []
    for cell in cells:
        key = {name: cell[name] for name in keys}
        costs.append({**key, "outputs": len(cell["files"]), **cell["cost"]})
        for row in cell["measures"]["outputs"]:
            own = {
                f"own_{name}": value for name, value in cell["losses"].get(row["mode"], {}).items()
            }
            outputs.append({**key, **row, **own})
        pairs += [{**key, **row} for row in cell["measures"]["pairs"]]
        for mode, curve in cell["curves"].items():
            curves += [
                {**key, "mode": mode, "iteration": i, "loss": loss} for i, loss in enumerate(curve)
            ]
    columns = {
        "cells": [*keys, "outputs"],
        "outputs": [*keys, "mode"],
        "pairs": [*keys, "mode_a", "mode_b", *PAIR_MEASURES],
        "curves": [*keys, "mode", "iteration", "loss"],
    }
    rows = {"cells": costs, "outputs": outputs, "pairs": pairs, "curves": curves}
    return {
        name: pd.DataFrame(rows[name]) if rows[name] else pd.DataFrame(columns=columns[name])
        for name in rows
    }
