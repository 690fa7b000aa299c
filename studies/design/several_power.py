"""What choices of the best and rankings can find: power of the test that tells two methods apart.

The test is that of `studies.analysis.choices`: Student's t of the difference of two strengths of
the model of Plackett and Luce. Were answers independent, its variance would be that of the inverse
of the information: at each stage of an answer, the covariance of which method is taken (McFadden,
1974, "Conditional logit analysis of qualitative choice behavior", section IV). The two are taken as
equally far from all others, which are equal, so that the others count as one. What makes answers
worth less is counted as in `studies.design.power`; in orders, people and pictures blur each other,
see `blurred`.

This is an approximation: the README of studies tells how far it is from simulated studies.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import hypergeom

from eval.analysis.crossed import LEAST_CLUSTERS, LEVEL, Array
from studies.design.power import (
    INDEPENDENT,
    Assumptions,
    Worth,
    found_with,
    picture_correlations,
    worth_of,
)

#: A difference above this is not looked for.
_MOST = 10.0
#: With a higher correlation of one person's votes, nothing else could blur them.
_MOST_CORRELATED = 0.9
#: Points of the quadrature over people and pictures.
_NODES = 40


def information(difference: float, methods: int, pictures: int, stages: int) -> Array:
    """Return what one answer tells of the first method, of the second, and of all others, (3, 3).

    Every few methods are shown equally often.

    Args:
        difference: of the strengths of the first and the second; all others are in the middle.
        methods: m that are compared.
        pictures: n that are shown at a time.
        stages: of an answer: 1 of a choice of the best, n - 1 of a whole order.
    """
    odds = np.exp(np.array([difference, -difference, 0.0]) / 2)
    # What is left to be taken: the first or not, the second or not, and how many others.
    left: dict[tuple[int, int, int], float] = {}
    for both in (0, 1, 2):
        share = float(hypergeom.pmf(both, methods, 2, pictures))
        sides = {0: [(0, 0)], 1: [(1, 0), (0, 1)], 2: [(1, 1)]}[both]
        left |= {(*side, pictures - both): share / len(sides) for side in sides}
    found = np.zeros((3, 3))
    for _ in range(stages):
        following: defaultdict[tuple[int, int, int], float] = defaultdict(float)
        for rest, share in left.items():
            if min(rest) < 0 or not share:
                continue
            taken = odds * rest / (odds @ rest)
            found += share * (np.diag(taken) - np.outer(taken, taken))
            for which, chance in enumerate(taken):
                after = (*rest[:which], rest[which] - 1, *rest[which + 1 :])
                following[after] += share * float(chance)  # type: ignore[index]
        left = dict(following)
    return found


def blurred(given: Assumptions) -> tuple[float, float]:
    """Return by how much less people, and pictures, move the strengths of orders for each other.

    Where strengths differ by chance, the population's are nearer to zero, and what moves a single
    one moves them less. So each of the two blurs what the other does. In simulations this is found
    of whole orders; a choice of the best is blurred less, which about makes up for it.

    Args:
        given: what answers are like.

    Returns:
        the factors of the two variances.
    """
    if not (0 < given.correlation < _MOST_CORRELATED and given.pictures):
        return 1.0, 1.0

    def left(deviation: float) -> float:
        """Return the share that is left of the variance between strengths."""
        return _moved(deviation) / deviation**2

    people = brentq(lambda deviation: 4 * _moved(deviation) - given.correlation, 1e-3, 100)
    both = left(float(np.hypot(people, given.pictures)))
    return both / left(people), both / left(given.pictures)


def _moved(deviation: float) -> float:
    """Return the variance of the share that prefers one of two equals whose strengths deviate."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    shares = expit(np.sqrt(2) * deviation * nodes)
    return float(((shares - 0.5) ** 2) @ weights / weights.sum())


def several_worth(
    answers: float,
    participants: int,
    methods: int,
    pictures: int,
    stages: int,
    difference: float,
    given: Assumptions,
) -> tuple[Worth, float]:
    """Return what the answers that show a method are worth, and the variance of a difference.

    Args:
        answers: of the whole study, asked for.
        participants: who share them.
        methods: see `information`.
        pictures: likewise.
        stages: likewise.
        difference: likewise.
        given: what answers are like; its ties are not read.

    Returns:
        the worth, and the variance that the difference would have if the worth's ``decisive``
        answers that show a method were independent.
    """
    shown = answers * pictures / methods
    each = information(difference, methods, pictures, stages)
    contrast = np.array([1.0, -1.0, 0.0])
    # Of one answer that shows a method, the variance of the difference.
    alone = float(contrast @ np.linalg.pinv(each) @ contrast) * pictures / methods
    preference = float(expit(difference))
    # People and pictures move the difference of two by as much however it is asked about.
    scale = 1 / (preference * (1 - preference) * alone)
    people, images = blurred(given) if stages > 1 else (1.0, 1.0)
    own = given.model_copy(update={"correlation": given.correlation * scale * people})
    correlations = picture_correlations(preference, given.pictures) * scale * images
    found = worth_of(shown, participants, 1 - given.dropout, correlations, own)
    return found, alone / found.decisive


