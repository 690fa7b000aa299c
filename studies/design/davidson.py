"""The model of Bradley and Terry, with ties after Davidson: strengths from counts of votes.

Method i has a strength π_i = exp(θ_i). Of i and j,

    P(i is preferred) = π_i / z,  P(j is preferred) = π_j / z,  P(tie) = ν √(π_i π_j) / z,

with z = π_i + π_j + ν √(π_i π_j) (Davidson, 1970, "On extending the Bradley-Terry model to
accommodate ties in paired comparison experiments", Journal of the American Statistical
Association 65(329), equations 2.3 and 2.4; Bradley and Terry, 1952, is ν = 0). Strengths are
known up to a factor, so the θ add up to zero. The log-likelihood is concave in θ and log ν.

Nothing but NumPy is needed here, since a voting page that chooses pairs while people wait uses it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

#: Imaginary votes of each of the three answers, for every two methods. Without them a method that
#: wins every vote would be infinitely strong. Of 40 votes for each two methods, as the published
#: study had, they are less than one in a hundred.
PRIOR = 0.1
#: A step of Newton's method that is shorter than this is the last one: what is left is about its
#: square.
_CLOSE = 1e-6
_MOST_STEPS = 500


class Strengths(NamedTuple):
    """What was estimated.

    Attributes:
        methods: (..., m), the log strengths θ, adding up to zero.
        tie: (...), log ν.
    """

    methods: Array
    tie: Array


def davidson(wins: Array, ties: Array, prior: float = PRIOR) -> Strengths:
    """Estimate strengths, for many sets of counts at once.

    Newton's method on the log-likelihood with ``prior`` imaginary votes added. A step is cut so
    that no two answers' log odds move by more than 1, which makes every step go up, without
    looking for how far (the third derivative is at most this movement times the second; Bach,
    2010, "Self-concordant analysis for logistic regression", Electronic Journal of Statistics 4,
    proposition 1).

    Args:
        wins: (..., m, m); [i, j] is how often i was preferred to j. The diagonal is not read.
        ties: (..., m, m), symmetric, each tie in both places.
        prior: imaginary votes of each of the three answers for every two methods, above 0. Less
            than a millionth is too little to hold strengths that the votes leave infinite.

    Raises:
        ValueError: ``prior`` is not above 0, which could have no finite answer.
        RuntimeError: the answer was not found in many steps, which should not happen.
    """
    if not prior > 0:
        raise ValueError(f"prior is {prior}; it must be above 0")
    size = wins.shape[-1]
    apart = 1 - np.eye(size)
    wins, ties = (wins + prior) * apart, (ties + prior) * apart
    votes = wins + wins.swapaxes(-1, -2) + ties
    # What i won more than it lost: the data's part of the gradient.
    lead = (wins - wins.swapaxes(-1, -2)).sum(axis=-1) / 2
    found = np.zeros((*wins.shape[:-2], size + 1))
    for _ in range(_MOST_STEPS):
        won, tied = pair_chances(found[..., :size], found[..., size])
        gap = won - won.swapaxes(-1, -2)
        gradient = np.concatenate(
            [
                lead - (votes * gap).sum(axis=-1) / 2,
                (ties - votes * tied).sum(axis=(-1, -2))[..., None] / 2,
            ],
            axis=-1,
        )
        step = np.linalg.solve(information(votes, gap, tied), gradient[..., None])[..., 0]
        across = np.ptp(step[..., :size], axis=-1)
        moved = np.maximum(across, np.abs(step[..., size]) + across / 2)
        found = found + step / np.maximum(moved, 1)[..., None]
        if np.all(moved < _CLOSE):
            return Strengths(found[..., :size], found[..., size])
    raise RuntimeError(f"no strengths found in {_MOST_STEPS} steps")


def pair_chances(strengths: Array, tie: Array) -> tuple[Array, Array]:
    """Return the chances that i is preferred to j and that they tie, each (..., m, m).

    Args:
        strengths: (..., m), θ.
        tie: (...), log ν.
    """
    half = (strengths[..., :, None] - strengths[..., None, :]) / 2
    up, level = np.exp(half), np.exp(tie)[..., None, None]
    whole = up + up.swapaxes(-1, -2) + level
    return up / whole, level / whole


def information(votes: Array, gap: Array, tied: Array) -> Array:
    """Return minus the second derivative of the log-likelihood, (..., m + 1, m + 1).

    A vote's part is the variance of (who is preferred, ± 1/2; is it a tie). One is added to
    every place of the strengths' block: it changes nothing that adds up to zero, and makes the
    block invertible.
    """
    size = votes.shape[-1]
    between = votes * ((1 - tied) - gap**2) / 4
    crossed = (votes * gap * tied).sum(axis=-1) / 2
    found = np.empty((*votes.shape[:-2], size + 1, size + 1))
    found[..., :size, :size] = 1 - between + np.eye(size) * between.sum(axis=-1)[..., None]
    found[..., :size, size] = found[..., size, :size] = -crossed
    found[..., size, size] = (votes * tied * (1 - tied)).sum(axis=(-1, -2)) / 2
    return found
