"""Votes won: of every two methods, of each method, of each of its modes, and of each side.

Two intervals stand beside each other. Wilson's takes votes as independent, as published studies do;
the clustered one knows that people differ and pictures differ (`studies.analysis.clusters`), and is
the one to believe. Every test, and whether two methods are told apart, is that of the clustered
interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from eval.analysis.crossed import LEVEL, Array
from studies.analysis.clusters import Clusters, clusters_of, crossed_shares
from studies.analysis.strengths import modelled_shares
from studies.analysis.tally import Tally, counted, tally, wilson


def pairs_table(counts: Tally) -> pd.DataFrame:
    """Compare every two methods.

    Returns:
        one row per two methods ``a`` and ``b``: how often a ``wins`` and ``losses``, ``ties``;
        the ``share`` of decisive votes that a wins, with ``low``, ``high`` (Wilson),
        ``cluster_low``, ``cluster_high``, and ``p`` of the test against one half that the latter
        stands for. As there are many rows, the same once more for all of them together
        (Bonferroni): ``all_low``, ``all_high`` and ``p_all``; ``apart`` says whether that interval
        excludes one half, which is where p_all < 0.05. NaN without a decisive vote.

        ``model_share``, ``model_all_low``, ``model_all_high`` and ``model_apart`` are the same by
        the model (`studies.analysis.strengths.modelled_shares`), for which votes on other pairs
        count too.

        Where pairs are adaptive, two methods that are far apart meet seldom; then ``share``, and
        all but Wilson's interval, are the model's.
    """
    pairs = list(combinations(range(len(counts.methods)), 2))
    first, second = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    winner = counts.won()
    met = counts.shown()[:, first] * counts.shown()[:, second]
    won, lost = winner[:, first] * met, winner[:, second] * met
    frame = pd.DataFrame(
        {
            "a": [counts.methods[i] for i in first],
            "b": [counts.methods[i] for i in second],
            "wins": won.sum(axis=0).astype(int),
            "losses": lost.sum(axis=0).astype(int),
            "ties": (met - won - lost).sum(axis=0).astype(int),
        }
    )
    frame = frame.assign(**_share_columns(won, won + lost, counts.clusters))
    rows = max(len(pairs), 1)
    level = 1 - (1 - LEVEL) / rows
    model = modelled_shares(counts, level)
    if counts.adaptive:
        one, together = modelled_shares(counts), model
        frame = frame.assign(share=one.share, cluster_low=one.low, cluster_high=one.high, p=one.p)
    else:
        together = crossed_shares(won, won + lost, counts.clusters, level)
    return frame.assign(
        all_low=together.low,
        all_high=together.high,
        p_all=np.minimum(rows * frame["p"], 1),
        apart=(together.low > 0.5) | (together.high < 0.5),
        model_share=model.share,
        model_all_low=model.low,
        model_all_high=model.high,
        model_apart=(model.low > 0.5) | (model.high < 0.5),
    )


def vote_shares(counts: Tally) -> pd.DataFrame:
    """Return each method's votes.

    Returns:
        one row per method: in how many votes it was ``shown``, how many it ``won``, and how many
        were ``tied``;
        ``share``, its part of all decisive votes, which adds up to 1 over methods as published
        shares do, with ``low``, ``high`` (Wilson) and ``cluster_low``, ``cluster_high``;
        ``win_share``, its part of the votes in which it was shown, a tie counting one half, with
        its clustered ``win_low``, ``win_high``. Only the latter does not depend on how often a
        method was shown. Where pairs are adaptive, all shares are as if every two methods that met
        had met equally often, see `studies.analysis.tally.Tally.weights`.
    """
    won, shown = counts.won(), counts.shown()
    tied = shown * (counts.answer == 2)[:, None]
    weights = counts.weights()[:, None]
    decisive = np.repeat(won.sum(axis=1, keepdims=True), len(counts.methods), axis=1)
    shares = _share_columns(won * weights, decisive * weights, counts.clusters)
    del shares["p"]  # against one half, which is nothing to test here
    return pd.DataFrame(
        {
            "method": list(counts.methods),
            **_count_columns(won, tied, shown),
            **shares,
            **_point_columns(won, tied, shown, weights, counts.clusters),
        }
    )


def modes_table(votes: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return the votes of each output of each method, against outputs of other methods.

    Args:
        votes: of one question.
        methods: labels.

    Returns:
        one row per ``method`` and ``mode`` that was shown: ``shown``, ``won``, ``tied``,
        ``win_share`` (a tie counts one half) and its clustered ``win_low``, ``win_high``.
    """
    votes = counted(votes, methods)
    sides = [
        pd.DataFrame(
            {
                "method": pd.Categorical(votes[f"{side}_method"], list(methods)),
                "mode": votes[f"{side}_mode"],
            }
        )
        for side in ("left", "right")
    ]
    outputs = pd.concat(sides).drop_duplicates().sort_values(["method", "mode"])
    known = pd.MultiIndex.from_frame(outputs)
    left, right = (
        np.eye(len(known))[known.get_indexer(pd.MultiIndex.from_frame(side))] for side in sides
    )
    answer = votes["answer"].to_numpy(dtype=str)[:, None]
    won = left * (answer == "left") + right * (answer == "right")
    shown = left + right
    tied = shown * (answer == "tie")
    weights = tally(votes, methods).weights()[:, None]
    return pd.DataFrame(
        {
            "method": outputs["method"].astype(str).to_numpy(),
            "mode": outputs["mode"].astype(str).to_numpy(),
            **_count_columns(won, tied, shown),
            **_point_columns(won, tied, shown, weights, clusters_of(votes)),
        }
    )