def several_power_of(
    answers: float,
    participants: int,
    methods: int,
    pictures: int,
    stages: int,
    difference: float,
    given: Assumptions,
    level: float = 0.05,
) -> float:
    """Return the chance that two methods are told apart.

    Args:
        answers: see `several_worth`.
        participants: likewise.
        methods: likewise.
        pictures: likewise.
        stages: likewise.
        difference: of their strengths, in the population's answers.
        given: likewise.
        level: of the two-sided test.
    """
    found, alone = several_worth(
        answers, participants, methods, pictures, stages, abs(difference), given
    )
    if found.decisive < LEAST_CLUSTERS:
        return 0.0
    error, seen = np.sqrt(alone * found.variance), np.sqrt(alone * found.seen)
    return found_with(abs(difference), float(error), float(seen), found.freedom, level)


def least_several_difference(
    answers: float,
    participants: int,
    methods: int,
    pictures: int,
    stages: int,
    given: Assumptions,
    *,
    power: float = 0.8,
    level: float = 0.05,
) -> float:
    """Return the smallest difference of two strengths that is found; NaN where none is.

    Args:
        answers: see `several_worth`.
        participants: likewise.
        methods: likewise.
        pictures: likewise.
        stages: likewise.
        given: likewise.
        power: to reach.
        level: of the two-sided test.
    """

    def short(difference: float) -> float:
        return (
            several_power_of(
                answers, participants, methods, pictures, stages, difference, given, level
            )
            - power
        )

    # Far out an answer tells little, and power falls again; the smallest is below that.
    tried = np.linspace(0.05, _MOST, 100)
    first = next((value for value in tried if short(value) >= 0), None)
    return float("nan") if first is None else float(brentq(short, 1e-6, first, xtol=1e-6))


def several_width(
    answers: float,
    participants: int,
    methods: int,
    pictures: int,
    stages: int,
    given: Assumptions,
) -> float:
    """Return how wide the 95 % interval of a method's strength typically is.

    Of equals whose strengths add up to zero, a strength has (m - 1) / (2 m) of the variance of a
    difference.

    Args:
        answers: see `several_worth`.
        participants: likewise.
        methods: likewise.
        pictures: likewise.
        stages: likewise.
        given: likewise.
    """
    found, alone = several_worth(answers, participants, methods, pictures, stages, 0.0, given)
    variance = alone * found.seen * (methods - 1) / (2 * methods)
    return float(2 * stats.t.ppf((1 + LEVEL) / 2, found.freedom) * np.sqrt(variance))


def several_power_table(
    methods: int,
    answers: int,
    participants: int,
    pictures: int,
    stages: int,
    given: Assumptions,
    *,
    power: float = 0.8,
    level: float = 0.05,
) -> pd.DataFrame:
    """Tell which true differences a study of choices or rankings can find.

    Args:
        methods: see `several_worth`.
        answers: likewise.
        participants: likewise.
        pictures: likewise.
        stages: likewise.
        given: likewise.
        power: to reach.
        level: of the two-sided tests, before it is divided by the number of comparisons.

    Returns:
        one row per plan and assumption: ``plan``; ``assumed``; ``level`` of the one test;
        ``votes``, the answers that show a method (rounded down); ``worth``, how many independent
        ones would be as good; the ``difference`` of two strengths that is found; and the
        ``preference`` for the stronger one, were only the two shown.
    """
    comparisons = methods * (methods - 1) // 2
    size = (answers, participants, methods, pictures, stages)
    rows = []
    for plan, own_level in (
        ("every two methods, told apart from among all", level / comparisons),
        ("every two methods, two named before", level),
    ):
        for assumed, what in (("as assumed", given), ("independent answers", INDEPENDENT)):
            found = least_several_difference(*size, what, power=power, level=own_level)
            value, _ = several_worth(*size, found if found == found else 1.0, what)
            rows.append(
                {
                    "plan": plan,
                    "assumed": assumed,
                    "level": own_level,
                    "votes": answers * pictures // methods,
                    "worth": value.decisive / value.variance,
                    "difference": found,
                    "preference": float(expit(found)),
                }
            )
    return pd.DataFrame(rows)
