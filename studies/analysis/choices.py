"""Methods by what people choose of several, or by the order in which people put them.

The model is in `studies.analysis.plackett_luce`; how sure its strengths are, is told as in
`studies.analysis.strengths`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from eval.analysis.crossed import Array
from studies.analysis.clusters import Clusters, Codes, clusters_of, crossed_shares
from studies.analysis.differences import Estimate, MethodRanking, ranking_of
from studies.analysis.plackett_luce import derivatives, finite, plackett_luce, wins_of
from studies.analysis.ratings import crossed_means
from studies.analysis.strengths import DRAWS, compared
from studies.design.davidson import PRIOR
from studies.design.trial import LETTERS, sides_of


@dataclass(frozen=True)
class Choices:
    """The counted answers of one question.

    Attributes:
        methods: labels of the m methods.
        orders: (V, n), the methods of each vote as numbers, the best first.
        stages: of each order, how many places are known: 1, or n - 1.
        clusters: whose vote it is, and on which pictures.
    """

    methods: tuple[str, ...]
    orders: Codes
    stages: int
    clusters: Clusters

    def shown(self) -> npt.NDArray[np.bool_]:
        """Which methods each vote was about, (V, m)."""
        return np.asarray(self._marks.any(axis=1), dtype=np.bool_)

    def first(self) -> Array:
        """Which method was the best one in each vote, (V, m)."""
        return np.asarray(self._marks[:, 0], dtype=np.float64)

    def ranks(self) -> Array:
        """Which rank each method had, from 1, (V, m); 0 where it was not shown."""
        places = np.arange(1, self.orders.shape[1] + 1, dtype=np.float64)
        return np.asarray(np.einsum("k,vkm->vm", places, self._marks), dtype=np.float64)

    @property
    def _marks(self) -> Array:
        return np.asarray(np.eye(len(self.methods))[self.orders], dtype=np.float64)


def by_picture(votes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per answer and picture.

    Args:
        votes: with `studies.analysis.tally.VOTE_COLUMNS`, of trials that show several pictures.

    Returns:
        ``vote``, the number of the row of the votes, from 0; ``place``, the letter of the picture;
        its ``source``, ``method`` and ``mode``; and its ``rank``, 1 for the best: of a choice 1
        for the chosen one, and NaN for the others.
    """
    rows = []
    for number, row in enumerate(votes.to_dict("records")):
        sides = [
            *(
                (row[f"{s}_source"], row[f"{s}_method"], row[f"{s}_mode"])
                for s in ("left", "right")
            ),
            *((side.source, side.method, side.mode) for side in sides_of(row["more"])),
        ]
        for letter, side in zip(LETTERS, sides, strict=False):
            rank = row["answer"].find(letter) + 1
            rows.append((number, letter, *side, rank or np.nan))
    columns = ["vote", "place", "source", "method", "mode", "rank"]
    return pd.DataFrame(rows, columns=columns).astype({"vote": int, "rank": float})


class Counted(NamedTuple):
    """The answers of one question that decide.

    Attributes:
        votes: one row per answer.
        pictures: `by_picture` of them.
    """

    votes: pd.DataFrame
    pictures: pd.DataFrame


def counted_choices(votes: pd.DataFrame, methods: tuple[str, ...], pictures: int) -> Counted:
    """Return the answers that decide: of outputs of the methods, no practice, repeat or catch.

    Args:
        votes: of one question, with `studies.analysis.tally.VOTE_COLUMNS`.
        methods: labels.
        pictures: how many were shown at a time.
    """
    votes = votes[votes["kind"] == "vote"]
    each = by_picture(votes)
    outputs = each[(each["source"] == "output") & each["method"].isin(methods)]
    number = outputs.groupby("vote")["method"].nunique().reindex(range(len(votes)), fill_value=0)
    kept = (number == pictures).to_numpy()
    each = each[kept[each["vote"]]]
    each = each.assign(vote=(np.cumsum(kept) - 1)[each["vote"]])
    return Counted(votes[kept], each.reset_index(drop=True))


