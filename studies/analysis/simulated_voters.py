"""Simulated voters of known strength: what the analysis should find is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations, permutations, product
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pandas as pd

from eval.analysis.crossed import Array
from studies.analysis.tally import PARTICIPANT_COLUMNS, VOTE_COLUMNS
from studies.design.power import PARTS
from studies.design.trial import ANSWERS, Answer, Side, Trial, is_asked, text_of

#: When the first simulated participant joins.
_START = datetime(2026, 1, 1, tzinfo=UTC)
#: Points of the quadrature over people and pictures.
_NODES = 80
ALIKE: Mapping[tuple[str, str], Array] = MappingProxyType({})


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

    def on_pictures(
        self, design: Sequence[Sequence[Trial]], seed: int
    ) -> dict[tuple[str, str], Array]:
        """Draw by how much each method's log strength differs on each content, style, and pair.

        Args:
            design: every picture that is shown.
            seed: of the draws; they do not depend on the order of the trials.

        Returns:
            (content, ""), ("", style) and (content, style) -> (methods,).
        """
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1 << 30,)))
        shown = [pictures_of(trial) for trials in design for trial in trials]
        return {
            key: self.pictures * np.sqrt(share) * random.normal(size=len(self.strengths))
            for share, keys in zip(PARTS, zip(*shown, strict=True), strict=True)
            for key in sorted(set(keys))
        }

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


def pictures_of(trial: Trial) -> tuple[tuple[str, str], ...]:
    """Return the content, the style and the pair of a trial, as `Voters.on_pictures` names them."""
    return (trial.content, ""), ("", trial.style), (trial.content, trial.style)


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
        on_pictures: Mapping[tuple[str, str], Array] = ALIKE,
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
        for key in pictures_of(trial):
            if key in on_pictures:
                advantage += on_pictures[key][left] - on_pictures[key][right]
        chances = answer_chances(advantage, self.voters.ties, self.voters.side_bias)
        return ANSWERS[random.choice(len(ANSWERS), p=chances)]


def every_pair(pictures: tuple[int, int]) -> list[tuple[str, str]]:
    """Name so many contents and styles, and return every pair of them.

    If there is one of each, they are named "content" and "style".
    """
    contents, styles = (
        [kind] if number == 1 else [f"{kind}-{k:02d}" for k in range(number)]
        for kind, number in zip(("content", "style"), pictures, strict=True)
    )
    return list(product(contents, styles))


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


class Person(Protocol):
    """Somebody who answers."""

    def answer(
        self,
        trial: Trial,
        random: np.random.Generator,
        on_pictures: Mapping[tuple[str, str], Array] = ALIKE,
    ) -> str:
        """Answer a trial."""


class Population(Protocol):
    """People of whom one is drawn for each list of trials."""

    def one(self, random: np.random.Generator) -> Person:
        """Draw a person."""

    def on_pictures(
        self, design: Sequence[Sequence[Trial]], seed: int
    ) -> dict[tuple[str, str], Array]:
        """Draw by how much each method's strength differs on each content, style, and pair."""


def simulate(
    design: Sequence[Sequence[Trial]],
    voters: Population,
    seed: int = 0,
    questions: Sequence[str] = ("overall",),
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Let one person go through each list of trials.

    Returns:
        votes, one row per answer (`VOTE_COLUMNS`), and participants (`PARTICIPANT_COLUMNS`).
        The same seed gives the same frames, and a person's answers do not depend on the others'.
    """
    votes: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    on_pictures = voters.on_pictures(design, seed)
    for slot, trials in enumerate(design):
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(slot,)))
        person, name = voters.one(random), f"voter-{slot:04d}"
        clock = _START + timedelta(minutes=slot)
        people.append(
            {"participant": name, "slot": slot, "joined_at": clock.isoformat(), "finished": True}
        )
        for position, trial in enumerate(trials):
            for question in questions:
                if not is_asked(question, trial):
                    continue
                seconds = float(random.lognormal(1.5, 0.5))
                clock += timedelta(seconds=seconds)
                given = person.answer(trial, random, on_pictures)
                votes.append(
                    {
                        **vote_row(name, slot, position, trial, given),
                        "question": question,
                        "seconds": seconds,
                        "voted_at": clock.isoformat(timespec="milliseconds"),
                    }
                )
    frame = pd.DataFrame(votes, columns=list(VOTE_COLUMNS)).astype({"repeats": "Int64"})
    return frame, pd.DataFrame(people, columns=list(PARTICIPANT_COLUMNS))


def vote_row(name: str, slot: int, position: int, trial: Trial, answer: str) -> dict[str, Any]:
    """Return one answer as a row with `VOTE_COLUMNS`; but for when, and on which question."""
    return {
        "participant": name,
        "slot": slot,
        "position": position,
        "kind": trial.kind,
        "content": trial.content,
        "style": trial.style,
        "left_source": trial.left.source,
        "left_method": trial.left.method,
        "left_mode": trial.left.mode,
        "right_source": trial.right.source,
        "right_method": trial.right.method,
        "right_mode": trial.right.mode,
        "more": text_of(trial.more),
        "answer": answer,
        "expected": trial.expected,
        "repeats": trial.repeats,
        "pair": trial.pair,
        "timed_by": "server",
        "reloaded": False,
        "device": "",
    }
