"""The tables of a race: the steps of the contenders, and the time to the published loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

import pandas as pd

from eval.speed.race_settings import LEVELS

_SPEEDS = {f"{level:g}": f"x at {level:g}" for level in LEVELS}
_STATISTICS = {"e_statistic": "E", "c_statistic": "C"}
_SOLVERS = ("published", "fast")
#: Columns of the second table of `summary` that are about the pictures.
PICTURES = (
    "LPIPS between",
    *(f"{title} {which}" for title in _STATISTICS.values() for which in _SOLVERS),
)


def summary(rows: Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of a race: the steps, and the time to the loss.

    The first has a row for each contender: the median over pairs of its median step, and the
    median and range of the paired ratio to the reference. The second has a row for each pair.
    """
    names = [name for name in rows[0]["steps"] if all(name in row["steps"] for row in rows)]
    steps = []
    for name in names:
        ratios = [
            median(
                a / b
                for a, b in zip(row["steps"][name], row["steps"][row["reference"]], strict=True)
            )
            for row in rows
        ]
        steps.append(
            {
                "contender": name,
                "seconds": median(median(row["steps"][name]) for row in rows),
                "ratio": median(ratios),
                "least": min(ratios),
                "most": max(ratios),
            }
        )
    pairs = [
        {
            "pair": row["pair"],
            "size": "{} x {}".format(*row["size"]),
            "published, s": row["seconds_published"],
            "fast, s": row["seconds_fast"],
            "iterations": row["iterations_fast"],
            "loss / published": row["loss_fast"] / row["loss_published"],
            **{column: row["speedup"][level] for level, column in _SPEEDS.items()},
            "LPIPS between": row["pictures"]["lpips_between"],
            **{
                f"{title} {which}": row["pictures"][measure][index]
                for measure, title in _STATISTICS.items()
                for index, which in enumerate(_SOLVERS)
            },
        }
        for row in rows
    ]
    return pd.DataFrame(steps), pd.DataFrame(pairs)


def medians(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return one row: the median of each number of the second table of `summary`.

    A pair that did not reach a loss counts as the slowest there; nan where the median pair did
    not reach it. Of two pairs in the middle, speeds take the slower.
    """
    speeds = list(_SPEEDS.values())
    row = pairs.drop(columns=speeds).median(numeric_only=True)
    reached = pairs[speeds].astype(float).fillna(0.0).quantile(0.5, interpolation="lower")
    found: pd.DataFrame = pd.concat([row, reached.where(reached > 0)]).to_frame().T
    return found
