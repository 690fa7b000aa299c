"""What a number of votes can find: power of the test of one preference.

Two methods are compared by the exact two-sided binomial test that each is preferred equally often.
Votes of one person resemble one another, and "can't say" decides nothing; both make votes worth
less, which is put into an *effective* number of votes.
"""

from __future__ import annotations

from math import ceil, floor, isfinite

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import brentq
from scipy.stats import binom, norm

from dfr.core.errors import UserError

#: The power is checked up to this many times the answer. The teeth of the exact test's power
#: become smaller with more votes, and do not reach so far.
MARGIN = 1.3
#: And at least up to this many votes more than the normal approximation says.
LEAST_VOTES = 100
#: Numbers of votes that are checked together.
CHUNK = 4096
#: More votes than this are not searched for: nobody asks so many people.
MOST_VOTES = 50_000_000


def exact_power(
    n: int | npt.NDArray[np.int64], preference: float, level: float = 0.05
) -> npt.NDArray[np.float64]:
    r"""Return the probability that the exact binomial test finds a preference.

    With X ~ Bin(n, p) votes for A, the test rejects p = 1/2 where X <= c or X >= n - c, with c the
    largest number for which :math:`2 P(X \le c \mid p = 1/2)` is at most the level. The power is
    :math:`P(X \le c \mid p) + P(X \ge n - c \mid p)`: for a fixed n it grows with p >= 1/2, while
    for a fixed p it has teeth in n, because c is a whole number.

    Args:
        n: votes that decide; one number or several.
        preference: p, the probability that A is preferred, in [0, 1].
        level: of the two-sided test.

    Returns:
        the power, shaped as n; 0 where there are too few votes to reject at all.
    """
    votes = np.asarray(n, dtype=np.int64)
    c = _critical(votes, level)
    both = binom.cdf(c, votes, preference) + binom.sf(votes - c - 1, votes, preference)
    return np.where(c < 0, 0.0, both)


def least_preference(n: int, *, power: float = 0.8, level: float = 0.05) -> float:
    """Return the smallest preference that n votes find with a power.

    For fixed n the power grows steadily with the preference, so there is one answer, found as a
    root. It has teeth in n: one more vote can make it a little worse.

    Args:
        n: votes that decide.
        power: to reach.
        level: of the two-sided exact binomial test.

    Returns:
        in (0.5, 1]; NaN where no preference is found, because even n equal votes are no evidence.

    Raises:
        UserError: the power or the level cannot be.
    """
    _check(power=power, level=level)
    if exact_power(n, 1.0, level) < power:
        return float("nan")
    return float(brentq(lambda p: float(exact_power(n, p, level)) - power, 0.5, 1.0, xtol=1e-10))


def votes_needed(
    preference: float,
    *,
    power: float = 0.8,
    level: float = 0.05,
    tie_share: float = 0.0,
    design_effect: float = 1.0,
) -> int:
    """Return how many votes two methods need, so that a preference is found with a power.

    As the power has teeth in n, the answer is the smallest number of deciding votes from which on
    the power is never again too low, as far as it is checked; see `MARGIN`.

    Args:
        preference: probability that A is preferred over B by someone who decides; 0.4 is as far
            from equal as 0.6.
        power: to reach.
        level: of the two-sided exact binomial test.
        tie_share: share of votes that are "can't say".
        design_effect: how many votes are worth one independent one, see `design_effect`.

    Returns:
        votes, ties among them.

    Raises:
        UserError: a value cannot be, or the preference is so near to 0.5 that no study finds it.
    """
    _check(power=power, level=level, tie_share=tie_share)
    if not 0 <= preference <= 1 or design_effect < 1:
        raise UserError(
            f"preference {preference} and design effect {design_effect}: give a probability, and "
            "1 or more"
        )
    p = max(preference, 1 - preference)
    spread = norm.isf(level / 2) / 2 + norm.isf(1 - power) * np.sqrt(p * (1 - p))
    about = (spread / (p - 0.5)) ** 2 if p > 0.5 else np.inf
    if not isfinite(about) or about > MOST_VOTES:
        raise UserError(
            f"preference {preference}: that is so close to 0.5 that it takes more than "
            f"{MOST_VOTES} votes; give one farther from 0.5"
        )
    top = ceil(about) + LEAST_VOTES
    while (last := _last_short(top, p, power, level)) > top / MARGIN:
        top *= 2
    return ceil(round((last + 1) * design_effect / (1 - tie_share), 6))


