"""What a number of votes can find: power of the test by which two methods are told apart.

The test is that of `studies.analysis.clusters.crossed_shares`: Student's t of a share against one
half, with people, contents and styles drawn at random. What makes votes worth less is counted:
people who leave or are left out, "can't say", and votes that resemble one another since they are of
one person, one content, one style, or one pair of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import brentq
from scipy.stats import chi2, norm, t

from eval.analysis.crossed import LEAST_CLUSTERS, Array

#: Shares of the pictures' variance that belong to contents, to styles, and to single pairs; about
#: what measures of the outputs have.
PARTS = (0.2, 0.5, 0.3)
#: Points of the quadrature over pictures.
_NODES = 40
#: Quantiles over which a noncentral t is averaged.
_QUANTILES = 200
#: A preference above this is not looked for.
_MOST = 0.9999


class Assumptions(BaseModel):
    """What votes are like, and on what. The defaults are guesses to be on the safe side with.

    Attributes:
        ties: share of votes that are "can't say".
        dropout: share of the votes that is lost: people who leave, or fail the catch trials.
        correlation: of two votes of one person on the same two methods. People whose log strengths
            deviate by 0.5 have about 0.1.
        pictures: standard deviation of each method's log strength between pictures, in parts that
            contents, styles and pairs have (`PARTS`).
        contents: how many there are.
        styles: how many there are.
        judges: how many people see the same two pictures.
    """

    model_config = ConfigDict(frozen=True)

    ties: float = Field(default=0.15, ge=0, lt=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    correlation: float = Field(default=0.1, ge=0, le=1)
    pictures: float = Field(default=0.5, ge=0)
    contents: int = Field(default=15, ge=1)
    styles: int = Field(default=20, ge=1)
    judges: int = Field(default=3, ge=1)


#: Votes as if each were alone, as published studies take them.
INDEPENDENT = Assumptions(ties=0, dropout=0, correlation=0, pictures=0)


@dataclass(frozen=True)
class Worth:
    """What the votes on two methods are worth.

    Attributes:
        decisive: votes that decide.
        variance: of the share, by how much it is larger than were they independent.
        seen: the same as the analysis estimates it: a little larger, since parts below zero are
            taken as none.
        freedom: degrees of freedom of the test.
    """

    decisive: float
    variance: float
    seen: float
    freedom: float


def alike(votes: float, clusters: float) -> float:
    """Return how many votes the cluster of a vote has on average, itself among them.

    The sum of n_i² over the sum of n_i, with votes dealt to clusters as evenly as can be: Kish's k
    in the design effect 1 + (k - 1) rho (1965, "Survey Sampling", section 5.4).
    """
    if votes <= 1:
        return 1.0
    each, more = floor(votes / clusters), votes % clusters
    return ((clusters - more) * each**2 + more * (each + 1) ** 2) / votes


def picture_correlations(preference: float, deviation: float) -> Array:
    """Return the correlations of two votes on one content, on one style, and on one pair, (3,).

    The variance between pictures of the chance to be preferred, over that of a single vote. A
    pair's correlation is what comes to the content's and the style's.

    Args:
        preference: p, of those who decide, in (0, 1).
        deviation: of each method's log strength between pictures.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    middle = np.log(preference / (1 - preference))
    spread = np.sqrt(2 * np.array(PARTS))[:, None] * deviation
    chances = 1 / (1 + np.exp(-(middle + spread * nodes)))
    weights = weights / weights.sum()
    found = (chances**2) @ weights - (chances @ weights) ** 2
    return np.asarray(found / (preference * (1 - preference)), dtype=np.float64)


def worth(votes: float, participants: int, preference: float, given: Assumptions) -> Worth:
    """Return what the votes on two methods are worth.

    Args:
        votes: on the two, asked for.
        participants: who share them.
        preference: p, of those who decide.
        given: what they are like.
    """
    kept = (1 - given.dropout) * (1 - given.ties)
    correlations = picture_correlations(preference, given.pictures)
    return worth_of(votes, participants, kept, correlations, given)


