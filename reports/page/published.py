"""The section of the page about the published outputs: what was kept, and what this run adds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from eval.runs.comparison import read_comparison
from reports.figures.plotstyle import Figure
from reports.figures.sheets import published_sheet
from reports.inputs.run_data import RunData
from reports.tables.published import by_pair, by_rotation, diversity, kept_tables


@dataclass(frozen=True)
class PublishedSection:
    """What the page says of the published outputs.

    Attributes:
        summary: what was made at the published size once, and how it came out.
        head: the same in one sentence.
        numbers: how far ours are from theirs.
        kept: its numbers by rotation.
        diversity: of the published outputs and of ours.
        table_one: how near our numbers of DeCorMST's Table 1 are.
        own: one sentence on this run; empty where it is not of the published pairs.
        by_rotation: this run's numbers, likewise; None where it was not compared.
        by_pair: its numbers of each output.
        figure: published and ours, one row per pair; None where the pictures are not there.
    """

    summary: str
    head: str
    numbers: str
    kept: pd.DataFrame
    diversity: pd.DataFrame
    table_one: str
    own: str = ""
    by_rotation: pd.DataFrame | None = None
    by_pair: pd.DataFrame | None = None
    figure: Figure | None = None


def published_section(run: RunData, folder: Path) -> PublishedSection:
    """Make the section.

    Args:
        run: the run of the page.
        folder: where the sheet of pictures is written.

    Raises:
        UserError: the run's comparison was changed after it was written.
    """
    tables = kept_tables()
    right, pairs = tables["retrieval"]["right"], tables["pictures"]["pair"].nunique()
    table_one = tables["decormst_e"]
    table_one = table_one[table_one["channels"] == "published"]
    apart = (table_one["ours"] - table_one["published"]).abs().mean()
    rotations = by_rotation(tables)
    kept = PublishedSection(
        summary=(
            f"DFR's authors published their own outputs. {pairs} of their pairs were made again by "
            "this suite, at the published size and iterations, on a graphics processor. Of our "
            f"{len(right)} outputs, {right.sum()} have their nearest published output in the right "
            "pair and the right objective."
        ),
        head=(
            f"Made at the published size, {right.sum()} of our {len(right)} outputs of DFR have "
            "their nearest published output in the right pair and objective."
        ),
        numbers=(
            "LPIPS to the authors' own outputs over the floor of chance between two of theirs, "
            f"median over {pairs} pairs: "
            + ", ".join(
                f"{row['rotation']} {row['ours to theirs / floor']:.2f}"
                for row in rotations.to_dict("records")
            )
            + "."
        ),
        kept=rotations,
        diversity=diversity(tables),
        table_one=(
            f"Of the {len(table_one)} numbers of DeCorMST's Table 1 (E statistic), ours differ by "
            f"{apart:.2f} on average."
        ),
    )
    return _with_own(kept, run, folder)


def _with_own(kept: PublishedSection, run: RunData, folder: Path) -> PublishedSection:
    """Add what this run says, if it is of the published pairs."""
    if run.identity["profile"].get("pairs") != "published":
        return kept
    found = read_comparison(run.store)
    if found is None:
        own = (
            "This run is of the published pairs, but was not set beside the published pictures: "
            "`dfr published RUN` does it where the run was made as published."
        )
        return replace(kept, own=own)
    own = f"This run's {len(found.pairs)} published pairs:"
    gone = [
        name
        for name, pair in found.pairs.items()
        if None in [found.published(name, mode) for mode in pair.theirs]
    ]
    if gone:
        own = (
            f"{own} (not shown, since {found.data} no longer has the published outputs as they "
            f"were compared: {', '.join(gone)})"
        )
    return replace(
        kept,
        own=own,
        by_rotation=by_rotation(found.tables),
        by_pair=by_pair(found.tables),
        figure=published_sheet(run, found, folder),
    )