def tally_choices(
    votes: pd.DataFrame, methods: tuple[str, ...], pictures: int, whole: bool
) -> Choices:
    """Count the answers of one question.

    Args:
        votes: of one question, with `studies.analysis.tally.VOTE_COLUMNS`.
        methods: labels, in order.
        pictures: n, how many were shown at a time.
        whole: they were put in order; if not, the best one was chosen.
    """
    return tally_counted(counted_choices(votes, methods, pictures), methods, pictures, whole)


def tally_counted(
    counted: Counted, methods: tuple[str, ...], pictures: int, whole: bool
) -> Choices:
    """Count what `counted_choices` returns; see `tally_choices`."""
    each = counted.pictures.sort_values(["vote", "rank"], kind="stable")  # NaN is last
    numbers = pd.Index(methods).get_indexer(pd.Index(each["method"]))
    orders = numbers.reshape(len(counted.votes), pictures)
    return Choices(methods, orders, pictures - 1 if whole else 1, clusters_of(counted.votes))


def rank_choices(
    choices: Choices, draws: int = DRAWS, seed: int = 0, prior: float = PRIOR
) -> MethodRanking:
    """Rank methods, with intervals for people and pictures like these.

    Args:
        choices: the votes.
        draws: of the ranks.
        seed: of the draws.
        prior: see `studies.analysis.plackett_luce.plackett_luce`.

    Returns:
        tables, of which the one of methods has ``first``, the share of votes on it in which it was
        the best, with ``first_low``, ``first_high``, and of whole orders the mean ``place`` in
        which it was put, 1 for the best, with ``place_low``, ``place_high``.
    """
    shown = choices.shown()
    estimate = _estimate(choices, prior)
    share = crossed_shares(choices.first(), shown.astype(np.float64), choices.clusters)
    measured = {"first": share.share, "first_low": share.low, "first_high": share.high}
    if choices.stages > 1:
        place, low, high = crossed_means(choices.ranks(), shown, choices.clusters)
        measured |= {
            "place": place,
            "place_low": np.maximum(low, 1),
            "place_high": np.minimum(high, choices.orders.shape[1]),
        }
    return ranking_of(choices.methods, shown.sum(axis=0), measured, estimate, draws, seed)


def _estimate(choices: Choices, prior: float) -> Estimate | None:
    wins = wins_of(choices.orders, choices.stages, len(choices.methods))
    inside = np.flatnonzero(compared(wins + wins.T))
    if len(inside) < 2:
        return None
    among = np.isin(choices.orders[:, 0], inside)
    found = strengths_among(choices, inside, prior)
    return Estimate(
        inside,
        found,
        influences(choices, inside, found, prior),
        choices.clusters.only(among),
        finite(wins[np.ix_(inside, inside)]),
    )


def strengths_among(choices: Choices, inside: npt.NDArray[np.intp], prior: float = PRIOR) -> Array:
    """Return the strengths of the methods that can be compared, (k,).

    Args:
        choices: the votes.
        inside: the k methods; votes on others are left out.
        prior: see `studies.analysis.plackett_luce.plackett_luce`.
    """
    return plackett_luce(_renumbered(choices, inside), choices.stages, len(inside), prior=prior)


def influences(
    choices: Choices, inside: npt.NDArray[np.intp], found: Array, prior: float = PRIOR
) -> Array:
    """Return by how much each vote moves the strengths, (V, k).

    To first order: the vote's part of the gradient, times the inverse of the information.

    Args:
        choices: the votes.
        inside: see `strengths_among`.
        found: what it returns.
        prior: likewise.
    """
    orders = _renumbered(choices, inside)
    scores, information = derivatives(orders, choices.stages, found, np.ones(len(orders)), prior)
    # Without the prior's votes the parts do not add up to zero by a hair.
    scores = scores - scores.mean(axis=0)
    return np.asarray(np.linalg.solve(information, scores.T).T, dtype=np.float64)


def _renumbered(choices: Choices, inside: npt.NDArray[np.intp]) -> Codes:
    place = np.full(len(choices.methods), -1)
    place[inside] = np.arange(len(inside))
    return np.asarray(place[choices.orders[np.isin(choices.orders[:, 0], inside)]], dtype=np.intp)
