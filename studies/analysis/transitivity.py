"""Whether preferences agree with an order: circular triads (a over b, b over c, c over a)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from studies.analysis.tally import Tally


def circular(prefers: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Count circular triads (a over b, b over c, c over a).

    Args:
        prefers: (..., m, m); [i, j] if i is preferred to j. Where neither way is true, the two
            are not decided.

    Returns:
        how many triads have all three pairs decided, and how many of them are circular, (...).
    """
    decided = prefers | prefers.swapaxes(-1, -2)
    whole = np.zeros(prefers.shape[:-2], dtype=int)
    round_ = np.zeros_like(whole)
    for i, j, k in combinations(range(prefers.shape[-1]), 3):
        whole += decided[..., i, j] & decided[..., j, k] & decided[..., k, i]
        round_ += prefers[..., i, j] & prefers[..., j, k] & prefers[..., k, i]
        round_ += prefers[..., j, i] & prefers[..., k, j] & prefers[..., i, k]
    return whole, round_


def consistence(triads: int, methods: int) -> float:
    """Return Kendall and Babington Smith's coefficient of consistence ζ, from 0 to 1.

    ζ = 1 - 24 d / (m³ - m) for odd m, 1 - 24 d / (m³ - 4m) for even m, with d circular triads
    among m methods (1940, "On the method of paired comparisons", Biometrika 31(3/4)). 1 is an
    order; NaN for fewer than three methods.
    """
    if methods < 3:
        return float("nan")
    return 1 - 24 * triads / (methods**3 - (1 if methods % 2 else 4) * methods)


def transitivity(counts: Tally) -> pd.DataFrame:
    """Count circular triads of majority preferences.

    Returns:
        two rows, by ``level``: "participants", everybody's own preferences, added up, and
        "majority", of all votes together. ``triples`` of methods with all three pairs decided,
        ``circular`` ones, their ``share``, its ``chance`` (1/4, if every pair were decided by a
        coin), and ``consistence``, ζ, of the majority where every pair is decided.
    """
    rows = []
    for level, wins in (
        ("participants", counts.wins),
        ("majority", counts.wins.sum(axis=0, keepdims=True)),
    ):
        prefers = wins > wins.swapaxes(1, 2)
        triples, found = (int(each.sum()) for each in circular(prefers))
        size = len(counts.methods)
        complete = level == "majority" and int(prefers.sum()) == size * (size - 1) // 2
        rows.append(
            {
                "level": level,
                "triples": triples,
                "circular": found,
                "share": found / triples if triples else np.nan,
                "chance": 0.25,
                "consistence": consistence(found, size) if complete else np.nan,
            }
        )
    return pd.DataFrame(rows)


def by_participant(counts: Tally) -> pd.DataFrame:
    """Return each participant's votes, ties, and triads: ``triples`` decided, ``circular``."""
    triples, found = circular(counts.wins > counts.wins.swapaxes(1, 2))
    return pd.DataFrame(
        {
            "participant": list(counts.participants),
            "votes": (counts.votes.sum(axis=(1, 2)) / 2).astype(int),
            "ties": (counts.ties.sum(axis=(1, 2)) / 2).astype(int),
            "triples": triples,
            "circular": found,
        }
    )
