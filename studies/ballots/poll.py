"""A study's ballots in memory, as tables, read from a database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.database import Database
from studies.ballots.schema import (
    DEMOGRAPHICS,
    EVENTS,
    PARTICIPANTS,
    PREREGISTRATIONS,
    STUDIES,
    TRIALS,
    VOTES,
)
from studies.design.trial import Task

SIDE_COLUMNS = [
    f"{side}_{part}" for side in ("left", "right") for part in ("source", "method", "mode")
]
TRIAL_COLUMNS = [
    "slot", "position", "kind", "content", "style", *SIDE_COLUMNS, "expected", "repeats",
]  # fmt: skip
PARTICIPANT_COLUMNS = ["participant", "slot", "joined_at", "finished_at", "comment"]
VOTE_COLUMNS = [
    "participant", "slot", "position", "question", "answer", "seconds", "voted_at", "timed_by",
    "reloaded", "device",
]  # fmt: skip
REGISTRATION_COLUMNS = ["made_at", "sha256", "settings", "document"]
DEMOGRAPHIC_COLUMNS = ["participant", "name", "reply"]
EVENT_COLUMNS = ["at", "what", "detail"]


@dataclass(frozen=True)
class Poll:
    """A study's ballots in memory.

    Attributes:
        name: of the study.
        digest: see `studies.ballots.opening.digest_of`.
        settings: see `studies.ballots.opening.settings_of`.
        created_at: when it was begun.
        closed_at: when it was closed; None while it is open.
        trials: `TRIAL_COLUMNS`, one row per planned trial.
        participants: `PARTICIPANT_COLUMNS` and ``finished`` (bool).
        votes: one row per answer: `VOTE_COLUMNS` and the trial's `TRIAL_COLUMNS`.
        events: `EVENT_COLUMNS`, what was done with the study, see `studies.ballots.events`.
        preregistrations: `REGISTRATION_COLUMNS`, plans written before the first answer; the last
            one stands.
        demographics: `DEMOGRAPHIC_COLUMNS`, what participants told about themselves.
    """

    name: str
    digest: str
    settings: Mapping[str, Any]
    created_at: str
    closed_at: str | None
    trials: pd.DataFrame
    participants: pd.DataFrame
    votes: pd.DataFrame
    events: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=EVENT_COLUMNS))
    preregistrations: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=REGISTRATION_COLUMNS)
    )
    demographics: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=DEMOGRAPHIC_COLUMNS)
    )

    @property
    def task(self) -> Task:
        """How the study asks; those of older versions asked about pairs."""
        task: Task = self.settings.get("task", "pairs")
        return task

    @property
    def cannot_say(self) -> bool:
        """Whether a study of pairs offers "can't say", as those of older versions did."""
        return bool(self.settings.get("cannot_say", True))


def study_names(database: Database) -> list[str]:
    """Return the names of the studies in a database, oldest first."""
    return [str(row.name) for row in database.rows(sa.select(STUDIES).order_by(STUDIES.c.id))]


def study_key(database: Database, name: str) -> int:
    """Return a study's number in its database."""
    return int(database.rows(sa.select(STUDIES.c.id).where(STUDIES.c.name == name))[0].id)


def count_places(database: Database, study: int) -> int:
    """Return how many places a study has."""
    places = sa.select(sa.func.count(TRIALS.c.slot.distinct())).where(TRIALS.c.study_id == study)
    with database.reading() as connection:
        return int(connection.scalar(places) or 0)


def choose_name(database: Database, name: str | None) -> str:
    """Return the name of the study asked for, or of the only one.

    Raises:
        UserError: there is no such study, or none, or several to choose from.
    """
    known = study_names(database)
    if name is not None and name in known:
        return name
    if name is None and len(known) == 1:
        return known[0]
    if not known:
        raise UserError(f"{database.where}: has no study yet; open its page first")
    listed = ", ".join(known)
    if name is None:
        raise UserError(f"{database.where}: has several studies; choose one with --name: {listed}")
    raise UserError(f"{database.where}: has no study '{name}'; it has {listed}")


