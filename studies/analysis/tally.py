"""Votes as arrays: which two methods each was about, what was answered, by whom, on what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEVEL, Array
from studies.analysis.clusters import Clusters, Codes, Takes, clusters_of

#: Columns of the votes and of the participants that the analysis reads.
VOTE_COLUMNS = (
    "participant", "slot", "position", "kind", "question", "content", "style",
    "left_source", "left_method", "left_mode", "right_source", "right_method", "right_mode",
    "more", "answer", "expected", "repeats", "seconds", "voted_at",
    "timed_by", "reloaded", "device", "pair",
)  # fmt: skip
PARTICIPANT_COLUMNS = ("participant", "slot", "joined_at", "finished")
#: Answers, in the order of their codes.
_CODES = {"left": 0, "right": 1, "tie": 2}


@dataclass(frozen=True)
class Tally:
    """The counted votes of one question.

    Attributes:
        methods: labels of the m methods.
        participants: names of the G people who gave at least one of the V votes.
        left: (V,) the method on the left of each vote, as a number.
        right: (V,) likewise.
        answer: (V,) 0 where the left one was preferred, 1 the right one, 2 where neither.
        clusters: whose vote it is, and on which pictures.
        adaptive: pairs were chosen by the answers before, so methods met unequally often.
    """

    methods: tuple[str, ...]
    participants: tuple[str, ...]
    left: Codes
    right: Codes
    answer: Codes
    clusters: Clusters
    adaptive: bool = False

    @cached_property
    def wins(self) -> Array:
        """How often g preferred i to j, (G, m, m)."""
        return self._count(self.answer == 0, self.left, self.right) + self._count(
            self.answer == 1, self.right, self.left
        )

    @cached_property
    def ties(self) -> Array:
        """How often g could not say, (G, m, m), symmetric: each tie stands in both places."""
        tied = self.answer == 2
        return self._count(tied, self.left, self.right) + self._count(tied, self.right, self.left)

    @property
    def votes(self) -> Array:
        """How often each two methods met, (G, m, m), symmetric."""
        return self.wins + self.wins.swapaxes(1, 2) + self.ties

    def weights(self) -> Array:
        """Return what each vote counts where methods are compared by shares of votes, (V,).

        Where pairs are adaptive, the votes on every two methods that met count as much as those on
        every other two, or a method that met strong ones more often would look weaker. They add up
        to V.
        """
        if not self.adaptive:
            return np.ones(len(self.left))
        met = self.votes.sum(axis=0)
        found = 1 / met[self.left, self.right]
        return np.asarray(found * len(found) / found.sum(), dtype=np.float64)

    def shown(self) -> Array:
        """Which methods each vote was about, (V, m)."""
        return self._marks(self.left) + self._marks(self.right)

    def won(self) -> Array:
        """Which method was preferred in each vote, (V, m); none in a tie."""
        left, right = (np.equal(self.answer, code).astype(float)[:, None] for code in (0, 1))
        found: Array = self._marks(self.left) * left + self._marks(self.right) * right
        return found

    def _marks(self, method: Codes) -> Array:
        found: Array = np.eye(len(self.methods))[method]
        return found

    def _count(self, chosen: Takes, first: Codes, second: Codes) -> Array:
        found = np.zeros((len(self.participants), len(self.methods), len(self.methods)))
        people = self.clusters.people[chosen]
        np.add.at(found, (people, first[chosen], second[chosen]), 1)
        return found


def counted(votes: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return the counted votes between outputs of two of the methods."""
    fits = votes["kind"] == "vote"
    for side in ("left", "right"):
        fits &= (votes[f"{side}_source"] == "output") & votes[f"{side}_method"].isin(list(methods))
    return votes[fits & (votes["left_method"] != votes["right_method"])]


def tally(votes: pd.DataFrame, methods: Sequence[str]) -> Tally:
    """Return the counted votes.

    Args:
        votes: rows of one question; those that are not `counted` are left out.
        methods: labels.
    """
    votes = counted(votes, methods)
    left, right = (
        pd.Index(list(methods)).get_indexer(pd.Index(votes[f"{side}_method"]))
        for side in ("left", "right")
    )
    return Tally(
        methods=tuple(methods),
        participants=tuple(map(str, sorted(votes["participant"].unique()))),
        left=left,
        right=right,
        answer=np.array([_CODES[answer] for answer in votes["answer"]], dtype=np.intp),
        clusters=clusters_of(votes),
        adaptive="pair" in votes and bool((votes["pair"] == "adaptive").any()),
    )


def wilson(won: float, of: float) -> tuple[float, float]:
    """Return Wilson's interval of a share of independent votes; NaN where there is no vote."""
    if not of:
        return float("nan"), float("nan")
    found = stats.binomtest(round(won), round(of)).proportion_ci(LEVEL, method="wilson")
    return float(found.low), float(found.high)
