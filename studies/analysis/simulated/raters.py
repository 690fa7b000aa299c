"""Simulated people who rate single pictures: to see whether an analysis finds what is so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from eval.analysis.crossed import Array
from studies.analysis.simulated.people import ALIKE, Shifts, draw_shifts, every_pair, shifts_of
from studies.design.trial import NOTHING, Side, Trial

#: Points of the quadrature over people and pictures.
_NODES = 80


@dataclass(frozen=True)
class Raters:
    """A population that rates by the model of `studies.analysis.cumulative_link`.

    Attributes:
        strengths: of each method, by label.
        thresholds: between marks, ascending; one less than there are marks.
        offset: standard deviation, between people, of how highly they rate everything.
        spread: standard deviation, between people, of each strength.
        pictures: as `studies.analysis.simulated.voters.Voters.pictures`.
        lapse: share of marks given without looking, each mark with equal chances.
    """

    strengths: Mapping[str, float]
    thresholds: tuple[float, ...]
    offset: float = 0.0
    spread: float = 0.0
    pictures: float = 0.0
    lapse: float = 0.0

    def one(self, random: np.random.Generator) -> Rater:
        """Draw a person."""
        offset = self.offset * random.normal()
        own = {
            label: strength + offset + self.spread * random.normal()
            for label, strength in self.strengths.items()
        }
        return Rater(self, own)

    def on_pictures(self, design: Sequence[Sequence[Trial]], seed: int) -> Shifts:
        """Draw by how much strengths differ on each picture; see `draw_shifts`."""
        return draw_shifts(len(self.strengths), self.pictures, design, seed)

    def chances(self, methods: Sequence[str]) -> Array:
        """Return the chance of each mark for each method in the whole population, (m, K).

        What differs between people and pictures is normal, and integrated by Gauss-Hermite
        quadrature.
        """
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        scale = np.sqrt(self.offset**2 + self.spread**2 + self.pictures**2)
        strength = np.array([self.strengths[label] for label in methods])
        latent = strength[:, None, None] + scale * nodes[None, :, None]
        inside = expit(np.array(self.thresholds)[None, None, :] - latent)
        below = np.einsum("ink,n->ik", inside, weights / weights.sum())
        found = np.diff(below, axis=1, prepend=0, append=1)
        return np.asarray((1 - self.lapse) * found + self.lapse / found.shape[1])


@dataclass(frozen=True)
class Rater:
    """One person.

    Attributes:
        raters: the population they are drawn from.
        strengths: of each method to this person.
    """

    raters: Raters
    strengths: Mapping[str, float]

    def answer(
        self,
        trial: Trial,
        random: np.random.Generator,
        on_pictures: Shifts = ALIKE,
    ) -> str:
        """Give a mark; the lowest where there is a right answer."""
        marks = len(self.raters.thresholds) + 1
        if random.random() < self.raters.lapse:
            return str(1 + random.integers(marks))
        if trial.expected:
            return "1"
        latent = self.strengths[trial.left.method] + random.logistic()
        place = list(self.strengths).index(trial.left.method)
        for shift in shifts_of(trial, on_pictures):
            latent += shift[place]
        return str(1 + int(np.searchsorted(self.raters.thresholds, latent)))


def even_ratings(
    methods: Sequence[str],
    participants: int,
    trials: int,
    seed: int = 0,
    pictures: tuple[int, int] = (1, 1),
) -> list[list[Trial]]:
    """Return a plain balanced design of counted ratings.

    Every method is rated equally often by everybody, up to one rating. It goes through the pairs
    of pictures in an order of its own.

    Args:
        methods: labels.
        participants: how many.
        trials: of each.
        seed: of the order.
        pictures: how many contents and styles, of which every pair is shown.
    """
    random = np.random.default_rng(seed)
    pairs = every_pair(pictures)
    orders = {label: random.permutation(len(pairs)) for label in methods}
    used = dict.fromkeys(methods, 0)
    found: list[list[Trial]] = []
    hand: list[str] = []
    for _ in range(participants):
        own: list[Trial] = []
        while len(own) < trials:
            hand = hand or [methods[at] for at in random.permutation(len(methods))]
            label = hand.pop()
            content, style = pairs[orders[label][used[label] % len(pairs)]]
            used[label] += 1
            own.append(Trial("vote", content, style, Side("output", label, "0"), NOTHING))
        found.append(own)
    return found
