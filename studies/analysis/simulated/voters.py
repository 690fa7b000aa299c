"""Simulated people who say which of two pictures is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from eval.analysis.crossed import Array
from studies.analysis.simulated.people import ALIKE, Shifts, draw_shifts, every_pair, shifts_of
from studies.design.trial import ANSWERS, Answer, Side, Trial

#: Points of the quadrature over people and pictures.
_NODES = 80


def answer_chances(advantage: Array | float, tie: float, side_bias: float = 0.0) -> Array:
    """Return the chances of left, right and tie.

    Davidson's model with a side bias b as a head start of the left one: with the log strengths'
    difference d, left ∝ exp((d + b) / 2), right ∝ exp(-(d + b) / 2), tie ∝ ν.

    Args:
        advantage: (...), the log strength on the left minus the one on the right.
        tie: ν >= 0.
        side_bias: b.

    Returns:
        (..., 3), adding up to 1.
    """
    lead = (np.asarray(advantage, dtype=np.float64) + side_bias) / 2
    weights = np.stack([np.exp(lead), np.exp(-lead), np.full_like(lead, tie)], axis=-1)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float64)


@dataclass(frozen=True)
class Voters:
    """A population of voters.

    Attributes:
        strengths: log strength of each method, by label.
        tie: ν of Davidson's model: two equals tie with chance ν / (2 + ν).
        side_bias: log odds by which the left picture is preferred to an equal one.
        lapse: share of answers given without looking: each that is offered with equal chances.
        spread: people differ: standard deviation, between people, of each log strength.
        pictures: pictures differ: standard deviation of each log strength between pairs of
            pictures, in parts that pairs share (`studies.design.power.PARTS`).
        forced: "can't say" is not offered; ``tie`` is then not read.
    """

    strengths: Mapping[str, float]
    tie: float = 0.0
    side_bias: float = 0.0
    lapse: float = 0.0
    spread: float = 0.0
    pictures: float = 0.0
    forced: bool = False

    @property
    def offered(self) -> tuple[Answer, ...]:
        """What can be answered."""
        return ANSWERS[:2] if self.forced else ANSWERS

    @property
    def ties(self) -> float:
        """ν of what is offered: ``tie``, or 0 where one has to be chosen."""
        return 0.0 if self.forced else self.tie

    def one(self, random: np.random.Generator) -> Voter:
        """Draw a person."""
        own = {
            label: strength + self.spread * random.normal()
            for label, strength in self.strengths.items()
        }
        return Voter(self, own)

    def on_pictures(self, design: Sequence[Sequence[Trial]], seed: int) -> Shifts:
        """Draw by how much log strengths differ on each picture; see `draw_shifts`."""
        return draw_shifts(len(self.strengths), self.pictures, design, seed)

    def chances(self, methods: Sequence[str]) -> tuple[Array, Array]:
        """Return what the whole population answers, the sides being balanced.

        Args:
            methods: labels of m methods.

        Returns:
            the chance that i is preferred to j, (m, m), and that they tie, (m, m), both with a
            zero diagonal. People and pictures make the difference of two strengths normal with
            variance 2 (spread² + pictures²), which is integrated by Gauss-Hermite quadrature.
        """
        nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
        strength = np.array([self.strengths[label] for label in methods])
        means = strength[:, None] - strength[None, :]
        spreads = np.sqrt(2 * (self.spread**2 + self.pictures**2)) * nodes
        here, there = (
            answer_chances(sign * means[..., None] + spreads, self.ties, self.side_bias)
            for sign in (1, -1)
        )
        both = (here + there[..., [1, 0, 2]]) / 2
        looked = np.einsum("ijna,n->ija", both, weights / weights.sum())
        blind = np.isin(ANSWERS, self.offered) / len(self.offered)
        found = (1 - self.lapse) * looked + self.lapse * blind
        found[np.diag_indices(len(methods))] = 0
        return found[..., 0], found[..., 2]


@dataclass(frozen=True)
class Voter:
    """One person.

    Attributes:
        voters: the population they are drawn from.
        strengths: log strength of each method to this person.
    """

    voters: Voters
    strengths: Mapping[str, float]

    def answer(
        self,
        trial: Trial,
        random: np.random.Generator,
        on_pictures: Shifts = ALIKE,
    ) -> Answer:
        """Answer a trial. Where there is a right answer, only a lapse misses it.

        Args:
            trial: what is shown.
            random: of the answer.
            on_pictures: see `Voters.on_pictures`; pictures are alike if not given.
        """
        offered = self.voters.offered
        if random.random() < self.voters.lapse:
            return offered[random.integers(len(offered))]
        if trial.expected:
            return "left" if trial.expected == "left" else "right"
        advantage = self.strengths[trial.left.method] - self.strengths[trial.right.method]
        order = list(self.strengths)
        left, right = order.index(trial.left.method), order.index(trial.right.method)
        for shift in shifts_of(trial, on_pictures):
            advantage += shift[left] - shift[right]
        chances = answer_chances(advantage, self.voters.ties, self.voters.side_bias)
        return ANSWERS[random.choice(len(ANSWERS), p=chances)]


def round_robin(
    methods: Sequence[str],
    participants: int,
    trials: int,
    seed: int = 0,
    pictures: tuple[int, int] = (1, 1),
) -> list[list[Trial]]:
    """Return a plain balanced design of counted trials.

    Every two methods meet equally often, on either side, up to one meeting; the order is random.
    Each method has one output, named "0". Every two methods go through the pairs of pictures in
    an order of their own.

    Args:
        methods: labels.
        participants: how many.
        trials: of each.
        seed: of the order.
        pictures: how many contents and styles, of which every pair is shown. If there is one of
            each, they are named "content" and "style".
    """
    random = np.random.default_rng(seed)
    ordered = list(permutations(methods, 2))
    rounds = -(-participants * trials // len(ordered))
    pairs = every_pair(pictures)
    orders = {two: random.permutation(len(pairs)) for two in combinations(methods, 2)}
    found = []
    for number in range(rounds):
        for k in random.permutation(len(ordered)):
            one, other = ordered[k]
            first = (one, other) in orders
            # The two orders of the same two methods go on where the other stopped.
            order = orders[(one, other) if first else (other, one)]
            content, style = pairs[order[(2 * number + first) % len(pairs)]]
            left, right = Side("output", one, "0"), Side("output", other, "0")
            found.append(Trial("vote", content, style, left, right))
    return [found[trials * slot : trials * (slot + 1)] for slot in range(participants)]
