"""Which pictures the trials of practice and the catch trials show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from studies.design.comparisons import Grid, Unit
from studies.design.trial import LAST, LETTERS, NOTHING, Kind, Side, Stimuli, Trial, low_marks


@dataclass(frozen=True)
class Catch:
    """A catch trial before its pictures are chosen.

    Attributes:
        against: what the output stands against.
        place: where what the right answer tells of stands, from 0.
    """

    against: Literal["noise", "content"]
    place: int


def plan_catches(
    participants: int, number: int, strong: bool, random: np.random.Generator, pictures: int = 2
) -> list[list[Catch]]:
    """Plan the catch trials of every participant.

    Half of them (rounded up) are against noise, the others against the untouched content. The
    right answer is in every place equally often, to within 1, in the study and for each
    participant.

    Args:
        participants: how many.
        number: catch trials of each.
        strong: whether there are outputs to stand against the content; if not, all are noise.
        random: shuffles.
        pictures: places there are.
    """
    noise = -(-number // 2) if strong else number
    plans = []
    for participant in range(participants):
        turns = participant * number + random.permutation(number)
        against = random.permutation(number) < noise
        plans.append(
            [
                Catch("noise" if is_noise else "content", (turn + 1) % pictures)
                for turn, is_noise in zip(turns.tolist(), against.tolist(), strict=True)
            ]
        )
    return plans


class Pool:
    """Pictures to draw practice and catch trials from.

    Args:
        stimuli: what there is.
        random: draws.
        scale: marks of a rating; 0 where pictures are compared.
        pictures: how many are compared at a time.
        ranked: they are put in order.
    """

    def __init__(
        self,
        stimuli: Stimuli,
        random: np.random.Generator,
        scale: int = 0,
        pictures: int = 2,
        ranked: bool = False,
    ) -> None:
        self.stimuli = stimuli
        self.scale = scale
        self.size = 1 if scale else pictures
        self.ranked = ranked
        self.random = random
        self.shown = _by_content(stimuli.pairs)
        self.strong = _by_content([pair for pair in stimuli.pairs if pair in stimuli.strong])

    @cached_property
    def units(self) -> list[Unit]:
        """Every unit there is."""
        return Grid(self.stimuli, self.size).units()

    def pick(self, number: int) -> int:
        """Draw one of 0 to number - 1."""
        return int(self.random.integers(number))

    def draw(self, content: str) -> Unit:
        """Draw a unit with a content."""
        shown = self.shown[content]
        pair = shown[self.pick(len(shown))]
        methods = self._some_methods(self.size)
        return Unit(*pair, methods, tuple(self._mode(pair, method) for method in methods))

    def order(self) -> tuple[int, ...]:
        """Draw in which order the methods of a unit stand."""
        if self.size > 2:
            return tuple(self.random.permutation(self.size).tolist())
        first = self.pick(2) == 0
        return (0,) if self.size == 1 else (0, 1) if first else (1, 0)

    def catch(self, plan: Catch, last: str) -> Trial:
        """Make a catch trial, if possible of another content than the last trial."""
        offered = self.strong if plan.against == "content" else self.shown
        contents = [content for content in offered if content != last] or [last]
        pairs = offered[contents[self.pick(len(contents))]]
        pair = pairs[self.pick(len(pairs))]
        if self.scale:
            return Trial("catch", *pair, Side(plan.against), NOTHING, low_marks(self.scale))
        if self.ranked:
            return self._ranked_catch(plan, pair)
        if plan.against == "content":
            method, mode = self.stimuli.strong[pair]
        else:
            method = self.stimuli.methods[self.pick(len(self.stimuli.methods))]
            mode = self._mode(pair, method)
        sides = [Side(plan.against), *_noises(self.size - 2)]
        if len(sides) > 1:
            sides = [sides[at] for at in self.random.permutation(len(sides))]
        sides.insert(plan.place, Side("output", method, mode))
        right = ("left", "right")[plan.place] if self.size == 2 else LETTERS[plan.place]
        return _trial_with("catch", pair, sides, right)

    def _ranked_catch(self, plan: Catch, pair: tuple[str, str]) -> Trial:
        """Make a trial in which noise stands among outputs, and has to be put last."""
        methods = self._some_methods(self.size - 1)
        sides = [Side("output", method, self._mode(pair, method)) for method in methods]
        sides = [sides[at] for at in self.random.permutation(len(sides))]
        sides.insert(plan.place, Side("noise"))
        return _trial_with("catch", pair, sides, LAST + LETTERS[plan.place])

    def _some_methods(self, number: int) -> tuple[str, ...]:
        labels = self.stimuli.methods
        chosen = sorted(self.random.choice(len(labels), number, replace=False).tolist())
        return tuple(labels[at] for at in chosen)

    def _mode(self, pair: tuple[str, str], method: str) -> str:
        modes = self.stimuli.outputs[(*pair, method)]
        return modes[self.pick(len(modes))] if len(modes) > 1 else modes[0]


def vote(unit: Unit, order: Sequence[int]) -> Trial:
    """Return the counted trial of a unit, with its methods in some order."""
    sides = [Side("output", unit.methods[at], unit.modes[at]) for at in order]
    return _trial_with("vote", (unit.content, unit.style), sides)


def _trial_with(
    kind: Kind, pair: tuple[str, str], sides: Sequence[Side], expected: str = ""
) -> Trial:
    """Return the trial that shows some pictures."""
    left, right, *more = sides if len(sides) > 1 else (*sides, NOTHING)
    return Trial(kind, *pair, left, right, expected, more=tuple(more))


def _noises(number: int) -> list[Side]:
    """Return so many pictures of noise, different ones, and from the one without a number."""
    return [Side("noise", mode=str(at + 1)) for at in range(number)]


def _by_content(pairs: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        found.setdefault(pair[0], []).append(pair)
    return found
