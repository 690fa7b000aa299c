"""How even a plan is, and what that is worth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from studies.design.trial import Side, Trial


@dataclass(frozen=True)
class Balance:
    """Counts over the counted trials of a plan.

    Attributes:
        votes: counted trials.
        meetings: one row per two methods: a, b, votes, and the share of them with a on the left.
        methods: one row per method: votes, and the share of them with it on the left.
        contents: one row per content: votes.
        styles: one row per style: votes.
        judges: one row per number of judges: how many units (content, style, and two methods with
            an output of each) have so many.
        participants: one row per participant: votes, and for meetings (of two methods), contents
            and styles how often the rarest and the most frequent one comes, also where it is
            never.
        efficiency: see `efficiency`.
    """

    votes: int
    meetings: pd.DataFrame
    methods: pd.DataFrame
    contents: pd.DataFrame
    styles: pd.DataFrame
    judges: pd.DataFrame
    participants: pd.DataFrame
    efficiency: float

    def summary(self) -> pd.DataFrame:
        """Return one row per thing that should be even, with its least and its most."""
        spread = {
            "votes per two methods": self.meetings["votes"],
            "votes per content": self.contents["votes"],
            "votes per style": self.styles["votes"],
            "share on the left per two methods": self.meetings["left"],
            "share on the left per method": self.methods["left"],
            "judges per unit": self.judges["judges"],
            "one participant's votes per two methods": _both(self.participants, "meetings"),
            "one participant's votes per content": _both(self.participants, "contents"),
            "one participant's votes per style": _both(self.participants, "styles"),
        }
        return pd.DataFrame(
            [
                {"what": what, "least": values.min(), "most": values.max()}
                for what, values in spread.items()
            ]
        )


def rating_balance(design: Sequence[Sequence[Trial]]) -> pd.DataFrame:
    """Return one row per thing that should be even in a plan of ratings: its least and its most.

    Args:
        design: one list of trials per participant; only votes are counted.
    """
    lists, votes = _votes(design)
    methods = {trial.left.method for trial in votes}
    one = [Counter(trial.left.method for trial in trials) for trials in lists]
    spread = {
        "ratings per method": list(Counter(trial.left.method for trial in votes).values()),
        "ratings per content": list(Counter(trial.content for trial in votes).values()),
        "ratings per style": list(Counter(trial.style for trial in votes).values()),
        "judges per output": list(
            Counter((trial.content, trial.style, trial.left) for trial in votes).values()
        ),
        "one participant's ratings per method": [
            counts[method] for counts in one for method in methods
        ],
    }
    return _least_and_most(spread)


def several_balance(design: Sequence[Sequence[Trial]]) -> pd.DataFrame:
    """Return one row per thing that should be even in a plan: its least and its most.

    Args:
        design: one list of trials per participant; only votes are counted.
    """
    lists, votes = _votes(design)
    methods = sorted({side.method for trial in votes for side in trial.sides})

    def meetings(trials: Sequence[Trial]) -> list[int]:
        count = Counter(
            two
            for trial in trials
            for two in combinations(sorted(side.method for side in trial.sides), 2)
        )
        return [count[two] for two in combinations(methods, 2)]

    places = Counter(
        (side.method, place) for trial in votes for place, side in enumerate(trial.sides)
    )
    units = Counter((t.content, t.style, frozenset(t.sides)) for t in votes)
    spread = {
        "votes per method": Counter(s.method for t in votes for s in t.sides).values(),
        "meetings per two methods": meetings(votes),
        "a method's votes per place": [
            places[label, place] for label in methods for place in range(len(votes[0].sides))
        ] if votes else [],
        "votes per content": Counter(trial.content for trial in votes).values(),
        "votes per style": Counter(trial.style for trial in votes).values(),
        "judges per set of pictures": units.values(),
        "one participant's meetings per two methods": [
            number for trials in lists for number in meetings(trials)
        ],
    }  # fmt: skip
    return _least_and_most(spread)


def _votes(design: Sequence[Sequence[Trial]]) -> tuple[list[list[Trial]], list[Trial]]:
    """Return the counted trials, by participant and all of them."""
    lists = [[trial for trial in trials if trial.kind == "vote"] for trials in design]
    return lists, [trial for trials in lists for trial in trials]


def _least_and_most(spread: Mapping[str, Collection[int]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"what": what, "least": min(values, default=0), "most": max(values, default=0)}
            for what, values in spread.items()
        ]
    )


def balance(design: Sequence[Sequence[Trial]]) -> Balance:
    """Count what a plan shows.

    Args:
        design: one list of trials per participant; only votes are counted. Methods, contents and
            styles that no vote shows are not known here.
    """
    lists, votes = _votes(design)
    left = Counter(trial.left.method for trial in votes)
    right = Counter(trial.right.method for trial in votes)
    methods = sorted(left.keys() | right.keys())
    contents = sorted({trial.content for trial in votes})
    styles = sorted({trial.style for trial in votes})
    sides = Counter((trial.left.method, trial.right.method) for trial in votes)
    meetings = list(combinations(methods, 2))
    units = Counter(unit_of(trial) for trial in votes)
    return Balance(
        votes=len(votes),
        meetings=pd.DataFrame(
            [
                {"a": a, "b": b, **_share(sides[a, b], sides[a, b] + sides[b, a])}
                for a, b in meetings
            ],
            columns=["a", "b", "votes", "left"],
        ),
        methods=pd.DataFrame(
            [
                {"method": method, **_share(left[method], left[method] + right[method])}
                for method in methods
            ],
            columns=["method", "votes", "left"],
        ),
        contents=_table("content", Counter(trial.content for trial in votes)),
        styles=_table("style", Counter(trial.style for trial in votes)),
        judges=pd.DataFrame(sorted(Counter(units.values()).items()), columns=["judges", "units"]),
        participants=pd.DataFrame(
            [
                {
                    "votes": len(trials),
                    **_extremes("meetings", map(_meeting, trials), len(meetings)),
                    **_extremes("contents", (trial.content for trial in trials), len(contents)),
                    **_extremes("styles", (trial.style for trial in trials), len(styles)),
                }
                for trials in lists
            ]
        ),
        efficiency=efficiency(_matrix(sides, methods)),
    )


def efficiency(meetings: npt.ArrayLike) -> float:
    r"""Return how precise a plan is, against one in which every two methods meet equally often.

    In the Bradley-Terry model with equal strengths a vote on a and b adds 1/4 of
    :math:`(e_a - e_b)(e_a - e_b)^T` to the information on the strengths, so the information is
    L / 4 with L the Laplacian of the graph whose edges are the n_ab votes. The mean variance of
    the m (m - 1) / 2 estimated differences of strength is 8 / (m - 1) tr(L^+). Among all plans of
    V votes it is least where all n_ab are equal (a balanced incomplete block design of blocks of
    two); the efficiency is that least value over the plan's own,

    .. math:: E = \frac{(m - 1)^2}{2 V \operatorname{tr}(L^+)}

    which is the harmonic mean of the m - 1 eigenvalues of L that are not 0 over their mean.

    Args:
        meetings: (m, m), symmetric, how often every two methods meet.

    Returns:
        in [0, 1]; 0 where some methods are not connected with others by any votes, so that they
        cannot be compared, and NaN for fewer than two methods.

    Source: R. A. Bailey and P. J. Cameron, "Combinatorics of optimal designs", Surveys in
    Combinatorics 2009, 19-73 (A-optimality and the Laplacian); U. Grasshoff and R. Schwabe,
    "Optimal design for the Bradley-Terry paired comparison model", Statistical Methods and
    Applications 17, 2008, 275-289 (the information).
    """
    counts = np.asarray(meetings, dtype=np.float64)
    if len(counts) < 2:
        return float("nan")
    values = np.linalg.eigvalsh(np.diag(counts.sum(axis=1)) - counts)[1:]
    if values[0] <= 1e-9 * max(values[-1], 1.0):
        return 0.0
    return float(len(values) / (1 / values).sum() / values.mean())


def unit_of(trial: Trial) -> tuple[str, str, Side, Side]:
    """Return what makes a comparison distinct, whoever stands on which side."""
    first, second = sorted((trial.left, trial.right), key=lambda side: (side.method, side.mode))
    return trial.content, trial.style, first, second


def _meeting(trial: Trial) -> tuple[str, ...]:
    return tuple(sorted((trial.left.method, trial.right.method)))


def _share(left: int, votes: int) -> dict[str, float]:
    return {"votes": votes, "left": left / votes if votes else float("nan")}


def _table(name: str, counts: Counter[str]) -> pd.DataFrame:
    return pd.DataFrame(sorted(counts.items()), columns=[name, "votes"])


def _both(participants: pd.DataFrame, name: str) -> pd.Series[int]:
    found: pd.Series[int] = pd.concat([participants[f"{name}_least"], participants[f"{name}_most"]])
    return found


def _extremes(name: str, shown: Iterable[object], there: int) -> dict[str, int]:
    counts = Counter(shown).values()
    least = min(counts, default=0) if len(counts) == there else 0
    return {f"{name}_least": least, f"{name}_most": max(counts, default=0)}


def _matrix(sides: Counter[tuple[str, str]], methods: Sequence[str]) -> npt.NDArray[np.float64]:
    left = np.array([[sides[a, b] for b in methods] for a in methods], dtype=np.float64)
    return left + left.T