def read_poll(database: Database, name: str) -> Poll:
    """Read one study with all its votes.

    Raises:
        UserError: there is no such study.
    """
    found = database.rows(sa.select(STUDIES).where(STUDIES.c.name == name))
    if not found:
        raise UserError(f"{database.where}: has no study '{name}'")
    study = found[0]
    trials = database.rows(
        sa.select(*(TRIALS.c[column] for column in TRIAL_COLUMNS))
        .where(TRIALS.c.study_id == study.id)
        .order_by(TRIALS.c.slot, TRIALS.c.position)
    )
    people = database.rows(
        sa.select(
            PARTICIPANTS.c.name.label("participant"),
            *(PARTICIPANTS.c[column] for column in PARTICIPANT_COLUMNS[1:]),
        )
        .where(PARTICIPANTS.c.study_id == study.id)
        .order_by(PARTICIPANTS.c.id)
    )
    votes = database.rows(
        sa.select(
            PARTICIPANTS.c.name.label("participant"),
            TRIALS.c.slot,
            TRIALS.c.position,
            *(VOTES.c[column] for column in VOTE_COLUMNS[3:]),
        )
        .join(PARTICIPANTS, PARTICIPANTS.c.id == VOTES.c.participant_id)
        .join(TRIALS, TRIALS.c.id == VOTES.c.trial_id)
        .where(PARTICIPANTS.c.study_id == study.id)
        .order_by(PARTICIPANTS.c.id, VOTES.c.id)
    )
    events = database.rows(
        sa.select(*(EVENTS.c[column] for column in EVENT_COLUMNS))
        .where(EVENTS.c.study_id == study.id)
        .order_by(EVENTS.c.id)
    )
    plans = database.rows(
        sa.select(*(PREREGISTRATIONS.c[column] for column in REGISTRATION_COLUMNS))
        .where(PREREGISTRATIONS.c.study_id == study.id)
        .order_by(PREREGISTRATIONS.c.id)
    )
    about = database.rows(
        sa.select(
            PARTICIPANTS.c.name.label("participant"), DEMOGRAPHICS.c.name, DEMOGRAPHICS.c.reply
        )
        .join(PARTICIPANTS, PARTICIPANTS.c.id == DEMOGRAPHICS.c.participant_id)
        .where(PARTICIPANTS.c.study_id == study.id)
        .order_by(PARTICIPANTS.c.id, DEMOGRAPHICS.c.id)
    )
    return make_poll(
        {
            "name": study.name,
            "digest": study.digest,
            "settings": json.loads(study.settings),
            "created_at": study.created_at,
            "closed_at": study.closed_at,
        },
        pd.DataFrame([tuple(row) for row in trials], columns=TRIAL_COLUMNS),
        pd.DataFrame([tuple(row) for row in people], columns=PARTICIPANT_COLUMNS),
        pd.DataFrame([tuple(row) for row in votes], columns=VOTE_COLUMNS),
        pd.DataFrame([tuple(row) for row in events], columns=EVENT_COLUMNS),
        pd.DataFrame([tuple(row) for row in plans], columns=REGISTRATION_COLUMNS),
        pd.DataFrame([tuple(row) for row in about], columns=DEMOGRAPHIC_COLUMNS),
    )


def make_poll(
    study: Mapping[str, Any],
    trials: pd.DataFrame,
    people: pd.DataFrame,
    votes: pd.DataFrame,
    events: pd.DataFrame,
    preregistrations: pd.DataFrame,
    demographics: pd.DataFrame,
) -> Poll:
    """Put the tables of a study together.

    Args:
        study: the other attributes of `Poll`.
        trials: `TRIAL_COLUMNS`.
        people: `PARTICIPANT_COLUMNS`.
        votes: `VOTE_COLUMNS`.
        events: `EVENT_COLUMNS`.
        preregistrations: `REGISTRATION_COLUMNS`.
        demographics: `DEMOGRAPHIC_COLUMNS`.
    """
    trials = trials.assign(repeats=trials["repeats"].astype("Int64"))
    for column in ("slot", "position"):
        trials[column] = trials[column].astype("int64")
        votes[column] = votes[column].astype("int64")
    people = people.assign(
        slot=people["slot"].astype("int64"), finished=people["finished_at"].notna()
    )
    votes = votes.assign(
        seconds=votes["seconds"].astype("float64"), reloaded=votes["reloaded"].astype("boolean")
    )
    merged = votes.merge(trials, on=["slot", "position"], how="left", validate="many_to_one")
    return Poll(
        **study,
        trials=trials,
        participants=people,
        votes=merged,
        events=events,
        preregistrations=preregistrations,
        demographics=demographics,
    )
