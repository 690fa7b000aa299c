"""How strong each method is, where several are shown at a time: the model of Plackett and Luce.

Method i has a strength π_i = exp(θ_i). Of the methods S that are shown, i is the best with

    P(i is the best of S) = π_i / Σ_{k in S} π_k

(Luce, 1959, "Individual choice behavior"; McFadden's conditional logit). An order of all of S is as
if its best were chosen, then the best of the rest, and so on (Plackett, 1975, "The analysis of
permutations", Journal of the Royal Statistical Society C 24(2), equation 3). Of two methods this is
the model of Bradley and Terry, so strengths are on the same scale as those of
`studies.analysis.strengths`, and add up to zero as they do. The log-likelihood is concave in θ.

As there, strengths are those of the population's answers, and a few imaginary votes on every two
methods keep them finite.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import csgraph
from scipy.special import expit, softmax

from eval.analysis.crossed import Array
from studies.analysis.clusters import Codes
from studies.design.davidson import PRIOR

#: A step of Newton's method that is shorter than this is the last one: what is left is about its
#: square.
_CLOSE = 1e-7
_MOST_STEPS = 500


def plackett_luce(
    orders: Codes,
    stages: int,
    size: int,
    weights: Array | None = None,
    prior: float = PRIOR,
) -> Array:
    """Estimate strengths by Newton's method.

    A step is cut so that no two strengths move apart by more than 1, which makes every step go up;
    see `studies.design.davidson.davidson`.

    Args:
        orders: (V, n), methods of each vote as numbers, the best first.
        stages: of each order, how many places are known: 1 of a choice of the best, n - 1 of a
            whole order.
        size: m methods.
        weights: (V,) of the votes; 1 if None.
        prior: imaginary wins of each of every two methods over the other, above 0.

    Returns:
        (m,), θ, adding up to zero.

    Raises:
        ValueError: ``prior`` is not above 0, which could have no finite answer.
        RuntimeError: the answer was not found in many steps, which should not happen.
    """
    if not prior > 0:
        raise ValueError(f"prior is {prior}; it must be above 0")
    weights = np.ones(len(orders)) if weights is None else weights
    found = np.zeros(size)
    for _ in range(_MOST_STEPS):
        scores, information = derivatives(orders, stages, found, weights, prior)
        lost = expit(found[None, :] - found[:, None])
        score = weights @ scores + prior * (lost - lost.T).sum(axis=1)
        step = np.linalg.solve(information, score)
        moved = np.ptp(step)
        found = found + step / max(moved, 1.0)
        if moved < _CLOSE:
            return np.asarray(found - found.mean(), dtype=np.float64)
    raise RuntimeError(f"no strengths found in {_MOST_STEPS} steps")


def derivatives(
    orders: Codes, stages: int, at: Array, weights: Array, prior: float = PRIOR
) -> tuple[Array, Array]:
    """Return each vote's gradient, (V, m), and minus the second derivative of all, (m, m).

    At each stage a vote's part of the latter is the variance of which method is taken. One is
    added to every place: it changes nothing that adds up to zero, and makes the whole invertible.

    Args:
        orders: see `plackett_luce`.
        stages: likewise.
        at: (m,), θ.
        weights: likewise.
        prior: likewise; it is in the second derivative only.
    """
    size = len(at)
    marks = np.eye(size)[orders]
    scores = np.zeros((len(orders), size))
    information = np.ones((size, size))
    for stage in range(stages):
        chances = softmax(at[orders[:, stage:]], axis=1)
        expected = np.einsum("vk,vkm->vm", chances, marks[:, stage:])
        scores += marks[:, stage] - expected
        information += np.diag(weights @ expected) - (expected * weights[:, None]).T @ expected
    won = expit(at[:, None] - at[None, :])
    between = 2 * prior * won * (1 - won) * (1 - np.eye(size))
    return scores, information + np.diag(between.sum(axis=1)) - between


def chances_of(strengths: Array, orders: Codes, stages: int) -> Array:
    """Return the chances of answers.

    Args:
        strengths: (..., m), θ.
        orders: (V, n), see `plackett_luce`.
        stages: likewise.

    Returns:
        (..., V).
    """
    found = np.ones((*strengths.shape[:-1], len(orders)))
    for stage in range(stages):
        found = found * softmax(strengths[..., orders[:, stage:]], axis=-1)[..., 0]
    return found


def wins_of(orders: Codes, stages: int, size: int) -> Array:
    """Return how often each method was taken where another was there too, (m, m)."""
    wins = np.zeros((size, size))
    for stage in range(stages):
        for later in range(stage + 1, orders.shape[1]):
            np.add.at(wins, (orders[:, stage], orders[:, later]), 1)
    return wins


def finite(wins: Array) -> bool:
    """Tell whether the votes alone, without the prior, give finite strengths.

    They do if and only if, however the methods are put into two groups, one of each group was
    taken before one of the other (Hunter, 2004, "MM algorithms for generalized Bradley-Terry
    models", The Annals of Statistics 32(1), assumption 1).

    Args:
        wins: (m, m), see `wins_of`.
    """
    groups: int = csgraph.connected_components(wins > 0, directed=True, connection="strong")[0]
    return groups == 1
