"""Our outputs beside the published ones, as tables for readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from eval.analysis.diversity import distance_matrix, vendi_of_chance, vendi_score
from eval.published.numbers import MODES, in_short

#: The tables of the published pairs that were made once at the published size.
FOLDER = Path(__file__).parents[1] / "published"
#: Where outputs are from, in the order in which they are told.
_SOURCES = {"at_30": "published, notebook", "at_3000": "published, train.py", "ours": "ours"}


def kept_tables() -> dict[str, pd.DataFrame]:
    """Return the tables that lie in ``reports/published``, see `eval.published.pictures`."""
    return {
        name: pd.read_csv(FOLDER / f"{name}.csv")
        for name in ("pictures", "retrieval", "diversity", "decormst_e")
    }


def by_rotation(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per rotation: medians over pairs of ours to theirs, beside the floors."""
    short = in_short(tables)
    return pd.DataFrame(
        {
            "rotation": [f"{degrees}°" for degrees in short["rotation"]],
            "pairs": short["pairs"],
            "LPIPS, ours to theirs": short["lpips"],
            "floor, theirs": short["floor_theirs"],
            "floor, ours": short["floor_ours"],
            "ours to theirs / floor": short["ratio"],
            "nearest is right": [
                f"{right} of {pairs}"
                for right, pairs in zip(short["right"], short["pairs"], strict=True)
            ],
        }
    )


def by_pair(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per pair and rotation, with every measure of ours and theirs."""
    pictures = tables["pictures"]
    return pd.DataFrame(
        {
            "pair": pictures["pair"],
            "rotation": [f"{int(mode.removeprefix('rot'))}°" for mode in pictures["mode"]],
            "LPIPS, ours to theirs": pictures["lpips"],
            "floor, theirs": pictures["floor_theirs"],
            "floor, ours": pictures["floor_ours"],
            "SSIM": pictures["ssim"],
            "SSIM, floor": pictures["ssim_floor_theirs"],
            "E, ours": pictures["e_ours"],
            "E, theirs": pictures["e_theirs"],
            "C, ours": pictures["c_ours"],
            "C, theirs": pictures["c_theirs"],
        }
    )


def diversity(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how far the four outputs of a pair are apart, and how many they are, beside chance.

    Args:
        tables: ``diversity``, see `eval.published.pictures`.

    Returns:
        one row per source, medians over pairs: LPIPS of two outputs of one objective and of two
        others; the Vendi score of the four, and that of four outputs of one objective.
    """
    medians = tables["diversity"].groupby(["source", "one_objective"])["lpips"].median()
    scores = _vendi_scores(tables["diversity"])
    return pd.DataFrame(
        {
            "outputs": list(_SOURCES.values()),
            "0 and 180, 90 and 270: the floor": [medians[source, True] for source in _SOURCES],
            "0 or 180, and 90 or 270": [medians[source, False] for source in _SOURCES],
            "Vendi score of the four": [scores.loc[source, "score"] for source in _SOURCES],
            "four by chance": [scores.loc[source, "chance"] for source in _SOURCES],
        }
    )


def _vendi_scores(rows: pd.DataFrame) -> pd.DataFrame:
    """Return source -> ``score`` and ``chance``, medians over pairs."""
    found = [
        {
            "source": source,
            "score": vendi_score(distance_matrix(part, MODES)),
            "chance": vendi_of_chance(part.loc[part["one_objective"], "lpips"].mean(), len(MODES)),
        }
        for (source, _), part in rows.groupby(["source", "pair"])
    ]
    return pd.DataFrame(found).groupby("source").median()
