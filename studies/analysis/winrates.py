"""Votes won: of every two methods, of each method, of each of its modes, and of each side.

Two intervals stand beside each other. Wilson's, and the exact binomial test, take votes as
independent, as published studies do; the clustered one does not, and is the one to believe where
they differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from eval.analysis.pairs import holm
from studies.analysis.tally import (
    DRAWS,
    Array,
    Tally,
    binomial_p,
    clustered_shares,
    counted,
    wilson,
)


def pairs_table(counts: Tally, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Compare every two methods.

    Returns:
        one row per two methods ``a`` and ``b``: how often a ``wins`` and ``losses``, ``ties``;
        the ``share`` of decisive votes that a wins, with ``low``, ``high`` (Wilson) and
        ``cluster_low``, ``cluster_high``; ``p`` of the exact binomial test against one half, and
        ``p_holm`` after Holm's correction over all rows. NaN without a decisive vote.
    """
    pairs = list(combinations(range(len(counts.methods)), 2))
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    won, lost = counts.wins[:, first, second], counts.wins[:, second, first]
    frame = pd.DataFrame(
        {
            "a": [counts.methods[i] for i in first],
            "b": [counts.methods[i] for i in second],
            "wins": won.sum(axis=0).astype(int),
            "losses": lost.sum(axis=0).astype(int),
            "ties": counts.ties[:, first, second].sum(axis=0).astype(int),
        }
    )
    frame = frame.assign(**_share_columns(won, won + lost, draws, seed))
    return frame.assign(p_holm=holm(frame["p"].to_numpy(dtype=np.float64)))


def vote_shares(counts: Tally, draws: int = DRAWS, seed: int = 0) -> pd.DataFrame:
    """Return each method's votes.

    Returns:
        one row per method: in how many votes it was ``shown``, how many it ``won``, and how many
        were ``tied``;
        ``share``, its part of all decisive votes, which adds up to 1 over methods as published
        shares do, with ``low``, ``high`` (Wilson) and ``cluster_low``, ``cluster_high``;
        ``win_share``, its part of the votes in which it was shown, a tie counting one half, with
        its clustered ``win_low``, ``win_high``. Only the latter does not depend on how often a
        method was shown.
    """
    won, tied, shown = (table.sum(axis=2) for table in (counts.wins, counts.ties, counts.votes))
    decisive = np.repeat(won.sum(axis=1, keepdims=True), len(counts.methods), axis=1)
    shares = _share_columns(won, decisive, draws, seed)
    del shares["p"]  # against one half, which is nothing to test here
    low, high = clustered_shares(won + tied / 2, shown, draws, seed)
    return pd.DataFrame(
        {
            "method": list(counts.methods),
            "shown": shown.sum(axis=0).astype(int),
            "won": won.sum(axis=0).astype(int),
            "tied": tied.sum(axis=0).astype(int),
            **shares,
            "win_share": _share(won + tied / 2, shown),
            "win_low": low,
            "win_high": high,
        }
    )


def modes_table(
    votes: pd.DataFrame, methods: Sequence[str], draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Return the votes of each output of each method, against outputs of other methods.

    Args:
        votes: of one question.
        methods: labels.
        draws: of the bootstrap.
        seed: of the draws.

    Returns:
        one row per ``method`` and ``mode`` that was shown: ``shown``, ``won``, ``tied``,
        ``win_share`` (a tie counts one half) and its clustered ``win_low``, ``win_high``.
    """
    votes = counted(votes, methods)
    sides = pd.concat(
        [
            pd.DataFrame(
                {
                    "participant": votes["participant"],
                    "method": pd.Categorical(votes[f"{side}_method"], list(methods)),
                    "mode": votes[f"{side}_mode"],
                    "shown": 1.0,
                    "won": (votes["answer"] == side).astype(float),
                    "tied": (votes["answer"] == "tie").astype(float),
                }
            )
            for side in ("left", "right")
        ]
    )
    keys = ["method", "mode"]
    per_person = sides.groupby([*keys, "participant"], observed=True).sum()
    shown, won, tied = (
        per_person[name].unstack(keys).fillna(0.0).sort_index(axis=1)
        for name in ("shown", "won", "tied")
    )
    of = shown.to_numpy(dtype=np.float64)
    points = (won + tied / 2).to_numpy(dtype=np.float64)
    low, high = clustered_shares(points, of, draws, seed)
    return pd.DataFrame(
        {
            "method": shown.columns.get_level_values("method").astype(str),
            "mode": shown.columns.get_level_values("mode").astype(str),
            "shown": of.sum(axis=0).astype(int),
            "won": won.to_numpy(dtype=np.float64).sum(axis=0).astype(int),
            "tied": tied.to_numpy(dtype=np.float64).sum(axis=0).astype(int),
            "win_share": _share(points, of),
            "win_low": low,
            "win_high": high,
        }
    )


def side_bias(
    votes: pd.DataFrame, methods: Sequence[str], draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Return how often the left picture was preferred, whatever it was.

    Returns:
        one row: ``votes``, the decisive ones; of them ``left``, as a ``share`` with ``low``,
        ``high`` (Wilson), ``cluster_low``, ``cluster_high``, and ``p`` against one half.
    """
    votes = counted(votes, methods)
    answer = votes["answer"]
    left, decisive = (
        np.asarray(fits.groupby(votes["participant"]).sum(), dtype=np.float64)[:, None]
        for fits in (answer.eq("left").astype(float), answer.ne("tie").astype(float))
    )
    return pd.DataFrame(
        {
            "votes": decisive.sum(axis=0).astype(int),
            "left": left.sum(axis=0).astype(int),
            **_share_columns(left, decisive, draws, seed),
        }
    )


def _share(won: Array, of: Array) -> Array:
    """Return shares of sums over participants; NaN where there are no votes."""
    with np.errstate(invalid="ignore"):
        return np.asarray(won.sum(axis=0) / of.sum(axis=0), dtype=np.float64)


def _share_columns(won: Array, of: Array, draws: int, seed: int) -> dict[str, Array]:
    """Return a share's columns: itself, both intervals, and the test against one half.

    Args:
        won: (G, n) votes won, by participant.
        of: (G, n) votes.
        draws: of the bootstrap.
        seed: of the draws.
    """
    totals = list(zip(won.sum(axis=0), of.sum(axis=0), strict=True))
    plain = np.array([wilson(*total) for total in totals]).reshape(-1, 2)
    low, high = clustered_shares(won, of, draws, seed)
    return {
        "share": _share(won, of),
        "low": plain[:, 0],
        "high": plain[:, 1],
        "cluster_low": low,
        "cluster_high": high,
        "p": np.array([binomial_p(*total) for total in totals], dtype=np.float64),
    }
