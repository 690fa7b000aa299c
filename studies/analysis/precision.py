"""How precise a study is so far, without telling which method leads.

A study may end when its intervals are as narrow as was planned (Chow and Robbins, 1965, "On the
asymptotic theory of fixed-width sequential confidence intervals for the mean", Annals of
Mathematical Statistics 36(2)). The width tells nothing of the order of the methods, so looking at
it is no look at the ranking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEAST_CLUSTERS, LEVEL, Array
from studies.analysis import choices, cumulative_link, plackett_luce, ratings, strengths
from studies.analysis.clusters import Clusters, crossed_parts, satterthwaite
from studies.analysis.exclusion import catch_failures, without_dropped
from studies.analysis.tally import tally
from studies.ballots.poll import Poll
from studies.design.davidson import davidson

#: More people than so many times those there are, are not thought of.
_MOST = 1000

#: By how much each of V votes moves the strengths of m methods, (V, m), and whose votes they are;
#: None where the votes do not give strengths of all methods.
Moved = tuple[Array, Clusters] | None


@dataclass(frozen=True)
class Precision:
    """How precise the answers to one question are.

    Attributes:
        people: who gave counted votes and are not left out.
        widest: the width of the widest 95 % interval of a method's strength; NaN where there are
            too few answers.
        wanted: as planned; 0 where nothing is.
        more: about how many more people like those so far would make all intervals as narrow as
            ``wanted``; None where that cannot be told, or where no number would do it.
    """

    people: int
    widest: float
    wanted: float
    more: int | None

    @property
    def known(self) -> bool:
        """Whether there are enough answers to tell."""
        return bool(np.isfinite(self.widest))

    @property
    def reached(self) -> bool:
        """Whether all intervals are as narrow as planned."""
        return self.known and 0 < self.widest <= self.wanted


def _of_pairs(votes: pd.DataFrame, settings: Mapping[str, Any]) -> Moved:
    counts = tally(votes, list(settings["methods"]))
    votes_of, wins, ties = (table.sum(axis=0) for table in (counts.votes, counts.wins, counts.ties))
    if not (strengths.compared(votes_of).all() and strengths.finite(wins, ties)):
        return None
    inside = np.arange(len(counts.methods))
    found = davidson(wins, ties)
    return strengths.influences(counts, inside, found)[:, :-1], counts.clusters


def _of_ratings(votes: pd.DataFrame, settings: Mapping[str, Any]) -> Moved:
    rated = ratings.tally_ratings(votes, tuple(settings["methods"]), int(settings["scale"]))
    counts = rated.counts
    if not (counts.sum(axis=1).all() and cumulative_link.finite(counts)):
        return None
    found = cumulative_link.cumulative(counts)
    return ratings.influences(rated, np.arange(len(counts)), found), rated.clusters


def _of_choices(votes: pd.DataFrame, settings: Mapping[str, Any]) -> Moved:
    chosen = choices.tally_choices(
        votes, tuple(settings["methods"]), int(settings["pictures"]), settings["task"] == "ranking"
    )
    size = len(chosen.methods)
    if not plackett_luce.finite(plackett_luce.wins_of(chosen.orders, chosen.stages, size)):
        return None
    inside = np.arange(size)
    found = choices.strengths_among(chosen, inside)
    return choices.influences(chosen, inside, found), chosen.clusters


#: How a study asks -> how its votes move the strengths of its main table.
_MOVED: Mapping[str, Callable[[pd.DataFrame, Mapping[str, Any]], Moved]] = {
    "pairs": _of_pairs,
    "rating": _of_ratings,
    "best": _of_choices,
    "ranking": _of_choices,
}


def wanted_precision(poll: Poll) -> float:
    """Return the width that the plan names, else the study's settings; 0 where none is named."""
    settings = poll.settings
    if len(poll.preregistrations):
        settings = json.loads(poll.preregistrations["settings"].iloc[-1])
    return float(settings.get("precision", 0))


def precision_so_far(poll: Poll) -> dict[str, Precision]:
    """Tell how precise each question is; nothing where this kind of study has no such rule.

    Args:
        poll: the ballots, also of a study that has only begun.
    """
    moved_by = _MOVED.get(poll.task)
    if moved_by is None:
        return {}
    wanted = wanted_precision(poll)
    votes = without_dropped(poll.votes, catch_failures(poll.votes, poll.drop_at))
    return {
        str(question): _precision(
            moved_by(votes[votes["question"] == question], poll.settings), wanted
        )
        for question in poll.settings["questions"]
    }


def reached(poll: Poll) -> bool:
    """Tell whether all intervals are as narrow as was planned; not where no width was."""
    found = precision_so_far(poll)
    return bool(found) and all(each.reached for each in found.values())


def _precision(moved: Moved, wanted: float) -> Precision:
    if moved is None:
        return Precision(0, np.nan, wanted, None)
    influence, clusters = moved
    people = len(np.unique(clusters.people))
    if people < LEAST_CLUSTERS:
        return Precision(people, np.nan, wanted, None)
    parts, freedom = crossed_parts(influence, np.ones_like(influence, dtype=bool), clusters)
    widest = float(_widths(np.maximum(parts, 0), freedom, people, people).max())
    if not wanted:
        return Precision(people, widest, wanted, None)
    more = 0 if widest <= wanted else _more(parts, freedom, people, wanted)
    return Precision(people, widest, wanted, more)


def _widths(parts: Array, freedom: Array, people: int, wanted: int) -> Array:
    """Return the widths of the intervals, (m,), had so many people voted.

    What people's votes leave uncertain falls with their number; what pictures do, does not.

    Args:
        parts: of the variances, (3, m), see `crossed_parts`.
        freedom: likewise.
        people: who voted.
        wanted: who shall have.
    """
    scaled = parts * np.array([people / wanted, 1, 1])[:, None]
    free = freedom + np.array([wanted - people, 0, 0])[:, None]
    quantile = stats.t.ppf((1 + LEVEL) / 2, satterthwaite(scaled, free))
    return np.asarray(2 * quantile * np.sqrt(scaled.sum(axis=0)), dtype=np.float64)


def _more(parts: Array, freedom: Array, people: int, wanted: float) -> int | None:
    """Return about how many more people are missing, at least one; None if no number would do.

    What pictures leave uncertain is known badly from few people, and where it is below zero it is
    taken as none, so the widest interval has too much of it. Its mean over the methods is better.
    """
    pictures = np.maximum(parts[1:].mean(axis=1, keepdims=True), 0)
    parts = np.concatenate([parts[:1], np.repeat(pictures, parts.shape[1], axis=1)])

    def enough(number: int) -> bool:
        return bool((_widths(parts, freedom, people, number) <= wanted).all())

    low, high = people, people + 1
    while not enough(high):
        if high > _MOST * people:
            return None
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high - people
