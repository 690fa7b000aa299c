"""The tables of a comparison with published pictures: their modes, in short, and as files.

Needs no torch: whoever reads a comparison may have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd

from dfr.core.files import writable_folder, write_whole

#: Modes of DFR in the order of the published outputs 1 to 4.
MODES = ("rot000", "rot090", "rot180", "rot270")
#: Outputs of one objective in the published code: 0 and 180, 90 and 270 degrees.
TWIN = {"rot000": "rot180", "rot180": "rot000", "rot090": "rot270", "rot270": "rot090"}
#: The published outputs that ours are set beside: those of the notebook.
SOURCE = "at_30"


def in_short(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per rotation: medians over pairs.

    Args:
        tables: ``pictures`` and ``retrieval``, see `compare_pictures`.

    Returns:
        rotation in degrees, number of pairs, ``lpips`` of ours to theirs, ``floor_theirs``,
        ``floor_ours``, ``ratio`` (the median of ours to theirs over the floor of theirs), and how
        many outputs found their own (``right``).
    """
    pictures, retrieval = tables["pictures"], tables["retrieval"]
    pictures = pictures.assign(ratio=pictures["lpips"] / pictures["floor_theirs"])
    medians = pictures.groupby("mode", sort=False)
    short = medians[["lpips", "floor_theirs", "floor_ours", "ratio"]].median()
    short.insert(0, "pairs", medians.size())
    short["right"] = retrieval.groupby("mode")["right"].sum().astype(int)
    short.insert(0, "rotation", [int(mode.removeprefix("rot")) for mode in short.index])
    return short.reset_index(drop=True)


def write_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write tables as CSV files, ``NAME.csv``."""
    writable_folder(folder)
    for name, frame in tables.items():
        write_whole(
            folder / f"{name}.csv",
            partial(frame.to_csv, index=False, float_format="%.5g"),
        )
