"""How highly each method is rated: a cumulative link model of marks on a scale.

Of method i, mark k or a lower one is given with

    P(Y ≤ k) = 1 / (1 + exp(θ_i - τ_k)),  k = 1 ... K - 1,

the proportional odds model (McCullagh, 1980, "Regression models for ordinal data", Journal of the
Royal Statistical Society B 42(2), equation 2.2). θ is the method's strength, τ are thresholds
between marks, the same for all methods. Both are known up to a shift, so the θ add up to zero. The
log-likelihood is concave (Pratt, 1981, "Concavity of the log likelihood", Journal of the American
Statistical Association 76(373)).

As in `studies.analysis.strengths`, strengths are those of the population's answers, and intervals
take people, contents and styles as drawn at random. So they need no model of how people differ in
their use of the scale.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csgraph
from scipy.special import expit, logit

from eval.analysis.crossed import Array

#: Imaginary votes of each mark for every method. Without them a method that always has the highest
#: mark would be infinitely strong. Of 100 votes for each method, as a study of the default size
#: has, they are half a vote.
PRIOR = 0.1
#: A step of Newton's method that is shorter than this is the last one, or one that promises to
#: raise the log-likelihood by less than this squared.
_CLOSE = 1e-7
_MOST_STEPS = 200


class Marks(NamedTuple):
    """What was estimated.

    Attributes:
        methods: (m,), the strengths θ, adding up to zero.
        thresholds: (K - 1,), τ, ascending.
    """

    methods: Array
    thresholds: Array


def cumulative(counts: Array, prior: float = PRIOR) -> Marks:
    """Estimate strengths and thresholds by Newton's method.

    Args:
        counts: (m, K), how often each method had each mark.
        prior: imaginary votes of each mark for every method, above 0.

    Raises:
        ValueError: ``prior`` is not above 0, which could have no finite answer.
        RuntimeError: the answer was not found in many steps, which should not happen.
    """
    if not prior > 0:
        raise ValueError(f"prior is {prior}; it must be above 0")
    counts = counts + prior
    size = len(counts)
    below = counts.sum(axis=0).cumsum()[:-1] / counts.sum()
    found = np.concatenate([np.zeros(size), logit(below)])
    reached = _likelihood(counts, found)
    for _ in range(_MOST_STEPS):
        score, information = derivatives(counts, found)
        step = np.linalg.solve(information, score)
        while (now := _likelihood(counts, found + step)) < reached - 1e-9 * abs(reached):
            step = step / 2
        found, reached = found + step, now
        if np.abs(step).max() < _CLOSE or score @ step < _CLOSE**2:
            return Marks(found[:size], found[size:])
    raise RuntimeError(f"no strengths found in {_MOST_STEPS} steps")


def mark_chances(found: Marks) -> Array:
    """Return the chance of each mark for each method, (m, K)."""
    below = _below(found.methods, found.thresholds)
    return np.diff(below, axis=1)


def _below(methods: Array, thresholds: Array) -> Array:
    """Return the chances of less than each mark, (m, K + 1), from 0 to 1."""
    inside = expit(thresholds[None, :] - methods[:, None])
    ends = np.zeros((len(methods), 1)), np.ones((len(methods), 1))
    return np.concatenate([ends[0], inside, ends[1]], axis=1)


def _likelihood(counts: Array, found: Array) -> float:
    size = len(counts)
    chances = np.diff(_below(found[:size], found[size:]), axis=1)
    if not (chances > 0).all():
        return -np.inf
    return float((counts * np.log(chances)).sum())


def scores(found: Marks) -> Array:
    """Return the derivative of each mark's log chance, (m, K, m + K - 1): first θ, then τ."""
    size, marks = len(found.methods), len(found.thresholds) + 1
    below = _below(found.methods, found.thresholds)
    slope, chance = below * (1 - below), np.diff(below, axis=1)
    each = np.zeros((size, marks, size + marks - 1))
    rows = np.arange(size)
    for mark in range(marks):
        each[rows, mark, rows] = below[:, mark] + below[:, mark + 1] - 1
        if mark < marks - 1:
            each[:, mark, size + mark] = slope[:, mark + 1] / chance[:, mark]
        if mark > 0:
            each[:, mark, size + mark - 1] = -slope[:, mark] / chance[:, mark]
    return each


def derivatives(counts: Array, found: Array) -> tuple[Array, Array]:
    """Return the gradient of the log-likelihood, and minus its second derivative.

    One is added to every place of the strengths' block: it changes nothing that adds up to zero,
    and makes the whole invertible.
    """
    size, marks = counts.shape
    at = Marks(found[:size], found[size:])
    each = scores(at)
    score = np.einsum("ik,ikd->d", counts, each)
    below = _below(*at)
    slope = below * (1 - below)
    bend, chance = slope * (1 - 2 * below), np.diff(below, axis=1)
    information = np.einsum("ik,ikd,ike->de", counts, each, each)
    # What is left of the second derivative: of the chance itself, by both of its ends.
    for mark in range(marks):
        for end, sign in ((mark + 1, 1), (mark, -1)):
            weight = sign * counts[:, mark] * bend[:, end] / chance[:, mark]
            information[np.arange(size), np.arange(size)] -= weight
            if 0 < end < marks:
                place = size + end - 1
                information[place, place] -= weight.sum()
                information[:size, place] += weight
                information[place, :size] += weight
    information[:size, :size] += 1
    return score, information


def finite(counts: Array) -> bool:
    """Tell whether the ratings alone, without the prior, give finite strengths.

    They do not where the likelihood goes on rising in some direction: each vote of mark k for
    method i then asks that the method does not rise above the threshold over k, nor fall below
    the one under it. Nothing can move if and only if these demands lead from everything to
    everything. Marks that nobody gave are left out.

    Args:
        counts: (m, K), of methods that were rated.
    """
    used = counts[:, counts.sum(axis=0) > 0]
    size, marks = used.shape
    if marks < 2:
        return False
    demands = np.zeros((size + marks - 1, size + marks - 1))
    demands[:size, size:] = used[:, :-1]
    demands[size:, :size] = used[:, 1:].T
    return bool(csgraph.connected_components(demands > 0, connection="strong")[0] == 1)
