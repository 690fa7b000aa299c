"""What a number of ratings can find: power of the test by which two methods are told apart.

The test is that of `studies.analysis.ratings`: Student's t of the difference of two strengths. Were
ratings independent, n of each method would give it the variance 6 / (n (1 - Σ p_k³)), p_k being the
share of mark k over both methods (Whitehead, 1993, "Sample size calculations for ordered
categorical data", Statistics in Medicine 12(24)). What makes them worth less is counted as in
`studies.design.power`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit, logit

from eval.analysis.crossed import LEAST_CLUSTERS, Array
from studies.design.power import INDEPENDENT, PARTS, Assumptions, Worth, found_with, worth_of

#: Variance of the logistic distribution: what is left of a mark when people and pictures are known.
_LOGISTIC = np.pi**2 / 3
#: A difference above this is not looked for.
_MOST = 12.0


def mark_shares(difference: float, scale: int) -> Array:
    """Return the share of each mark over two methods that are as far from the middle, (K,).

    All marks are equally frequent where the two do not differ.

    Args:
        difference: of the two strengths.
        scale: K marks.
    """
    thresholds = logit(np.arange(1, scale) / scale)
    below = (expit(thresholds - difference / 2) + expit(thresholds + difference / 2)) / 2
    return np.diff(below, prepend=0, append=1)


def higher(difference: float) -> float:
    """Return how often the stronger of two methods is rated higher, where marks are fine.

    The chance that one logistic variable is above another.

    Args:
        difference: of the two strengths, 0 or more.
    """
    if difference < 1e-4:
        return 0.5 + difference / 6
    odds = np.exp(difference)
    return float(odds * (odds - 1 - difference) / (odds - 1) ** 2)


def rating_worth(votes: float, participants: int, given: Assumptions) -> Worth:
    """Return what the ratings of a method are worth.

    Args:
        votes: of the method, asked for.
        participants: who share them.
        given: what they are like; its correlation is that of two marks of one person for one
            method, beyond how highly they rate everything, and its ties are not read.
    """
    parts = np.array(PARTS) * given.pictures**2
    correlations = parts / (given.pictures**2 + _LOGISTIC)
    return worth_of(votes, participants, 1 - given.dropout, correlations, given)


def rating_power_of(
    votes: float,
    participants: int,
    difference: float,
    scale: int,
    given: Assumptions,
    level: float = 0.05,
) -> float:
    """Return the chance that two methods are told apart.

    Args:
        votes: of each of the two, asked for.
        participants: who share them.
        difference: of their strengths in the whole population.
        scale: marks.
        given: what ratings are like.
        level: of the two-sided test.
    """
    found = rating_worth(votes, participants, given)
    if found.decisive < LEAST_CLUSTERS:
        return 0.0
    alone = 6 / (1 - (mark_shares(difference, scale) ** 3).sum()) / found.decisive
    error, seen = np.sqrt(alone * found.variance), np.sqrt(alone * found.seen)
    return found_with(abs(difference), float(error), float(seen), found.freedom, level)


def least_difference(
    votes: float,
    participants: int,
    scale: int,
    given: Assumptions,
    *,
    power: float = 0.8,
    level: float = 0.05,
) -> float:
    """Return the smallest difference of two strengths that is found; NaN where none is.

    Args:
        votes: of each of the two methods, asked for.
        participants: who share them.
        scale: marks.
        given: what ratings are like.
        power: to reach.
        level: of the two-sided test.
    """

    def short(difference: float) -> float:
        return rating_power_of(votes, participants, difference, scale, given, level) - power

    # Far out nearly all marks are ends, and power falls again; the smallest is below that.
    tried = np.linspace(0.05, _MOST, 240)
    first = next((value for value in tried if short(value) >= 0), None)
    if first is None:
        return float("nan")
    return float(brentq(short, 1e-6, first, xtol=1e-6))


def rating_power_table(
    methods: int,
    votes: int,
    participants: int,
    scale: int,
    given: Assumptions,
    *,
    power: float = 0.8,
    level: float = 0.05,
) -> pd.DataFrame:
    """Tell which true differences a study of ratings can find.

    Args:
        methods: how many are rated.
        votes: of the whole study, asked for.
        participants: who share them.
        scale: marks.
        given: what ratings are like.
        power: to reach.
        level: of the two-sided tests, before it is divided by the number of comparisons.

    Returns:
        one row per plan and assumption: ``plan``, ``assumed``, ``level`` of the one test, ``votes``
        of a method (rounded down), ``worth``, how many independent ones would be as good, and the
        ``difference`` of two strengths that is found, and how often the stronger one is then rated
        ``higher``, as `studies.design.power.power_table` has them.
    """
    comparisons = methods * (methods - 1) // 2
    rows = []
    for plan, own_level in (
        ("every two methods, told apart from among all", level / comparisons),
        ("every two methods, two named before", level),
    ):
        for assumed, what in (("as assumed", given), ("independent ratings", INDEPENDENT)):
            found = least_difference(
                votes // methods, participants, scale, what, power=power, level=own_level
            )
            value = rating_worth(votes // methods, participants, what)
            rows.append(
                {
                    "plan": plan,
                    "assumed": assumed,
                    "level": own_level,
                    "votes": votes // methods,
                    "worth": value.decisive / value.variance,
                    "difference": found,
                    "higher": higher(found) if found == found else np.nan,
                }
            )
    return pd.DataFrame(rows)
