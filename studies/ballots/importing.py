"""Bring exported ballots into a database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from studies.ballots.administration import begin_study, close_study
from studies.ballots.choosing import take_pairs
from studies.ballots.database import Database
from studies.ballots.places import add_places
from studies.ballots.poll import VOTE_COLUMNS, Poll
from studies.ballots.registrations import import_plans
from studies.ballots.schema import DEMOGRAPHICS, PARTICIPANTS, TRIALS, VOTES
from studies.ballots.seats import trial_of
from studies.design.trial import Trial


def import_poll(database: Database, poll: Poll) -> tuple[int, int]:
    """Write a study's ballots into a database; participants that are there already stay as is.

    Returns:
        how many participants and votes were added: all that are new, or none.

    Raises:
        UserError: the database has a study of this name with other settings.
    """
    design: dict[int, list[Trial]] = {}
    for row in _records(poll.trials):
        design.setdefault(int(row["slot"]), []).append(trial_of(row))
    lists = [design[slot] for slot in sorted(design)]
    study = begin_study(database, poll.name, poll.digest, poll.settings, lambda: lists)
    add_places(database, study, len(lists), lambda first, _: lists[first:])
    take_pairs(database, study, lists)
    import_plans(database, study, poll.preregistrations)
    people = [
        {
            "name": row["participant"],
            "slot": int(row["slot"]),
            "joined_at": row["joined_at"],
            "seen_at": row["finished_at"] or row["joined_at"],
            "finished_at": row["finished_at"],
            "comment": row["comment"],
        }
        for row in _records(poll.participants)
    ]
    added = _add(
        database, study, people, _records(poll.votes[VOTE_COLUMNS]), _records(poll.demographics)
    )
    if poll.closed_at is not None:
        close_study(database, study)
    return added


def _add(
    database: Database,
    study: int,
    people: Sequence[dict[str, Any]],
    votes: Sequence[dict[str, Any]],
    about: Sequence[dict[str, Any]],
) -> tuple[int, int]:
    """Add participants of another database; those that are here stay as they are.

    Args:
        study: its number here.
        people: rows of the table of participants, without keys.
        votes: rows of the table of votes, with ``participant``, ``slot`` and ``position``
            instead of keys.
        about: `studies.ballots.poll.DEMOGRAPHIC_COLUMNS`.

    Returns:
        how many participants and votes were added: all of them, or none.
    """
    with database.writing() as connection:
        here = set(connection.scalars(sa.select(PARTICIPANTS.c.name)))
        keys: dict[str, int] = {}
        for person in people:
            if person["name"] not in here:
                row = {**person, "study_id": study, "code": "", "link": None}
                made = connection.execute(sa.insert(PARTICIPANTS).values(row))
                assert made.inserted_primary_key is not None
                keys[person["name"]] = made.inserted_primary_key[0]
        trials = {
            (row.slot, row.position): row.id
            for row in connection.execute(
                sa.select(TRIALS.c.id, TRIALS.c.slot, TRIALS.c.position).where(
                    TRIALS.c.study_id == study
                )
            )
        }
        new = [
            {
                **{name: vote[name] for name in VOTE_COLUMNS[3:]},
                "participant_id": keys[vote["participant"]],
                "trial_id": trials[vote["slot"], vote["position"]],
            }
            for vote in votes
            if vote["participant"] in keys
        ]
        if new:
            connection.execute(sa.insert(VOTES), new)
        told = [
            {"participant_id": keys[row["participant"]], "name": row["name"], "reply": row["reply"]}
            for row in about
            if row["participant"] in keys
        ]
        if told:
            connection.execute(sa.insert(DEMOGRAPHICS), told)
        return len(keys), len(new)


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, with None where a value is missing."""
    known = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in known.to_dict("records")]
