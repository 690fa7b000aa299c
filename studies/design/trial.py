"""What a participant is shown: one to six pictures of one content and one style."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Literal, get_args

#: What a trial is for. ``vote`` is counted; ``repeat`` shows a vote's two pictures again with the
#: sides changed (self-consistency); ``catch`` has a right answer (attention); ``practice`` comes
#: first and is never counted.
Kind = Literal["practice", "vote", "repeat", "catch"]
#: What stands on one side. ``noise`` and ``content`` (the untouched content picture) are for
#: catch trials; ``none`` is no picture: the other one is rated.
Source = Literal["output", "noise", "content", "none"]
#: How the two methods of a trial came to meet: ``planned`` before the study; or they are chosen
#: when the trial is about to be shown (`studies.design.adaptive`), and are ``open`` until then,
#: ``adaptive`` afterwards. An open trial has the methods of the plan, which nobody was shown.
Pairing = Literal["planned", "open", "adaptive"]
#: How a study asks: which of two is better; how good one is, on a scale; which of several is the
#: best; or in which order several are.
Task = Literal["pairs", "rating", "best", "ranking"]
#: Those that show several pictures at a time.
SEVERAL: tuple[Task, ...] = ("best", "ranking")
#: Marks of the shortest and of the longest scale.
SCALES = 3, 7
#: The fewest and the most pictures of those that show several, and their letters on the page.
PICTURES = 3, 6
LETTERS = "ABCDEF"
#: What can be answered about two; ``tie`` is "can't say".
Answer = Literal["left", "right", "tie"]

ANSWERS: tuple[Answer, ...] = ("left", "right", "tie")


def answers_of(
    task: Task, scale: int, cannot_say: bool, pictures: int = PICTURES[0]
) -> tuple[str, ...]:
    """Return what can be answered in a study.

    Args:
        task: how it asks.
        scale: marks of a rating; the answers are "1", the lowest, to that number.
        cannot_say: whether "can't say" is offered of two.
        pictures: how many are shown, of "best" and "ranking". The answers are letters: of the best
            one, or of all, the best first.
    """
    if task == "best":
        return tuple(LETTERS[:pictures])
    if task == "ranking":
        return tuple("".join(order) for order in permutations(LETTERS[:pictures]))
    if task == "rating":
        return tuple(str(mark) for mark in range(1, scale + 1))
    return ANSWERS if cannot_say else ANSWERS[:2]


#: Before the letter of the picture that has to be the last of an order.
LAST = "-"


def low_marks(scale: int) -> str:
    """Return the marks below the middle of a scale, as `Trial.expected` has them."""
    return ",".join(str(mark) for mark in range(1, scale // 2 + 1))


def is_right(answer: str, expected: str) -> bool:
    """Tell whether an answer to a catch trial is right, see `Trial.expected`."""
    if expected.startswith(LAST):
        return answer.endswith(expected[len(LAST) :])
    return answer in expected.split(",")


@dataclass(frozen=True)
class Side:
    """One of the pictures.

    Attributes:
        source: where it comes from.
        method: label of the method, "" where the source is no output.
        mode: name of the method's output, likewise; of noise a number, where a trial shows several.
    """

    source: Source
    method: str = ""
    mode: str = ""


#: Beside a picture that is rated.
NOTHING = Side("none")


@dataclass(frozen=True)
class Trial:
    """Pictures to choose from, or one to be rated, which is then the left one.

    Attributes:
        kind: what the trial is for.
        content: name of the content picture.
        style: name of the style picture.
        left: the picture on the left (or above, on a narrow screen); of several, A.
        right: the other one; of several, B.
        expected: the right answer of a catch trial, of ratings all right ones with commas between,
            of orders `LAST` and the letter of the picture that is to be last; "" elsewhere.
        repeats: for a repeat, the position (from 0) of the trial that it repeats, in the same
            participant's list.
        more: of several, the pictures C and so on.
        pair: how its two methods came to meet.
    """

    kind: Kind
    content: str
    style: str
    left: Side
    right: Side
    expected: str = ""
    repeats: int | None = None
    more: tuple[Side, ...] = ()
    pair: Pairing = "planned"

    @property
    def sides(self) -> tuple[Side, ...]:
        """The pictures to look at, in order."""
        return tuple(side for side in (self.left, self.right, *self.more) if side != NOTHING)


def turned(trial: Trial) -> Trial:
    """Return a trial with its sides changed, every picture in the place of the one before.

    One picture stays where it is.
    """
    if trial.right == NOTHING:
        return trial
    left, right, *more = (*trial.sides[1:], trial.left)
    return replace(trial, left=left, right=right, more=tuple(more))


def text_of(more: Sequence[Side]) -> str:
    """Return pictures as text, "" for none: as `Trial.more` is kept in tables."""
    return json.dumps([[s.source, s.method, s.mode] for s in more]) if more else ""


def sides_of(text: str) -> tuple[Side, ...]:
    """Return the pictures of a text that `text_of` made.

    Raises:
        ValueError: it is none.
    """
    found = json.loads(text) if text else []
    for side in found if isinstance(found, list) else [found]:
        if not (
            isinstance(side, list)
            and len(side) == 3
            and all(isinstance(part, str) for part in side)
            and side[0] in get_args(Source)
        ):
            raise ValueError(f"no list of pictures: {text[:60]!r}")
    return tuple(Side(*side) for side in found)


def is_asked(question: str, trial: Trial) -> bool:
    """Tell whether a question is put about a trial.

    The untouched content keeps all of the content: asked what keeps more, it would be right.
    """
    return question != "content" or all(side.source != "content" for side in trial.sides)


@dataclass(frozen=True)
class Stimuli:
    """What there is to compare.

    Attributes:
        methods: labels, in order; at least two.
        outputs: (content, style, method) -> names of that method's outputs of that pair, at least
            one; there for every method of every pair.
        pairs: (content, style) of every pair that can be shown, in order; at least one.
        strong: (content, style) -> (method, mode) of the output that is nearest to the style. It
            stands against the untouched content in catch trials, so that the right answer is
            beyond doubt.
    """

    methods: tuple[str, ...]
    outputs: Mapping[tuple[str, str, str], tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]
    strong: Mapping[tuple[str, str], tuple[str, str]]
