"""What the administrator does: begin a study, close it, invite, delete a participant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.changes import give_back, take_away
from studies.ballots.database import Database
from studies.ballots.doors import typed_code
from studies.ballots.events import event
from studies.ballots.places import Design
from studies.ballots.schema import (
    INVITATIONS,
    PARTICIPANTS,
    STUDIES,
    TRIALS,
    VOTES,
)
from studies.ballots.seats import hash_of, row_of


def begin_study(
    database: Database,
    name: str,
    digest: str,
    settings: Mapping[str, Any],
    design: Callable[[], Design],
) -> int:
    """Find a study, or write it with its design.

    A study that nobody joined yet may still change; its log, its invitations and its plan stay.
    After that, what decides the results may not.

    Args:
        database: of the ballots.
        name: of the study.
        digest: of everything that may not change once somebody takes part.
        settings: kept with it, as JSON.
        design: makes the lists of trials, if they are needed.

    Returns:
        its number.

    Raises:
        UserError: the study was begun with other settings.
    """
    with database.writing() as connection:
        _lock_studies(connection)
        kept: dict[str, list[dict[str, Any]]] = {}
        found = connection.execute(sa.select(STUDIES).where(STUDIES.c.name == name)).first()
        if found is not None:
            joined = connection.scalar(
                sa.select(sa.func.count()).where(PARTICIPANTS.c.study_id == found.id)
            )
            # More places are added, see `studies.ballots.places`; fewer only before anybody came.
            size = "participants"
            same_size = json.loads(found.settings).get(size) == settings.get(size)
            if found.digest == digest and (joined or same_size):
                return int(found.id)
            if joined:
                raise UserError(
                    f"study '{name}' was begun with other settings or another run, and "
                    f"{joined} people took part; give the changed study another name"
                )
            kept = take_away(connection, found.id)
        made = connection.execute(
            sa.insert(STUDIES).values(
                name=name,
                digest=digest,
                settings=json.dumps(settings, ensure_ascii=False),
                created_at=database.stamp(),
            )
        )
        assert made.inserted_primary_key is not None
        study = int(made.inserted_primary_key[0])
        if found is not None:
            give_back(connection, study, kept)
            connection.execute(event(database, study, "settings", "changed, nobody had joined"))
        connection.execute(
            sa.insert(TRIALS),
            [
                row_of(trial, study, slot, position)
                for slot, trials in enumerate(design())
                for position, trial in enumerate(trials)
            ],
        )
        return study


def _lock_studies(connection: sa.Connection) -> None:
    """Let one process at a time begin a study. (A transaction of SQLite is alone anyway.)"""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE studies IN SHARE ROW EXCLUSIVE MODE"))


def close_study(database: Database, study: int, closed: bool = True) -> None:
    """Take no more votes, or take them again."""
    with database.writing() as connection:
        connection.execute(
            sa.update(STUDIES)
            .where(STUDIES.c.id == study)
            .values(closed_at=database.stamp() if closed else None)
        )
        connection.execute(event(database, study, "closed" if closed else "opened again"))


def invite(database: Database, study: int, secrets: Sequence[str]) -> None:
    """Let whoever has one of these secrets take part, once each.

    Args:
        database: of the ballots.
        study: number of the study.
        secrets: see `studies.ballots.doors.secret_of`; only their hashes are kept.
    """
    with database.writing() as connection:
        connection.execute(
            sa.insert(INVITATIONS),
            [
                {"study_id": study, "link": hash_of(secret), "made_at": database.stamp()}
                for secret in secrets
            ],
        )


def forget_participant(database: Database, participant: str) -> int:
    """Delete a participant, on request; return how many votes went.

    Args:
        database: of the ballots.
        participant: random name, as in an export, or completion code.

    Raises:
        UserError: there is none.
    """
    code = typed_code(participant)
    with database.writing() as connection:
        row = connection.execute(
            sa.select(PARTICIPANTS.c.id).where(
                (PARTICIPANTS.c.name == participant)
                | ((PARTICIPANTS.c.code == code) & (PARTICIPANTS.c.code != ""))
            )
        ).first()
        if row is None:
            raise UserError(f"{database.where}: no participant '{participant}'")
        votes = connection.scalar(
            sa.select(sa.func.count()).where(VOTES.c.participant_id == row.id)
        )
        connection.execute(sa.delete(PARTICIPANTS).where(PARTICIPANTS.c.id == row.id))
    database.forget_log()
    return int(votes or 0)


def completion_codes(database: Database, study: int) -> pd.DataFrame:
    """Return the codes that participants were shown at the end.

    Returns:
        one row per participant who finished, in order of the codes, so that the order tells
        nothing of who they are: ``code``, ``finished_at``, and whether they are ``excluded`` from
        the ranking. The names that stand in an export are not here, so whoever pays people by
        their codes cannot look up what they answered.
    """
    columns = ["code", "finished_at", "excluded"]
    rows = database.rows(
        sa.select(*(PARTICIPANTS.c[column] for column in columns))
        .where(
            PARTICIPANTS.c.study_id == study,
            PARTICIPANTS.c.finished_at.is_not(None),
            PARTICIPANTS.c.code != "",
        )
        .order_by(PARTICIPANTS.c.code)
    )
    return pd.DataFrame([tuple(row) for row in rows], columns=columns)


def check_codes(database: Database, study: int, given: Sequence[str]) -> pd.DataFrame:
    """Tell which of some codes were given to somebody at the end.

    Args:
        database: of the ballots.
        study: number of the study.
        given: codes as people typed them.

    Returns:
        one row each, in their order: ``given``, and what it is, ``found``: "finished", "finished,
        left out of the ranking", "unknown", or "given before" where it stood there already.
    """
    known = completion_codes(database, study).set_index("code")["excluded"].to_dict()
    found, seen = [], set()
    for text in given:
        code = typed_code(text)
        if code not in known:
            what = "unknown"
        elif code in seen:
            what = "given before"
        else:
            what = "finished, left out of the ranking" if known[code] else "finished"
        seen.add(code)
        found.append({"given": text, "found": what})
    return pd.DataFrame(found, columns=["given", "found"])
