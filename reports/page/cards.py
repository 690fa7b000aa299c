"""The page's part about each method: what it is, its numbers with intervals, how to cite it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dfr.methods.registry import METHODS, about
from reports.inputs.run_data import RunData
from reports.page import citations
from reports.tables.certainty import MEASURES, SECONDS
from reports.tables.outputs import titles
from reports.tables.readable import readable

#: Measures that belong to a method and not to one of its outputs.
_OF_METHODS = ("diversity", "diversity_vgg", SECONDS)


@dataclass(frozen=True)
class Card:
    """One method of a run.

    Attributes:
        label: its label in the run.
        title: what readers see.
        about: one sentence.
        once: which modes were computed once for several; empty if none.
        outputs: of a method with several: one row per output (those of one objective once), means
            with intervals.
        rows: what belongs to the whole method, or to its one output: measure, mean, low, high.
        pairs: how many pairs it ran on.
        settings: as JSON; empty for other people's outputs.
        bibtex: of the method; empty if none is known.
        citation: as its maker gives it, for other people's outputs.
    """

    label: str
    title: str
    about: str
    once: str
    outputs: pd.DataFrame
    rows: list[dict[str, Any]]
    pairs: int
    settings: str
    bibtex: str
    citation: str


def method_cards(run: RunData, tables: Mapping[str, pd.DataFrame]) -> list[Card]:
    """Return one card per method that has a cell.

    Args:
        run: the run.
        tables: see `reports.tables.certainty.certainty_tables`.
    """
    first = {cell["label"]: cell for cell in reversed(run.cells)}
    return [_card(run, tables, label, first[label]) for label in run.titles if label in first]


def _card(
    run: RunData, tables: Mapping[str, pd.DataFrame], label: str, cell: Mapping[str, Any]
) -> Card:
    means = tables["means"]
    mine = means[(means["label"] == label) & means["mean"].notna()]
    brought = cell.get("packages", {}).get(f"method {cell['method']}")
    known = cell["method"] in METHODS or brought is not None
    return Card(
        label=label,
        title=run.titles[label],
        about=f"{_about(cell['method'], brought)}{_weights(run, label)}"
        if known
        else "Outputs made elsewhere, measured here like any other.",
        once=", ".join(f"{mode} with {other}" for mode, other in cell["same_as"].items()),
        outputs=_outputs(run, means, label),
        rows=[
            {
                "measure": MEASURES[str(row["measure"])].split(" (")[0],
                "mean": row["mean"],
                "low": row["low"],
                "high": row["high"],
            }
            for row in mine.to_dict("records")
        ]
        + _chosen(run, label),
        pairs=sum(other["label"] == label for other in run.cells),
        settings=json.dumps(cell["settings"], indent=1, ensure_ascii=False) if known else "",
        bibtex=citations.METHODS.get(cell["method"], ""),
        citation="" if known else str(cell["settings"].get("citation") or ""),
    )


def _about(method: str, package: str | None) -> str:
    """Tell what a method is, and which other package brings it."""
    told = about(method)
    return told if package is None else f"{told} (Of the package {package}.)".strip()


def _weights(run: RunData, label: str) -> str:
    """Say whose weights a method used; nothing of one that has none."""
    used = run.identity.get("checkpoints", {}).get(label)
    if used is None:
        return ""
    files = ", ".join(f"{name} {digest[:12]}" for name, digest in used["files"].items())
    return f" Weights: {used['whose']}; {files}."


def _outputs(run: RunData, means: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return the means of each output with their intervals; empty for a method of one output."""
    names = titles(run)
    keys = [key for key in names if key.startswith(f"{label}/")]
    of_outputs = means[~means["measure"].isin(_OF_METHODS)]
    rows = []
    for key in keys:
        mine = of_outputs[(of_outputs["label"] == key) & of_outputs["mean"].notna()]
        if not mine.empty:
            told = {
                MEASURES[str(row["measure"])].split(" (")[0]: _with_ends(row)
                for row in mine.to_dict("records")
            }
            rows.append({"output": key.removeprefix(f"{label}/"), **told})
    return pd.DataFrame(rows)


def _with_ends(row: Mapping[Any, Any]) -> str:
    """Write a mean with its interval, where there is one."""
    mean = readable(float(row["mean"]))
    if row["low"] != row["low"]:
        return mean
    return f"{mean} [{readable(float(row['low']))}, {readable(float(row['high']))}]"


def _chosen(run: RunData, label: str) -> list[dict[str, Any]]:
    """Return the method's row of votes; none where it took no part in a study."""
    if run.votes is None or not run.votes.shown:
        return []
    table = run.votes.results[run.votes.first].strengths
    return [
        {
            "measure": f"{run.votes.choice}: won against an average method",
            "mean": row["share"],
            "low": row["share_low"],
            "high": row["share_high"],
        }
        for row in table[table["method"] == label].to_dict("records")
    ]
