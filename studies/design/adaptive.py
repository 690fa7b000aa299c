"""Adaptive pairs: which two methods are shown next, where that is not fixed before the study.

The pair is taken of which one more vote is expected to make the strengths surest. With the
posterior of the strengths taken as normal around its mode (Laplace's approximation), its covariance
S is the inverse of the information of the votes so far, and one vote on i and j adds its own
information F_ij. Its gain is by how much the summed variance of the strengths falls,

    tr S - tr (S⁻¹ + F_ij)⁻¹    (the strengths' part of both),

the expected information of Bayesian A-optimal design (Chaloner and Verdinelli, 1995, "Bayesian
experimental design: a review", Statistical Science 10(3), section 2.2). Glickman and Jensen (2005,
"Adaptive paired comparison design", Journal of Statistical Planning and Inference 127) choose pairs
so, one after another, with the entropy of the posterior (the determinant of S, D-optimality), as
do Li et al. (2018, "Hybrid-MST: a hybrid active sampling strategy for pairwise preference
aggregation", NeurIPS 31). The trace is taken here, because it is what intervals show: by the
determinant, intervals of methods that are not far apart get wider than by a fixed plan.

The model is that of the analysis, with ties (`studies.design.davidson`).
Votes that are still to come of pairs already given out count as if they told what is expected of
them. So people who answer at the same moment are not all shown the same pair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from math import ceil

import numpy as np

from studies.design.balance import unit_of
from studies.design.comparisons import Unit
from studies.design.davidson import Array, Strengths, davidson, information, pair_chances
from studies.design.trial import Side, Stimuli, Trial

#: Imaginary votes of each of the three answers for every two methods, where pairs are chosen. More
#: than in the analysis: after a few votes the strengths are hardly known, and no pair shall be
#: taken for decided because of three of them.
CAUTION = 0.5
#: So that the share is not drawn by the same numbers as the plan.
_SALT = 2005


def expected_gains(wins: Array, ties: Array, waiting: Array) -> Array:
    """Return by how much one more vote of every two methods is expected to make strengths surer.

    Args:
        wins: (..., m, m), as `studies.design.davidson.davidson` has them; of several questions, one
            table each, and the gains are added.
        ties: (..., m, m), likewise.
        waiting: (m, m), symmetric: how often every two methods were given out and not answered yet.

    Returns:
        (m, m), symmetric, zero on the diagonal.
    """
    found = davidson(wins, ties, CAUTION)
    return gains_at(found, wins + wins.swapaxes(-1, -2) + ties + waiting)


def gains_at(strengths: Strengths, votes: Array) -> Array:
    """Return the same for strengths that are known.

    Args:
        strengths: of the methods, (..., m).
        votes: (..., m, m), symmetric: how often every two methods met.
    """
    size = votes.shape[-1]
    votes = (votes + 3 * CAUTION) * (1 - np.eye(size))
    first, second = np.triu_indices(size, 1)
    pair = np.arange(len(first))
    more = np.zeros((len(first), size, size))
    more[pair, first, second] = more[pair, second, first] = 1
    found = np.zeros(votes.shape)
    before, after = (
        variances(strengths, asked).sum(axis=-1)
        for asked in (votes[..., None, :, :], votes[..., None, :, :] + more)
    )
    found[..., first, second] = found[..., second, first] = before - after
    return np.asarray(found.sum(axis=tuple(range(found.ndim - 2))), dtype=np.float64)


def variances(strengths: Strengths, votes: Array) -> Array:
    """Return the variances of strengths that add up to zero, for k numbers of votes, (..., k, m).

    Args:
        strengths: (..., m).
        votes: (..., k, m, m), symmetric, zero on the diagonal: how often every two methods met.
    """
    size = votes.shape[-1]
    won, tied = pair_chances(strengths.methods, strengths.tie)
    gap = won - won.swapaxes(-1, -2)
    told = information(votes, gap[..., None, :, :], tied[..., None, :, :])
    found = np.diagonal(np.linalg.inv(told), axis1=-2, axis2=-1)[..., :size]
    # The information holds the sum of the strengths down by 1, see there.
    return np.asarray(found - 1 / size**2, dtype=np.float64)


@dataclass(frozen=True)
class SoFar:
    """What was shown in a study when a pair is chosen.

    Attributes:
        lefts: (m, m), how often i stands on the left of j, in all counted trials whose pair is
            known.
        modes: (method, mode) -> in how many of these trials it is.
    """

    lefts: Array
    modes: Mapping[tuple[str, str], int]


def choose_pair(
    trial: Trial,
    seen: Collection[Unit],
    gains: Array,
    so_far: SoFar,
    stimuli: Stimuli,
    random: np.random.Generator,
) -> Trial:
    """Fill in the two methods of an open trial; its pictures stay.

    The pair with the largest gain of which the participant has not seen every output on these
    pictures; of these outputs those that were shown least; and on the left the method that stood
    there less often, of the two or else of all. Chance decides between equals.

    Args:
        trial: its pair is open.
        seen: what else this participant sees, except for trials that are open.
        gains: see `expected_gains`.
        so_far: what was shown.
        stimuli: what can be shown.
        random: decides between equals.
    """
    pictures = (trial.content, trial.style)
    free = [
        Unit(*pictures, meeting, modes)
        for meeting in combinations(stimuli.methods, 2)
        for modes in product(*(stimuli.outputs[(*pictures, label)] for label in meeting))
    ]
    free = [unit for unit in free if unit not in seen] or free
    number = {label: at for at, label in enumerate(stimuli.methods)}

    def rank(unit: Unit) -> tuple[float, int, float]:
        shown = sum(
            so_far.modes.get(each, 0) for each in zip(unit.methods, unit.modes, strict=True)
        )
        gain = gains[number[unit.methods[0]], number[unit.methods[1]]]
        # Gains that differ by rounding alone are equal.
        return -round(float(gain), 9), shown, random.random()

    unit = min(free, key=rank)
    a, b = (number[label] for label in unit.methods)
    more = so_far.lefts[a, b] - so_far.lefts[b, a] or (
        (so_far.lefts[a] - so_far.lefts[:, a]).sum() - (so_far.lefts[b] - so_far.lefts[:, b]).sum()
    )
    first_left = bool(more < 0) if more else random.random() < 0.5
    sides = [Side("output", *side) for side in zip(unit.methods, unit.modes, strict=True)]
    left, right = sides if first_left else reversed(sides)
    return replace(trial, left=left, right=right, pair="adaptive")


def unit_shown(trial: Trial, methods: Sequence[str]) -> Unit:
    """Return the comparison of a trial of two outputs, its methods in the order of the study's."""
    first, second = sorted((trial.left, trial.right), key=lambda side: methods.index(side.method))
    return Unit(
        trial.content, trial.style, (first.method, second.method), (first.mode, second.mode)
    )


