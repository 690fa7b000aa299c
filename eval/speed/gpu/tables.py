"""What `eval.speed.gpu` wrote, as tables: ``python -m eval.speed.gpu.tables RESULTS... --out DIR``.

- ``machine.json``: the card, its driver, libraries.
- ``steps.csv``: seconds of one iteration by size, outputs, precision, layout, with and without a
  graph, and of plain PyTorch.
- ``equality.csv``: how far the losses of 20 float32 iterations are from the CPU's. Rounding grows
  with every iteration, so the first loss says whether the device is right.
- ``solvers.csv``: how far the losses of each solver are from the CPU's in float64, and whether the
  same rows ended, in the same iterations.
- ``whole.csv``: seconds of whole published runs, and their last losses.
- ``scale.csv``: the study of scale: last loss over first, by size, with and without the balance.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from dfr.core.errors import UserError
from dfr.core.files import write_json, write_whole
from dfr.core.terminal import complaining

#: Iterations at which the study of scale is told, besides the last.
_TOLD = (1, 10, 100, 300, 1000)


def read_results(files: list[Path]) -> list[dict[str, Any]]:
    """Return the rows of results.jsonl files.

    Raises:
        UserError: a file is missing or holds something else.
    """
    rows = []
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
            rows += [json.loads(line) for line in lines]
        except (OSError, ValueError) as error:
            raise UserError(f"{file}: not the results of eval.speed.gpu ({error})") from error
    return rows


def tables(rows: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Return the tables by name; those of parts that were not run are missing."""
    made = {
        "steps": pd.DataFrame([_step(row) for row in rows if _is(row, "steps", "seconds")]),
        "equality": pd.DataFrame(
            [
                {"output": row["output"], "first": row["relative"][0], "last": row["relative"][-1]}
                for row in rows
                if _is(row, "equality", "relative")
            ]
        ),
        "solvers": pd.DataFrame([_solver(row) for row in rows if _is(row, "solvers", "relative")]),
        "whole": pd.DataFrame(
            [
                line
                for part in ("published", "decormst", "outputs", "precisions")
                for row in rows
                if _is(row, part, "seconds")
                for line in _whole(row)
            ]
        ),
        "scale": pd.DataFrame([_scale(row) for row in rows if _is(row, "scale", "losses")]),
    }
    return {name: table for name, table in made.items() if not table.empty}


def _is(row: dict[str, Any], part: str, key: str) -> bool:
    return row.get("part") == part and key in row


def _solver(row: dict[str, Any]) -> dict[str, Any]:
    here, there = row["done"]
    return {
        "solver": row["solver"],
        "precision": row["precision"],
        "iterations": row["iterations"],
        "evaluations": row["evaluations"][0],
        "first": row["relative"][0],
        "last": row["relative"][-1],
        "same ends": here == there
        and row["failed"][0] == row["failed"][1]
        and row["evaluations"][0] == row["evaluations"][1]
        and row["same_rows_told"],
        "seconds": row["seconds_per_evaluation"],
    }


def _step(row: dict[str, Any]) -> dict[str, Any]:
    plain = row.get("plain", False)
    return {
        "height": row["size"][0],
        "width": row["size"][1],
        "outputs": row["rows"],
        "precision": row["precision"],
        "what": "plain PyTorch" if plain else "ours",
        "channels_last": row.get("channels_last"),
        "graph": row.get("graph"),
        "seconds": row["seconds"],
        "gigabytes": row.get("gigabytes"),
    }


def _whole(row: dict[str, Any]) -> list[dict[str, Any]]:
    lines = []
    for mode, curve in row.get("curves", {}).items():
        losses = {int(iteration): loss for iteration, loss in curve.items()}
        lines.append(
            {
                "part": row["part"],
                "pair": row.get("pair"),
                "mode": mode,
                "precision": row.get("precision"),
                "iterations": max(losses),
                "seconds_of_all_outputs": row["seconds"],
                "first_loss": losses[0],
                "last_loss": losses[max(losses)],
            }
        )
    return lines


def _scale(row: dict[str, Any]) -> dict[str, Any]:
    losses = {int(iteration): loss for iteration, loss in row["losses"].items()}
    last = max(losses)
    near = {
        told: min(losses, key=lambda known, told=told: abs(known - told))  # type: ignore[misc]
        for told in _TOLD
        if told < last
    }
    return {
        "method": row["method"],
        "mode": row["mode"],
        "pair": row["pair"],
        "height": row["size"][0],
        "width": row["size"][1],
        "published_size": row["longest"] is None,
        "balanced": row["balanced"],
        "first_loss": losses[0],
        **{f"ratio_near_{told}": losses[at] / losses[0] for told, at in near.items()},
        "iterations": last + 1,
        "ratio_at_the_end": losses[last] / losses[0],
    }


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("results", type=Path, nargs="+", help="results.jsonl files")
    parser.add_argument("--out", type=Path, default=Path("reports/gpu"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows = read_results(options.results)
    machines = [row for row in rows if row["part"] == "machine"]
    if machines:
        write_json(options.out / "machine.json", machines[0])
    for name, table in tables(rows).items():
        write_whole(
            options.out / f"{name}.csv",
            lambda path, t=table: t.to_csv(path, index=False, float_format="%.5g"),  # type: ignore[misc]
        )


if __name__ == "__main__":
    with complaining():
        main()
