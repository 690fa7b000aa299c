"""What a participant is shown: two pictures of one content and one style."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: What a trial is for. ``vote`` is counted; ``repeat`` shows a vote's two pictures again with the
#: sides changed (self-consistency); ``catch`` has a right answer (attention); ``practice`` comes
#: first and is never counted.
Kind = Literal["practice", "vote", "repeat", "catch"]
#: What stands on one side. ``noise`` and ``content`` (the untouched content picture) are for
#: catch trials.
Source = Literal["output", "noise", "content"]
#: What can be answered; ``tie`` is "can't say".
Answer = Literal["left", "right", "tie"]

ANSWERS: tuple[Answer, ...] = ("left", "right", "tie")


def answers_of(cannot_say: bool) -> tuple[Answer, ...]:
    """Return what can be answered in a study that offers "can't say", or does not."""
    return ANSWERS if cannot_say else ANSWERS[:2]


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


@dataclass(frozen=True)
class Trial:
    """Two pictures to choose from.

    Attributes:
        kind: what the trial is for.
        content: name of the content picture.
        style: name of the style picture.
        left: the picture on the left (or above, on a narrow screen).
        right: the other one.
        expected: the right answer of a catch trial, "" elsewhere.
        repeats: for a repeat, the position (from 0) of the trial that it repeats, in the same
            participant's list.
    """

    kind: Kind
    content: str
    style: str
    left: Side
    right: Side
    expected: Literal["", "left", "right"] = ""
    repeats: int | None = None


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