def open_pairs(
    design: Sequence[Sequence[Trial]], random_share: float, seed: int
) -> list[list[Trial]]:
    """Leave open which two methods stand in a part of the counted trials of a plan.

    The other trials, the random share, stay as they were planned: equally many of each participant,
    to within 1. Those are taken first whose two pictures are in the share of others already, so
    that the share has several judges of one comparison; then those whose two methods are in it
    least often. A repeat of an open trial is open too.

    Args:
        design: one list of trials per participant.
        random_share: of the counted trials, above 0.
        seed: decides between equals.
    """
    random = np.random.default_rng([seed, _SALT])
    met: Counter[frozenset[str]] = Counter()
    judged: Counter[object] = Counter()
    asked = 0
    found = []
    for trials in design:
        votes = [at for at, trial in enumerate(trials) if trial.kind == "vote"]
        before, asked = asked, asked + len(votes)
        kept: set[int] = set()
        for _ in range(_share_of(asked, random_share) - _share_of(before, random_share)):
            waiting = [at for at in votes if at not in kept]
            luck = dict(zip(waiting, random.random(len(waiting)), strict=True))
            at = min(
                waiting,
                key=lambda at: (
                    not judged[unit_of(trials[at])], met[_methods(trials[at])], luck[at]
                ),
            )  # fmt: skip
            kept.add(at)
            met[_methods(trials[at])] += 1
            judged[unit_of(trials[at])] += 1
        open_ones = set(votes) - kept
        found.append(
            [
                replace(trial, pair="open")
                if at in open_ones or (trial.kind == "repeat" and trial.repeats in open_ones)
                else trial
                for at, trial in enumerate(trials)
            ]
        )
    return found


def _share_of(votes: int, share: float) -> int:
    return ceil(votes * share - 1e-9)


def _methods(trial: Trial) -> frozenset[str]:
    return frozenset((trial.left.method, trial.right.method))
