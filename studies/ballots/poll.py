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
    "pair",
    "more",
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
    def drop_at(self) -> int:
        """How many failed catch trials leave somebody out; more than there are if none is told."""
        return int(self.settings.get("drop_at", 1 + len(self.trials)))

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
    return make_poll(
        described(study),
        read_trials(database, study.id),
        read_people(database, study.id),
        read_votes(database, study.id)[VOTE_COLUMNS],
        *read_papers(database, study.id),
    )


def described(study: sa.Row[Any]) -> dict[str, Any]:
    """Return the attributes of `Poll` that a row of the table of studies holds."""
    return {
        "name": study.name,
        "digest": study.digest,
        "settings": json.loads(study.settings),
        "created_at": study.created_at,
        "closed_at": study.closed_at,
    }


def _table(database: Database, query: sa.Select[Any], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame([tuple(row) for row in database.rows(query)], columns=columns)


def read_trials(database: Database, study: int) -> pd.DataFrame:
    """Read the planned trials of a study, `TRIAL_COLUMNS`."""
    query = (
        sa.select(*(TRIALS.c[column] for column in TRIAL_COLUMNS))
        .where(TRIALS.c.study_id == study)
        .order_by(TRIALS.c.slot, TRIALS.c.position)
    )
    return _table(database, query, TRIAL_COLUMNS)


def read_people(database: Database, study: int) -> pd.DataFrame:
    """Read who takes part in a study, `PARTICIPANT_COLUMNS`."""
    query = (
        sa.select(
            PARTICIPANTS.c.name.label("participant"),
            *(PARTICIPANTS.c[column] for column in PARTICIPANT_COLUMNS[1:]),
        )
        .where(PARTICIPANTS.c.study_id == study)
        .order_by(PARTICIPANTS.c.id)
    )
    return _table(database, query, PARTICIPANT_COLUMNS)


def read_votes(database: Database, study: int, after: int = 0) -> pd.DataFrame:
    """Read the answers of a study: their number in the database, ``id``, and `VOTE_COLUMNS`.

    Args:
        database: of the ballots.
        study: number of the study.
        after: only those with a larger number.
    """
    query = (
        sa.select(
            VOTES.c.id,
            PARTICIPANTS.c.name.label("participant"),
            TRIALS.c.slot,
            TRIALS.c.position,
            *(VOTES.c[column] for column in VOTE_COLUMNS[3:]),
        )
        .join(PARTICIPANTS, PARTICIPANTS.c.id == VOTES.c.participant_id)
        .join(TRIALS, TRIALS.c.id == VOTES.c.trial_id)
        .where(PARTICIPANTS.c.study_id == study, VOTES.c.id > after)
        .order_by(PARTICIPANTS.c.id, VOTES.c.id)
    )
    return _table(database, query, ["id", *VOTE_COLUMNS])


def read_papers(database: Database, study: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Read the log of a study, its plans, and what participants told about themselves.

    Returns:
        `EVENT_COLUMNS`, `REGISTRATION_COLUMNS` and `DEMOGRAPHIC_COLUMNS`.
    """
    log, plans = (
        _table(
            database,
            sa.select(*(table.c[column] for column in columns))
            .where(table.c.study_id == study)
            .order_by(table.c.id),
            columns,
        )
        for table, columns in (
            (EVENTS, EVENT_COLUMNS),
            (PREREGISTRATIONS, REGISTRATION_COLUMNS),
        )
    )
    about = (
        sa.select(
            PARTICIPANTS.c.name.label("participant"), DEMOGRAPHICS.c.name, DEMOGRAPHICS.c.reply
        )
        .join(PARTICIPANTS, PARTICIPANTS.c.id == DEMOGRAPHICS.c.participant_id)
        .where(PARTICIPANTS.c.study_id == study)
        .order_by(PARTICIPANTS.c.id, DEMOGRAPHICS.c.id)
    )
    return log, plans, _table(database, about, DEMOGRAPHIC_COLUMNS)


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
