"""The diversity protocol of Deep Feature Perturbation: methods beside the published rows.

Source: Wang et al., "Diversified Arbitrary Style Transfer via Deep Feature Perturbation", CVPR
2020, arXiv 1909.08223, section 5.3, and the table of the authors' repository: several outputs of
each of 6 x 6 pairs, the mean distance of every two outputs of a pair, over all pairs, by pixels
(`eval.measures.pixels`) and by LPIPS (AlexNet). Larger is more diverse.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pandas as pd

from eval.data.listed import listed_set
from reports.inputs.run_data import RunData
from reports.tables.diversity import diversity_table, floor_table
from reports.tables.published import FOLDER

#: The numbers of this suite that are kept, see `eval.runs.diversity_protocol`.
KEPT = FOLDER / "dfp.csv"
COLUMNS = ["method", "from", "pairs", "outputs", "pixel distance", "LPIPS", "floor of chance",
           "faithful diversity"]  # fmt: skip


class Published(NamedTuple):
    """A published row: mean distances by pixels and by LPIPS."""

    method: str
    pixel_distance: float
    lpips: float


PUBLISHED = (
    Published("Improved texture networks (Ulyanov et al. 2017)", 0.077, 0.163),
    Published("Multi-texture synthesis (Li et al. 2017)", 0.080, 0.175),
    Published("WCT + DFP", 0.162, 0.431),
    Published("Avatar-Net + DFP", 0.102, 0.264),
    Published("PhotoWCT + DFP", 0.091, 0.203),
)


def is_of_the_protocol(run: RunData) -> bool:
    """Say whether a run's pictures are all of the protocol's."""
    return listed_set("dfp").holds(run.identity)


def own_rows(run: RunData) -> pd.DataFrame:
    """Return one row per method of a run with several outputs.

    Args:
        run: of any pictures.

    Returns:
        the columns of `COLUMNS`: ``pixel distance`` and ``LPIPS`` as means over all pairs;
        ``floor of chance``: the mean LPIPS of an output to the same one made again from a content
        that differs by half a level of 8 bits, NaN where none was; ``faithful diversity``: see
        `eval.analysis.diversity.faithful_diversity`.
    """
    diverse, floors = diversity_table(run), floor_table(run)
    rows = []
    for label, part in diverse.groupby("label", sort=False):
        floor = floors.loc[floors["label"] == label, "floor"].mean()
        rows.append(
            [run.titles[str(label)], "this run", len(part), int(part["outputs"].max()),
             part["pixel_distance"].mean(), part["diversity"].mean(), floor,
             part["faithful"].mean()]
        )  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def published_rows() -> pd.DataFrame:
    """Return the published rows, and what chance alone does to DFR's published outputs."""
    rows = [
        [each.method, "published", None, None, each.pixel_distance, each.lpips, None, None]
        for each in PUBLISHED
    ]
    pairs = pd.read_csv(FOLDER / "diversity.csv").query("source == 'at_30' and one_objective")
    rows.append(
        ["DFR's published outputs of one objective: chance", "published", pairs["pair"].nunique(),
         2, None, pairs["lpips"].mean(), None, None]
    )  # fmt: skip
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype(dict.fromkeys(COLUMNS[2:], float))


def kept_rows(kept: Path = KEPT) -> pd.DataFrame:
    """Return one row per method of the pairs that are kept, see `own_rows`."""
    rows = [
        [method, "this suite", len(part), part["outputs"].max(), part["pixel_distance"].mean(),
         part["lpips"].mean(), part["floor"].mean(), part["faithful"].mean()]
        for method, part in pd.read_csv(kept).groupby("method", sort=False)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def protocol_table(run: RunData, kept: Path = KEPT) -> pd.DataFrame:
    """Return the rows of a run, if it is of the protocol's pictures, the kept and the published.

    Args:
        run: the run.
        kept: file of the pairs that are kept with this suite.
    """
    parts = [own_rows(run)] if is_of_the_protocol(run) else []
    if kept.is_file():
        parts.append(kept_rows(kept))
    return pd.concat([*parts, published_rows()], ignore_index=True)
