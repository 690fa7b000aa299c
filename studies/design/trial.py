"""What a participant is shown: two pictures of one content and one style, or one to be rated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

#: What a trial is for. ``vote`` is counted; ``repeat`` shows a vote's two pictures again with the
#: sides changed (self-consistency); ``catch`` has a right answer (attention); ``practice`` comes
#: first and is never counted.
Kind = Literal["practice", "vote", "repeat", "catch"]
#: What stands on one side. ``noise`` and ``content`` (the untouched content picture) are for
#: catch trials; ``none`` is no picture: the other one is rated.
Source = Literal["output", "noise", "content", "none"]
#: How a study asks: which of two is better, or how good one is, on a scale.
Task = Literal["pairs", "rating"]
#: Marks of the shortest and of the longest scale.
SCALES = 3, 7
#: What can be answered about two; ``tie`` is "can't say".
Answer = Literal["left", "right", "tie"]

ANSWERS: tuple[Answer, ...] = ("left", "right", "tie")


def answers_of(task: Task, scale: int, cannot_say: bool) -> tuple[str, ...]:
    """Return what can be answered in a study.

    Args:
        task: how it asks.
        scale: marks of a rating; the answers are "1", the lowest, to that number.
        cannot_say: whether "can't say" is offered of two.
    """
    if task == "rating":
        return tuple(str(mark) for mark in range(1, scale + 1))
    return ANSWERS if cannot_say else ANSWERS[:2]


def low_marks(scale: int) -> str:
    """Return the marks below the middle of a scale, as `Trial.expected` has them."""
    return ",".join(str(mark) for mark in range(1, scale // 2 + 1))


def is_right(answer: str, expected: str) -> bool:
    """Tell whether an answer to a catch trial is right."""
    return answer in expected.split(",")


@dataclass(frozen=True)
class Side:
    """One of the two pictures.

    Attributes:
        source: where it comes from.
        method: label of the method, "" where the source is no output.
        mode: name of the method's output, likewise.
    """

    source: Source
    method: str = ""
    mode: str = ""


#: Beside a picture that is rated.
NOTHING = Side("none")


@dataclass(frozen=True)
class Trial:
    """Two pictures to choose from, or one to be rated, which is then the left one.

    Attributes:
        kind: what the trial is for.
        content: name of the content picture.
        style: name of the style picture.
        left: the picture on the left (or above, on a narrow screen).
        right: the other one.
        expected: the right answer of a catch trial, of ratings all right ones with commas between;
            "" elsewhere.
        repeats: for a repeat, the position (from 0) of the trial that it repeats, in the same
            participant's list.
    """

    kind: Kind
    content: str
    style: str
    left: Side
    right: Side
    expected: str = ""
    repeats: int | None = None


def turned(trial: Trial) -> Trial:
    """Return a trial with its sides changed; one picture stays where it is."""
    if trial.right == NOTHING:
        return trial
    return replace(trial, left=trial.right, right=trial.left)


def is_asked(question: str, trial: Trial) -> bool:
    """Tell whether a question is put about a trial.

    The untouched content keeps all of the content: asked what keeps more, it would be right.
    """
    return question != "content" or "content" not in (trial.left.source, trial.right.source)


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
