"""The tables of the report, for reading and as CSV and Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from dfr.core.files import write_whole
from eval.measures.registry import OUTPUT_MEASURES
from reports.claims.verdicts import Claim
from reports.figures.charts import diversity_table
from reports.page.summary import Best
from reports.run_data import RunData


def summary(run: RunData) -> pd.DataFrame:
    """Return one row per method: means over pairs (and over a pair's outputs)."""
    outputs, cells = run.tables["outputs"], run.tables["cells"]
    diverse = diversity_table(run)
    rows = []
    for label, title in run.titles.items():
        mine, cost = outputs[outputs["label"] == label], cells[cells["label"] == label]
        if cost.empty:
            continue
        rows.append(
            {
                "method": title,
                "outputs": int(cost["outputs"].max()),
                "solver": run.solvers[label],
                "iterations": int(cost["iterations"].max()),
                "style loss": mine["style_loss"].mean(),
                "style gap closed": mine["style_gap_closed"].mean(),
                "content loss": mine["content_loss"].mean(),
                "E": mine["e_statistic"].mean(),
                "C": mine["c_statistic"].mean(),
                "SSIM to content": mine["ssim_content"].mean(),
                "LPIPS to content": mine["lpips_content"].mean(),
                "LPIPS diversity": diverse.loc[diverse["label"] == label, "diversity"].mean(),
                "same, VGG": diverse.loc[diverse["label"] == label, "diversity_vgg"].mean(),
                "seconds / output": cost["seconds_per_output"].median(),
                "s / output / iteration": cost["seconds_per_output_iteration"].median(),
                "memory (MB)": cost["peak_memory_mb"].max(),
            }
        )
    return pd.DataFrame(rows)


def modes(run: RunData) -> pd.DataFrame:
    """Return one row per method and mode: means over pairs."""
    outputs = run.tables["outputs"]
    columns = list(OUTPUT_MEASURES)
    means = outputs.groupby(["label", "mode"], sort=False)[columns].mean().reset_index()
    means.insert(0, "method", means.pop("label").map(run.titles))
    return means.rename(columns=column_title)


#: Methods of the published user study that this project does not contain.
PUBLISHED_METHODS = ("AdaIN", "SAFIN", "AdaAttN", "LST")

#: Columns whose name is not just their words.
_TITLES = {
    "lpips_content": "LPIPS to content",
    "ssim_content": "SSIM to content",
    "e_statistic": "E",
    "c_statistic": "C",
}


def column_title(name: str) -> str:
    """Return what readers see instead of a measure's name."""
    return _TITLES.get(name, name.replace("_", " "))


def readable_tests(run: RunData, tests: pd.DataFrame) -> pd.DataFrame:
    """Return the paired tests with titles for labels and short column names."""
    return pd.DataFrame(
        {
            "measure": tests["measure"].map(column_title),
            "a": tests["a"].map(run.titles),
            "b": tests["b"].map(run.titles),
            "pairs": tests["pairs"],
            "a − b": tests["difference"],
            "low": tests["low"],
            "high": tests["high"],
            "effect d": tests["effect"],
            "a larger in": [f"{share:.0%}" for share in tests["a_larger"]],
            "p (Holm)": tests["p_holm"],
        }
    )


def readable_best(best: list[Best]) -> pd.DataFrame:
    """Return the best method by each measure, for the page."""
    return pd.DataFrame(
        [
            {
                "measure": item.title,
                "best": item.method,
                "mean": item.value,
                "second": item.runner_up or "–",
                "lead": item.lead,
                "low": item.low,
                "high": item.high,
                "p (Holm)": item.p,
                "pairs": item.pairs,
                "how sure": item.sure,
            }
            for item in best
        ]
    )


def readable_solvers(effect: pd.DataFrame) -> pd.DataFrame:
    """Return what the solver changes with short column names."""

    def titled(name: str) -> str:
        measure, comma, solver = name.partition(", ")
        return f"{column_title(measure)}{comma}{solver}"

    return effect.rename(columns={"loss": "loss of a / b", "solvers": "a / b"}).rename(
        columns=titled
    )


def claims_table(claims: list[Claim]) -> pd.DataFrame:
    """Return the claims as a table."""
    return pd.DataFrame([asdict(claim) for claim in claims])


def external_notes(run: RunData) -> list[str]:
    """Return one line for every method of other people: what it gave, and what it did not."""
    notes = []
    for method in run.identity["external"]:
        told = [f"{method['title']}: {len(method['files'])} outputs"]
        for kind, word in (("missing", "missing"), ("wrong_size", "of a wrong size, not used"),
                           ("extra", "files that belong to no pair")):  # fmt: skip
            items = method[kind]
            if items:
                more = "" if len(items) <= 5 else f", and {len(items) - 5} more"
                told.append(f"{len(items)} {word} ({'; '.join(items[:5])}{more})")
        if method["citation"]:
            told.append(method["citation"])
        notes.append(". ".join(told))
    return notes


def not_supplied(run: RunData) -> list[str]:
    """Return the methods of the published comparison of which this run has no outputs."""
    here = {title.lower() for title in run.titles.values()}
    return [name for name in PUBLISHED_METHODS if not any(name.lower() in t for t in here)]


def failures(run: RunData) -> list[str]:
    """Return one line for every output that was stopped."""
    return [
        f"{cell['content']} × {cell['style']}, {cell['title']}, {mode}: {why}"
        for cell in run.cells
        for mode, why in cell["failed"].items()
    ]


def keep_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each table as CSV and as Parquet."""
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", lambda path, t=table: t.to_csv(path, index=False))  # type: ignore[misc]
        write_whole(
            folder / f"{name}.parquet",
            lambda path, t=table: t.to_parquet(path, index=False),  # type: ignore[misc]
        )


def readable(value: object) -> str:
    """Format a number for people: four significant digits, and a dash for none."""
    if isinstance(value, float):
        if value != value:
            return "–"
        if value and not 1e-3 <= abs(value) < 1e5:
            return f"{value:.3g}".replace("e+0", "e").replace("e+", "e").replace("e-0", "e-")
        return f"{value:.4g}"
    return str(value)
