"""The order in which a participant sees practice, votes, repeats and catch trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from studies.design.comparisons import Unit
from studies.design.pool import Catch, Pool, vote
from studies.design.trial import Kind, Trial, turned

#: Orders that are tried until one has no content twice in a row; the best of them is taken.
ATTEMPTS = 40
#: Draws for a practice trial before all units are looked through.
DRAWS = 20


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
