"""The order in which a participant sees practice, votes, repeats and catch trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np

from studies.design.comparisons import Grid, Unit
from studies.design.trial import (
    LAST,
    LETTERS,
    NOTHING,
    Kind,
    Side,
    Stimuli,
    Trial,
    low_marks,
    turned,
)

#: Orders that are tried until one has no content twice in a row; the best of them is taken.
ATTEMPTS = 40
#: Draws for a practice trial before all units are looked through.
DRAWS = 20


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
        return trial_with("catch", pair, sides, right)

    def _ranked_catch(self, plan: Catch, pair: tuple[str, str]) -> Trial:
        """Make a trial in which noise stands among outputs, and has to be put last."""
        methods = self._some_methods(self.size - 1)
        sides = [Side("output", method, self._mode(pair, method)) for method in methods]
        sides = [sides[at] for at in self.random.permutation(len(sides))]
        sides.insert(plan.place, Side("noise"))
        return trial_with("catch", pair, sides, LAST + LETTERS[plan.place])

    def _some_methods(self, number: int) -> tuple[str, ...]:
        labels = self.stimuli.methods
        chosen = sorted(self.random.choice(len(labels), number, replace=False).tolist())
        return tuple(labels[at] for at in chosen)

    def _mode(self, pair: tuple[str, str], method: str) -> str:
        modes = self.stimuli.outputs[(*pair, method)]
        return modes[self.pick(len(modes))] if len(modes) > 1 else modes[0]


def arrange(
    votes: Sequence[tuple[Unit, tuple[int, ...]]],
    practice: int,
    repeats: int,
    catches: Sequence[Catch],
    pool: Pool,
) -> list[Trial]:
    """Put what a participant sees in order.

    - Practice comes first. Its contents differ as long as there are contents, and its units are
      none of the participant's votes as long as there are others.
    - A repeat comes at least a third of the counted part of the list after its original, with the
      sides changed, and never directly after it, unless there is one trial only.
    - Catch trials are spread evenly, and none is the first trial after practice.
    - No content comes twice in a row where one of `ATTEMPTS` orders avoids it.

    Args:
        votes: the participant's units, and in which order their methods stand.
        practice: trials of practice.
        repeats: at most as many as votes.
        catches: planned catch trials.
        pool: where practice and catch trials come from.
    """
    counted = [vote(unit, order) for unit, order in votes]
    best: list[Trial] = []
    fewest = None
    for attempt in range(ATTEMPTS):
        body = _attempt(counted, repeats, catches, pool, attempt > 0)
        rows = sum(a.content == b.content for a, b in pairwise(body))
        if fewest is None or rows < fewest:
            best, fewest = body, rows
        if rows == 0 or len(pool.shown) == 1:
            break
    first = best[0].content if best else ""
    before = _practice([unit for unit, _ in votes], practice, first, pool)
    return before + [
        trial if trial.repeats is None else replace(trial, repeats=trial.repeats + len(before))
        for trial in best
    ]


def vote(unit: Unit, order: Sequence[int]) -> Trial:
    """Return the counted trial of a unit, with its methods in some order."""
    sides = [Side("output", unit.methods[at], unit.modes[at]) for at in order]
    return trial_with("vote", (unit.content, unit.style), sides)


def trial_with(
    kind: Kind, pair: tuple[str, str], sides: Sequence[Side], expected: str = ""
) -> Trial:
    """Return the trial that shows some pictures."""
    left, right, *more = sides if len(sides) > 1 else (*sides, NOTHING)
    return Trial(kind, *pair, left, right, expected, more=tuple(more))


def _noises(number: int) -> list[Side]:
    """Return so many pictures of noise, different ones, and from the one without a number."""
    return [Side("noise", mode=str(at + 1)) for at in range(number)]


def layout(trials: int, repeats: int, catches: int) -> list[Kind]:
    """Say what kind of trial stands where after practice.

    Catch trials stand at equal distances; repeats at equal distances in the later half of the
    rest, so that their originals can be far before them.
    """
    rest: list[Kind] = ["vote"] * (trials + repeats)
    start = len(rest) // 2
    for number in range(1, repeats + 1):
        rest[start + number * (len(rest) - start) // repeats - 1] = "repeat"
    places = {number * (len(rest) + catches) // (catches + 1) for number in range(1, catches + 1)}
    kinds = iter(rest)
    return ["catch" if at in places else next(kinds) for at in range(len(rest) + catches)]


def _attempt(
    votes: Sequence[Trial], repeats: int, catches: Sequence[Catch], pool: Pool, loose: bool
) -> list[Trial]:
    """Try one order; ``repeats`` of a trial counts from the end of practice."""
    kinds = layout(len(votes), repeats, len(catches))
    if loose:
        _loosen(kinds, pool)
    tests = iter(catches)
    waiting = [votes[at] for at in pool.random.permutation(len(votes)).tolist()]
    fresh: list[int] = []
    body: list[Trial] = []
    for at, kind in enumerate(kinds):
        last = body[-1].content if body else ""
        if kind == "vote":
            # The first that differs: a frequent content, once passed over, is first in the queue.
            others = (at for at, trial in enumerate(waiting) if trial.content != last)
            trial = waiting.pop(next(others, 0))
            fresh.append(at)
        elif kind == "catch":
            trial = pool.catch(next(tests), last)
        else:
            original = _original(body, fresh, at, max(2, -(-len(kinds) // 3)), pool)
            fresh.remove(original)
            trial = replace(turned(body[original]), kind="repeat", repeats=original)
        body.append(trial)
    return body


def _loosen(kinds: list[Kind], pool: Pool) -> None:
    """Move every catch trial by one place or none, which can free an order of two contents."""
    for at in [at for at, kind in enumerate(kinds) if kind == "catch"]:
        to = at + pool.pick(3) - 1
        if 0 < to < len(kinds) and kinds[to] == "vote":
            kinds[at], kinds[to] = kinds[to], kinds[at]


def _original(
    body: Sequence[Trial], fresh: Sequence[int], at: int, distance: int, pool: Pool
) -> int:
    """Choose what to repeat: far enough before, and of another content than the last trial."""
    far = [place for place in fresh if at - place >= distance]
    if not far:
        return fresh[0]
    others = [place for place in far if body[place].content != body[-1].content]
    offered = others or far
    return offered[pool.pick(len(offered))]


def _practice(seen: Sequence[Unit], number: int, first: str, pool: Pool) -> list[Trial]:
    """Make practice trials; ``first`` is the content that follows them."""
    avoided = set(seen)
    contents: list[str] = []
    while len(contents) < number:
        contents += [list(pool.shown)[at] for at in pool.random.permutation(len(pool.shown))]
    contents = contents[:number]
    if number > 1 and contents[-1] == first:
        contents[0], contents[-1] = contents[-1], contents[0]
    found = []
    for content in contents:
        drawn = (pool.draw(content) for _ in range(DRAWS))
        unit = next((unit for unit in drawn if unit not in avoided), None)
        if unit is None:
            # Draws find nothing where few units are left; then another content may do as well.
            rest = [unit for unit in pool.units if unit not in avoided]
            rest = [unit for unit in rest if unit.content == content] or rest or pool.units
            unit = rest[pool.pick(len(rest))]
        avoided.add(unit)
        found.append(replace(vote(unit, pool.order()), kind="practice"))
    return found


def _by_content(pairs: Sequence[tuple[str, str]]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for pair in pairs:
        found.setdefault(pair[0], []).append(pair)
    return found
