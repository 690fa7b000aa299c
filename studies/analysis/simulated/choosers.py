"""Simulated people who choose the best of several pictures, or put them in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np
from scipy.stats import norm, qmc

from eval.analysis.crossed import Array
from studies.analysis.plackett_luce import chances_of, plackett_luce
from studies.analysis.simulated.people import ALIKE, Shifts, draw_shifts, every_pair, shifts_of
from studies.design.trial import LAST, LETTERS, Side, Trial

#: The population is integrated over 2 to this power points.
_POINTS = 12


class Truth(NamedTuple):
    """What the whole population answers.

    Attributes:
        strengths: (m,), of the model that fits best.
        first: (m,), share in which each is the best of those shown.
        place: (m,), mean place, 1 being the best.
    """

    strengths: Array
    first: Array
    place: Array


@dataclass(frozen=True)
class Choosers:
    """A population that answers by the model of `studies.analysis.plackett_luce`.

    Attributes:
        strengths: log strength of each method, by label.
        whole: they put all in order; if not, they choose the best.
        spread: people differ: standard deviation, between people, of each log strength.
        pictures: as `studies.analysis.simulated.voters.Voters.pictures`.
        lapse: share of answers given without looking, each with equal chances.
    """

    strengths: Mapping[str, float]
    whole: bool
    spread: float = 0.0
    pictures: float = 0.0
    lapse: float = 0.0

    def one(self, random: np.random.Generator) -> Chooser:
        """Draw a person."""
        own = {
            label: strength + self.spread * random.normal()
            for label, strength in self.strengths.items()
        }
        return Chooser(self, own)

    def on_pictures(self, design: Sequence[Sequence[Trial]], seed: int) -> Shifts:
        """Draw by how much strengths differ on each picture; see `draw_shifts`."""
        return draw_shifts(len(self.strengths), self.pictures, design, seed)

    def truth(self, shown: int) -> Truth:
        """Return what the population answers where every few methods are shown equally often.

        What differs between people and pictures is normal, and integrated over a Sobol sequence.

        Args:
            shown: how many are shown at a time.
        """
        size = len(self.strengths)
        points = qmc.Sobol(size, seed=0).random_base2(_POINTS)
        apart = np.sqrt(self.spread**2 + self.pictures**2) * norm.ppf(points)
        latent = np.array(list(self.strengths.values())) + apart
        orders = np.array(
            [order for few in combinations(range(size), shown) for order in permutations(few)]
        )
        looked = chances_of(latent, orders, shown - 1).mean(axis=0)
        blocks = looked.reshape(-1, len(list(permutations(range(shown)))))
        chances = ((1 - self.lapse) * blocks + self.lapse / blocks.shape[1]).ravel()
        stages = shown - 1 if self.whole else 1
        strengths = plackett_luce(orders, stages, size, chances, 1e-9)
        marks = np.eye(size)[orders] * chances[:, None, None]
        seen = marks.sum(axis=(0, 1))
        place = np.einsum("k,vkm->m", np.arange(1.0, shown + 1), marks) / seen
        return Truth(strengths, marks[:, 0].sum(axis=0) / seen, place)


@dataclass(frozen=True)
class Chooser:
    """One person.

    Attributes:
        choosers: the population they are drawn from.
        strengths: log strength of each method to this person.
    """

    choosers: Choosers
    strengths: Mapping[str, float]

    def answer(
        self,
        trial: Trial,
        random: np.random.Generator,
        on_pictures: Shifts = ALIKE,
    ) -> str:
        """Answer; where there is a right answer, only a lapse misses it."""
        letters = LETTERS[: len(trial.sides)]
        own = np.array(list(self.strengths.values()))
        for shift in shifts_of(trial, on_pictures):
            own = own + shift
        places = [
            list(self.strengths).index(side.method) if side.method else 0 for side in trial.sides
        ]
        looked = random.random() >= self.choosers.lapse
        # With Gumbel's noise the order of the sums is that of the model (Yellott, 1977).
        felt = own[places] * looked + random.gumbel(size=len(places))
        order = "".join(letters[at] for at in np.argsort(-felt))
        if trial.expected and looked:
            right = trial.expected.removeprefix(LAST)
            rest = order.replace(right, "")
            order = rest + right if trial.expected.startswith(LAST) else right + rest
        return order if self.choosers.whole else order[:1]


def even_choices(
    methods: Sequence[str],
    participants: int,
    trials: int,
    shown: int,
    seed: int = 0,
    pictures: tuple[int, int] = (1, 1),
) -> list[list[Trial]]:
    """Return a plain balanced design of counted trials that show several pictures.

    Every few methods are shown equally often, up to one trial, in random places. They go through
    the pairs of pictures in an order of their own.

    Args:
        methods: labels.
        participants: how many.
        trials: of each.
        shown: how many pictures at a time.
        seed: of the order.
        pictures: how many contents and styles, of which every pair is shown.
    """
    random = np.random.default_rng(seed)
    few = list(combinations(methods, shown))
    pairs = every_pair(pictures)
    orders = {block: random.permutation(len(pairs)) for block in few}
    found: list[Trial] = []
    turn = 0
    while len(found) < participants * trials:
        for at in random.permutation(len(few)):
            content, style = pairs[orders[few[at]][turn % len(pairs)]]
            left, right, *more = (
                Side("output", few[at][place], "0") for place in random.permutation(shown)
            )
            found.append(Trial("vote", content, style, left, right, more=tuple(more)))
        turn += 1
    return [found[trials * slot : trials * (slot + 1)] for slot in range(participants)]
