"""A participant's place in a study: what they are asked, and how far they have come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from studies.ballots.database import Database
from studies.ballots.schema import PARTICIPANTS, STUDIES, TRIALS, VOTES
from studies.design.study import Question
from studies.design.trial import (
    ANSWERS,
    Side,
    Trial,
    answers_of,
    is_asked,
    sides_of,
    text_of,
)


class Refused(Exception):
    """What was asked for is not this participant's to ask; the message is for the log."""


@dataclass(frozen=True)
class Step:
    """One question about one trial.

    Attributes:
        number: from 0, in the order of showing.
        position: of the trial in the participant's list.
        question: what is asked.
        trial: the pictures.
        trial_id: of the trial in the database.
    """

    number: int
    position: int
    question: Question
    trial: Trial
    trial_id: int


@dataclass(frozen=True)
class Seat:
    """A participant's place in a study.

    Attributes:
        participant: random name; stands in exports.
        slot: which list of trials is theirs.
        steps: everything they are asked, in order.
        done: how many of the steps are answered.
        code: completion code, "" until they are done.
        closed: the study takes no more votes.
        answers: what can be answered.
    """

    participant: str
    slot: int
    steps: tuple[Step, ...]
    done: int
    code: str
    closed: bool
    answers: tuple[str, ...] = ANSWERS

    @property
    def step(self) -> Step | None:
        """What is asked next; nothing once all is answered."""
        return self.steps[self.done] if self.done < len(self.steps) else None


def _steps(rows: Sequence[Any], questions: Sequence[Question]) -> tuple[Step, ...]:
    found: list[Step] = []
    for row in rows:
        trial = trial_of(row._mapping)
        for question in questions:
            if is_asked(question, trial):
                found.append(Step(len(found), row.position, question, trial, row.id))
    return tuple(found)


def read_seat(connection: sa.Connection, study: int, secret: str) -> tuple[int, Seat]:
    """Read a participant's key and place by the secret of their link.

    Raises:
        Refused: no participant of this study has this link.
    """
    person = connection.execute(
        sa.select(PARTICIPANTS).where(
            PARTICIPANTS.c.study_id == study, PARTICIPANTS.c.link == hash_of(secret)
        )
    ).first()
    if person is None:
        raise Refused("no participant has this link")
    answered = {
        (row.trial_id, row.question)
        for row in connection.execute(
            sa.select(VOTES.c.trial_id, VOTES.c.question).where(VOTES.c.participant_id == person.id)
        )
    }
    seat = _place(connection, study, person.slot)
    done = next(
        (step.number for step in seat.steps if (step.trial_id, step.question) not in answered),
        len(seat.steps),
    )
    code = person.code if done == len(seat.steps) else ""
    return person.id, replace(seat, participant=person.name, done=done, code=code)


def read_place(database: Database, study: int, slot: int) -> Seat:
    """Read what whoever has a place is asked, as if nobody had it."""
    with database.reading() as connection:
        return _place(connection, study, slot)


def _place(connection: sa.Connection, study: int, slot: int) -> Seat:
    described = connection.execute(sa.select(STUDIES).where(STUDIES.c.id == study)).one()
    rows = connection.execute(
        sa.select(TRIALS)
        .where(TRIALS.c.study_id == study, TRIALS.c.slot == slot)
        .order_by(TRIALS.c.position)
    ).all()
    settings = json.loads(described.settings)
    return Seat(
        participant="",
        slot=slot,
        steps=_steps(rows, settings["questions"]),
        done=0,
        code="",
        closed=described.closed_at is not None,
        answers=answers_of(
            settings.get("task", "pairs"),
            settings.get("scale", 0),
            settings.get("cannot_say", True),
            settings.get("pictures", 0),
        ),
    )


def row_of(trial: Trial, study: int, slot: int, position: int) -> dict[str, Any]:
    """Return a trial as a row of the table of trials."""
    row: dict[str, Any] = {
        "study_id": study,
        "slot": slot,
        "position": position,
        "kind": trial.kind,
        "content": trial.content,
        "style": trial.style,
        "expected": trial.expected,
        "repeats": trial.repeats,
        "pair": trial.pair,
        "more": text_of(trial.more),
    }
    for name, side in (("left", trial.left), ("right", trial.right)):
        row |= {
            f"{name}_source": side.source,
            f"{name}_method": side.method,
            f"{name}_mode": side.mode,
        }
    return row


def trial_of(row: Mapping[str, Any]) -> Trial:
    """Return the trial of a row that `row_of` made."""
    left, right = (
        Side(row[f"{name}_source"], row[f"{name}_method"], row[f"{name}_mode"])
        for name in ("left", "right")
    )
    return Trial(
        kind=row["kind"],
        content=row["content"],
        style=row["style"],
        left=left,
        right=right,
        expected=row["expected"],
        repeats=row["repeats"],
        pair=row["pair"],
        more=sides_of(row["more"]),
    )


def hash_of(secret: str) -> str:
    """Return what is kept of the secret of a private link: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
