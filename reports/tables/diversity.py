"""How much a method's outputs differ, beside what chance alone does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from eval.analysis.crossed import interval
from eval.analysis.diversity import (
    distance_matrix,
    faithful_diversity,
    vendi_of_chance,
    vendi_score,
    weighted_vendi_score,
)
from eval.analysis.pairs import grid_of
from reports.inputs.run_data import RunData

_PAIR = ["content", "style"]
_COLUMNS = [*_PAIR, "label", "outputs", "diversity", "diversity_vgg", "pixel_distance", "vendi",
            "vendi_weighted", "faithful"]  # fmt: skip


@lru_cache(maxsize=1)
def diversity_table(run: RunData) -> pd.DataFrame:
    """Return the diversity of each cell of a run, see `diversity_of`.

    A report asks for it several times, so it is kept: take a copy before you change it.
    """
    return diversity_of(run.tables)


def diversity_of(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the diversity of each cell with at least two outputs of different objectives.

    Modes of one objective (twins) count once.

    Args:
        tables: see `eval.runs.tables.tables`.

    Returns:
        content, style, label, ``outputs`` (how many distinct ones), ``diversity`` and
        ``diversity_vgg``: the mean LPIPS between every two of them (AlexNet, VGG-16);
        ``pixel_distance``: their mean distance by pixels; ``vendi``: their effective number, see
        `eval.analysis.diversity.vendi_score`; ``vendi_weighted``: that times their mean quality,
        which is the share of the way to its own target that an output has gone, 0 to 1 (NaN where
        it is not known, as for other people's outputs); ``faithful``: the effective number of those
        that meet the style and keep the content, see `eval.analysis.diversity.faithful_diversity`.
    """
    rows = []
    pairs = _distinct_pairs(tables)
    outputs = tables["outputs"].set_index([*_PAIR, "label", "mode"])
    # As dictionaries: a look-up in an index of thousands of rows takes as long as all the rest.
    reached, gaps, coherence = (
        outputs[name].to_dict() for name in ("own_gap_closed", "style_gap_closed", "c_statistic")
    )
    for (content, style, label), part in pairs.groupby([*_PAIR, "label"], sort=False):
        modes = list(dict.fromkeys([*part["mode_a"], *part["mode_b"]]))
        distances = distance_matrix(part, modes)
        keys = [(content, style, label, mode) for mode in modes]
        quality, closed, kept = (
            np.array([known.get(key, np.nan) for key in keys])
            for known in (reached, gaps, coherence)
        )
        rows.append(
            {
                "content": content,
                "style": style,
                "label": label,
                "outputs": len(modes),
                "diversity": part["lpips"].mean(),
                "diversity_vgg": part["lpips_vgg"].mean(),
                "pixel_distance": part["pixel_distance"].mean(),
                "vendi": vendi_score(distances),
                "vendi_weighted": weighted_vendi_score(distances, quality.clip(0, 1)),
                "faithful": faithful_diversity(distances, closed, kept),
            }
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def floor_table(run: RunData) -> pd.DataFrame:
    """Return the floor of chance of each cell of which a second one was made.

    Returns:
        content, style, label, and the mean over its outputs of the LPIPS distance between the first
        and the second: ``floor`` (AlexNet) and ``floor_vgg`` (VGG-16).
    """
    rows = run.floors
    if rows.empty:
        return pd.DataFrame(columns=[*_PAIR, "label", "floor", "floor_vgg"])
    means = rows.groupby([*_PAIR, "label"], sort=False)[["lpips", "lpips_vgg"]].mean()
    return means.rename(columns={"lpips": "floor", "lpips_vgg": "floor_vgg"}).reset_index()


@lru_cache(maxsize=1)
def above_chance(run: RunData) -> pd.DataFrame:
    """Return each method's diversity beside its floor, over the pairs that have one.

    It is kept, as `diversity_table` is.

    Returns:
        one row per method with several outputs and a floor: label, pairs, outputs, ``diversity``,
        ``floor``, ``above``: the mean of their difference with its 95 % interval ``low``, ``high``
        (`eval.analysis.crossed`); ``vendi``, and ``vendi_of_chance``: that of as many
        outputs of one objective.
    """
    both = diversity_table(run).merge(floor_table(run), on=[*_PAIR, "label"])
    rows = []
    for label, part in both.groupby("label", sort=False):
        above = part["diversity"] - part["floor"]
        grid = grid_of(part.assign(above=above).set_index(_PAIR)["above"])
        low, high = interval(grid)
        chance = [vendi_of_chance(row["floor"], row["outputs"]) for row in part.to_dict("records")]
        rows.append(
            {
                "label": label,
                "pairs": len(part),
                "outputs": int(part["outputs"].max()),
                "diversity": part["diversity"].mean(),
                "floor": part["floor"].mean(),
                "above": above.mean(),
                "low": low,
                "high": high,
                "vendi": part["vendi"].mean(),
                "vendi_of_chance": float(np.mean(chance)),
            }
        )
    columns = ["label", "pairs", "outputs", "diversity", "floor", "above", "low", "high", "vendi",
               "vendi_of_chance"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _distinct_pairs(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the distances between outputs of different objectives."""
    pairs, outputs = tables["pairs"], tables["outputs"]
    twins = outputs.loc[outputs["objective"] != outputs["mode"], [*_PAIR, "label", "mode"]]
    known = set(twins.itertuples(index=False, name=None))
    keep = [
        (*key, a) not in known and (*key, b) not in known
        for *key, a, b in pairs[[*_PAIR, "label", "mode_a", "mode_b"]].itertuples(index=False)
    ]
    return pairs.loc[np.array(keep, dtype=bool)]
