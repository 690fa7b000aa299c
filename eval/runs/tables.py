"""A run's cells as tables."""

from __future__ import annotations

from typing import Any

import pandas as pd

from eval.measures.registry import DEFAULT_OUTPUT_COLUMNS, OUTPUT_COLUMNS, PAIR_COLUMNS

#: What an output's own objective says of it.
_OWN = ("own_content", "own_style", "own_variation", "own_total", "own_gap_closed")


def tables(cells: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Turn cells into tables.

    Returns:
        ``cells``: one row per cell (cost); ``outputs``: one row per output: measures, the
        method's own losses, ``objective``, the first mode that has the same one (the mode
        itself, but for twins), and ``own_gap_closed``, how much of the way from the content picture
        to its own target an output has gone, by the style loss of its own objective; ``pairs``:
        one row per two outputs of a cell (LPIPS); ``curves``: one row per output and iteration
        (loss in the method's own objective).
    """
    keys = ("content", "style", "label", "method")
    costs, outputs, pairs, curves = [], [], [], []
    for cell in cells:
        key = {name: cell[name] for name in keys}
        costs.append({**key, "outputs": len(cell["files"]), **cell["cost"]})
        outputs += [
            {**key, **row, "objective": _objective(cell, row["mode"]), **_own(cell, row["mode"])}
            for row in cell["measures"]["outputs"]
        ]
        pairs += [{**key, **row} for row in cell["measures"]["pairs"]]
        for mode, curve in cell["curves"].items():
            curves += [
                {**key, "mode": mode, "iteration": i, "loss": loss} for i, loss in enumerate(curve)
            ]
    columns = {
        "cells": [*keys, "outputs"],
        "outputs": [*keys, "mode", *DEFAULT_OUTPUT_COLUMNS, "objective", *_OWN],
        "pairs": [*keys, "mode_a", "mode_b", *PAIR_COLUMNS],
        "curves": [*keys, "mode", "iteration", "loss"],
    }
    rows = {"cells": costs, "outputs": outputs, "pairs": pairs, "curves": curves}
    found = {
        name: pd.DataFrame(rows[name]) if rows[name] else pd.DataFrame(columns=columns[name])
        for name in rows
    }
    # A run made before may lack a measure: its column is there, and empty.
    for name in ("outputs", "pairs"):
        lacking = [column for column in columns[name] if column not in found[name]]
        found[name] = found[name].assign(**dict.fromkeys(lacking, float("nan")))
    return found


def measured(outputs: pd.DataFrame) -> list[str]:
    """Return the columns of measures that a run's table of outputs has, each with a number."""
    return [name for name in OUTPUT_COLUMNS if name in outputs and outputs[name].notna().any()]


def _objective(cell: dict[str, Any], mode: str) -> str:
    """Return the first mode of the same objective; a run made before knows those made once."""
    return str(cell.get("twin_of", cell["same_as"]).get(mode, mode))


def _own(cell: dict[str, Any], mode: str) -> dict[str, float]:
    """Return what an output's own objective says of it."""
    losses = cell["losses"].get(mode, {})
    own = {f"own_{name}": value for name, value in losses.items()}
    # A run made before has no losses of the content picture.
    before = cell.get("content_losses", {}).get(mode, {}).get("style", 0.0)
    if before > 0:
        own["own_gap_closed"] = 1 - losses["style"] / before
    return own
