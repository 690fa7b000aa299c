"""What all simulated people have in common: pictures that differ, and a study that they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import pandas as pd

from eval.analysis.crossed import Array
from studies.analysis.tally import PARTICIPANT_COLUMNS, VOTE_COLUMNS
from studies.design.power import PARTS
from studies.design.trial import Trial, is_asked, text_of

#: When the first simulated participant joins.
_START = datetime(2026, 1, 1, tzinfo=UTC)

#: By how much each method's strength differs on pictures: (content, ""), ("", style) and
#: (content, style) -> (methods,).
Shifts = Mapping[tuple[str, str], Array]
ALIKE: Shifts = MappingProxyType({})


def draw_shifts(
    methods: int, deviation: float, design: Sequence[Sequence[Trial]], seed: int
) -> Shifts:
    """Draw by how much each method's strength differs on each content, style, and pair.

    Args:
        methods: how many.
        deviation: standard deviation of each strength between pairs of pictures, in parts that
            pairs share (`studies.design.power.PARTS`).
        design: every picture that is shown.
        seed: of the draws; they do not depend on the order of the trials.
    """
    random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1 << 30,)))
    shown = [_pictures_of(trial) for trials in design for trial in trials]
    return {
        key: deviation * np.sqrt(share) * random.normal(size=methods)
        for share, keys in zip(PARTS, zip(*shown, strict=True), strict=True)
        for key in sorted(set(keys))
    }


def shifts_of(trial: Trial, shifts: Shifts) -> Iterator[Array]:
    """Yield what a trial's content, its style and the pair add to strengths, where it is known."""
    return (shifts[key] for key in _pictures_of(trial) if key in shifts)


def every_pair(pictures: tuple[int, int]) -> list[tuple[str, str]]:
    """Name so many contents and styles, and return every pair of them.

    If there is one of each, they are named "content" and "style".
    """
    contents, styles = (
        [kind] if number == 1 else [f"{kind}-{k:02d}" for k in range(number)]
        for kind, number in zip(("content", "style"), pictures, strict=True)
    )
    return list(product(contents, styles))


class Person(Protocol):
    """Somebody who answers."""

    def answer(
        self,
        trial: Trial,
        random: np.random.Generator,
        on_pictures: Shifts = ALIKE,
    ) -> str:
        """Answer a trial."""


class Population(Protocol):
    """People of whom one is drawn for each list of trials."""

    def one(self, random: np.random.Generator) -> Person:
        """Draw a person."""

    def on_pictures(self, design: Sequence[Sequence[Trial]], seed: int) -> Shifts:
        """Draw by how much strengths differ on each picture; see `draw_shifts`."""


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


def _pictures_of(trial: Trial) -> tuple[tuple[str, str], ...]:
    """Return the content, the style and the pair of a trial, as `Shifts` names them."""
    return (trial.content, ""), ("", trial.style), (trial.content, trial.style)