def design_effect(
    votes: float, participants: int, *, correlation: float = 0.0, tie_share: float = 0.0
) -> float:
    r"""Return how many votes on two methods are worth one independent vote.

    Kish's 1 + (k - 1) rho for clusters of k votes. As people have a whole number of votes each, k
    is the mean over votes of how many votes their person has on the same two methods,
    :math:`\sum_i k_i^2 / \sum_i k_i`, with votes dealt as evenly as can be; it is 1 where nobody
    has two. Ties thin it out: of k - 1 other votes (1 - ties) (k - 1) decide.

    Args:
        votes: on these two methods, ties among them.
        participants: who share them.
        correlation: rho, of two votes of one person on the same two methods, in [0, 1].
        tie_share: share of votes that are "can't say".

    Returns:
        1 or more.

    Source: L. Kish, "Survey Sampling", 1965, section 5.4.
    """
    if votes <= 0:
        return 1.0
    every, more = floor(votes / participants), votes % participants
    alike = ((participants - more) * every**2 + more * (every + 1) ** 2) / votes
    return 1 + (alike - 1) * (1 - tie_share) * correlation


def power_table(
    methods: int,
    votes: int,
    participants: int,
    *,
    power: float = 0.8,
    level: float = 0.05,
    tie_share: float = 0.0,
    correlation: float = 0.0,
) -> pd.DataFrame:
    """Tell which true preferences a study can find.

    Three plans: the votes are shared by every two methods, and one comparison is asked for alone;
    the same, with the level that the first step of Bonferroni-Holm gives the smallest of all
    p-values (level over comparisons); and all votes on one comparison. Each is given with votes
    taken as independent, and with votes of one person correlated.

    Args:
        methods: how many are compared.
        votes: of the whole study, ties among them.
        participants: who share them.
        power: to reach.
        level: of the two-sided exact binomial tests.
        tie_share: share of votes that are "can't say"; they are left out of the test.
        correlation: of two votes of one person on the same two methods, in [0, 1].

    Returns:
        one row per plan and correlation: plan; correlation; level of the one test; votes that the
        two methods get (rounded down); design effect; effective votes (after ties and design
        effect, rounded down); and preference, the smallest probability of preferring A over B, of
        those who decide, that is found with the power: NaN where none is. As the exact test's power
        has teeth, a few votes less can find a slightly smaller preference.

    Raises:
        UserError: a value cannot be.
    """
    _check(power=power, level=level, tie_share=tie_share, correlation=correlation)
    if methods < 2 or votes < 1 or participants < 1:
        raise UserError(
            f"{methods} methods, {votes} votes, {participants} participants: give two methods, "
            "one vote and one participant, or more"
        )
    comparisons = methods * (methods - 1) // 2
    plans = [
        ("every two methods, one comparison", votes // comparisons, level),
        ("every two methods, all comparisons (Holm)", votes // comparisons, level / comparisons),
        ("all votes on two methods", votes, level),
    ]
    rows = []
    for plan, share, own_level in plans:
        for rho in dict.fromkeys((0.0, correlation)):
            effect = design_effect(share, participants, correlation=rho, tie_share=tie_share)
            # Rounded first: 600 * (1 - 0.1) may come out as a hair less than 540.
            effective = floor(round(share * (1 - tie_share) / effect, 6))
            rows.append(
                {
                    "plan": plan,
                    "correlation": rho,
                    "level": own_level,
                    "votes": share,
                    "design_effect": effect,
                    "effective": effective,
                    "preference": least_preference(effective, power=power, level=own_level),
                }
            )
    return pd.DataFrame(rows)


def _critical(votes: npt.NDArray[np.int64], level: float) -> npt.NDArray[np.int64]:
    """Return the largest c with 2 P(X <= c) <= level at p = 1/2; -1 where there is none."""
    # The quantile is the smallest x with P(X <= x) >= level / 2: it is c itself, or c + 1.
    at = binom.ppf(level / 2, votes, 0.5)
    at = np.where(2 * binom.cdf(at, votes, 0.5) <= level, at, at - 1)
    found: npt.NDArray[np.int64] = at.astype(np.int64)
    return found


def _last_short(top: int, preference: float, power: float, level: float) -> int:
    """Return the largest number of votes up to ``top`` that has too little power, 0 if none."""
    for end in range(top, 0, -CHUNK):
        numbers = np.arange(max(1, end - CHUNK + 1), end + 1)
        short = np.flatnonzero(exact_power(numbers, preference, level) < power)
        if len(short):
            return int(numbers[short[-1]])
    return 0


def _check(*, power: float, level: float, tie_share: float = 0.0, correlation: float = 0.0) -> None:
    if not 0 < level < power < 1:
        raise UserError(f"level {level} and power {power}: give 0 < level < power < 1")
    if not 0 <= tie_share < 1:
        raise UserError(f"share of ties {tie_share}: give one from 0 to below 1")
    if not 0 <= correlation <= 1:
        raise UserError(f"correlation {correlation}: give one from 0 to 1")