def worth_of(
    votes: float, participants: int, kept: float, correlations: Array, given: Assumptions
) -> Worth:
    """Return what some votes are worth.

    Args:
        votes: asked for.
        participants: who share them.
        kept: share of the votes that decide.
        correlations: of two votes on one content, on one style, and on one pair, (3,).
        given: what they are like.
    """
    decisive = votes * kept
    people = max(participants * (1 - given.dropout), 1.0)
    pairs = min(ceil(votes / given.judges), given.contents * given.styles)
    on_content, on_style, on_pair = correlations
    # Ties thin out clusters as they thin out votes.
    person = 1 + (alike(votes, participants) - 1) * kept * given.correlation
    pair = (alike(votes, pairs) - 1) * kept * on_pair
    variance, seen = person + pair, person
    squares = person**2 / max(min(people, decisive) - 1, 1)
    for number, correlation in ((given.contents, on_content), (given.styles, on_style)):
        levels = min(number, pairs)
        if levels < LEAST_CLUSTERS:  # the analysis then speaks of these pictures only
            continue
        more = (alike(votes, levels) - 1) * kept * correlation
        variance += more
        # What is estimated is this and the pairs' part, with an error, and no less than nothing.
        mean, error = more + pair, np.sqrt(2 / (levels - 1)) * (1 + more + pair)
        part = mean * norm.cdf(mean / error) + error * norm.pdf(mean / error)
        seen += part
        squares += part**2 / (levels - 1)
    return Worth(decisive, variance, seen, seen**2 / squares)


def power_of(
    votes: float, participants: int, preference: float, given: Assumptions, level: float = 0.05
) -> float:
    """Return the chance that two methods are told apart.

    Args:
        votes: on the two, asked for.
        participants: who share them.
        preference: p, the share of those who decide that prefer one of the two, in (0, 1).
        given: what votes are like.
        level: of the two-sided test.
    """
    found = worth(votes, participants, preference, given)
    if found.decisive < LEAST_CLUSTERS:
        return 0.0
    error = np.sqrt(preference * (1 - preference) * found.variance / found.decisive)
    seen = np.sqrt(0.25 * found.seen / found.decisive)
    return found_with(abs(preference - 0.5), float(error), float(seen), found.freedom, level)


def found_with(effect: float, error: float, seen: float, freedom: float, level: float) -> float:
    """Return the power of a two-sided t test.

    Args:
        effect: what there is to find, 0 or more.
        error: standard deviation of its estimate.
        seen: the same as the test estimates it, on average.
        freedom: degrees of freedom.
        level: of the test.
    """
    bound, away = t.isf(level / 2, freedom) * seen / error, effect / error
    # Noncentral t, over the quantiles of its denominator: scipy's own is not found far out.
    errors = np.sqrt(chi2.ppf((np.arange(_QUANTILES) + 0.5) / _QUANTILES, freedom))
    bounds = bound * errors / np.sqrt(freedom)
    return float((norm.sf(bounds - away) + norm.cdf(-bounds - away)).mean())


def least_preference(
    votes: float, participants: int, given: Assumptions, *, power: float = 0.8, level: float = 0.05
) -> float:
    """Return the smallest preference that is found with a power; NaN where none is.

    Args:
        votes: on the two methods, asked for.
        participants: who share them.
        given: what votes are like.
        power: to reach.
        level: of the two-sided test.
    """

    def short(preference: float) -> float:
        return power_of(votes, participants, preference, given, level) - power

    if short(_MOST) < 0:
        return float("nan")
    return float(brentq(short, 0.5 + 1e-9, _MOST, xtol=1e-6))


def power_table(
    methods: int,
    votes: int,
    participants: int,
    given: Assumptions,
    *,
    power: float = 0.8,
    level: float = 0.05,
) -> pd.DataFrame:
    """Tell which true preferences a study can find.

    Three plans: the votes are shared by every two methods, and two are told apart from among all of
    them (the level is divided by the number of comparisons, as the report does); the same, with the
    two named before the first vote; and all votes on two methods. Each is given as assumed, and as
    if votes were independent.

    Args:
        methods: how many are compared.
        votes: of the whole study, asked for.
        participants: who share them.
        given: what votes are like.
        power: to reach.
        level: of the two-sided tests, before it is divided.

    Returns:
        one row per plan and assumption: ``plan``; ``assumed``; ``level`` of the one test; ``votes``
        on the two methods (rounded down); ``worth``, how many independent decisive votes would be
        as good, at the preference that is found, or at three quarters where none is; and
        ``preference``, the smallest share of those who decide that is found with the power.
    """
    comparisons = methods * (methods - 1) // 2
    plans = [
        ("every two methods, told apart from among all", votes // comparisons, level / comparisons),
        ("every two methods, two named before", votes // comparisons, level),
        ("all votes on two methods", votes, level),
    ]
    rows = []
    for plan, share, own_level in plans:
        for assumed, what in (("as assumed", given), ("independent votes", INDEPENDENT)):
            found = least_preference(share, participants, what, power=power, level=own_level)
            value = worth(share, participants, found if found == found else 0.75, what)
            rows.append(
                {
                    "plan": plan,
                    "assumed": assumed,
                    "level": own_level,
                    "votes": share,
                    "worth": value.decisive / value.variance,
                    "preference": found,
                }
            )
    return pd.DataFrame(rows)