def _count_columns(won: Array, tied: Array, shown: Array) -> dict[str, Array]:
    """Count votes; each argument is (V, k), 1 for the votes that it tells of."""
    return {
        name: votes.sum(axis=0).astype(int)
        for name, votes in (("shown", shown), ("won", won), ("tied", tied))
    }


def _point_columns(
    won: Array, tied: Array, shown: Array, weights: Array, clusters: Clusters
) -> dict[str, Array]:
    """Return the share won of the votes shown, a tie counting one half, with its interval."""
    points = crossed_shares((won + tied / 2) * weights, shown * weights, clusters)
    return {"win_share": points.share, "win_low": points.low, "win_high": points.high}


def side_bias(votes: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return how often the left picture was preferred, whatever it was.

    Returns:
        one row: ``votes``, the decisive ones; of them ``left``, as a ``share`` with ``low``,
        ``high`` (Wilson), ``cluster_low``, ``cluster_high``, and ``p`` against one half.
    """
    votes = counted(votes, methods)
    left, decisive = (
        np.asarray(fits, dtype=np.float64)[:, None]
        for fits in (votes["answer"].eq("left"), votes["answer"].ne("tie"))
    )
    return pd.DataFrame(
        {
            "votes": decisive.sum(axis=0).astype(int),
            "left": left.sum(axis=0).astype(int),
            **_share_columns(left, decisive, clusters_of(votes)),
        }
    )


def _share_columns(won: Array, of: Array, clusters: Clusters) -> dict[str, Array]:
    """Return a share's columns: itself, both intervals, and the test against one half.

    Args:
        won: (V, n) votes won.
        of: (V, n) 1 for the votes that a share is of, else 0.
        clusters: of the V votes.
    """
    totals = list(zip(won.sum(axis=0), of.sum(axis=0), strict=True))
    plain = np.array([wilson(*total) for total in totals]).reshape(-1, 2)
    found = crossed_shares(won, of, clusters)
    return {
        "share": found.share,
        "low": plain[:, 0],
        "high": plain[:, 1],
        "cluster_low": found.low,
        "cluster_high": found.high,
        "p": found.p,
    }
