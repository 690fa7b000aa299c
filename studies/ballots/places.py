"""Which places of a study are taken, and how more are added while it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.database import Database
from studies.ballots.events import event
from studies.ballots.schema import PARTICIPANTS, STUDIES, TRIALS, VOTES
from studies.ballots.seats import row_of
from studies.design.trial import Trial, is_right

#: One list of trials per participant.
Design = Sequence[Sequence[Trial]]


def count_taken(connection: sa.Connection, study: int, idle: str) -> dict[int, int]:
    """Return how many people hold each place of a study.

    Whoever finished holds it, unless they are left out of the ranking; and whoever is at it now.

    Args:
        connection: in a transaction.
        study: number of the study.
        idle: whoever was seen last before this time is not at it.
    """
    slots = connection.scalars(
        sa.select(TRIALS.c.slot).where(TRIALS.c.study_id == study).distinct()
    )
    taken = dict.fromkeys(sorted(slots), 0)
    finished = PARTICIPANTS.c.finished_at.is_not(None)
    for slot in connection.scalars(
        sa.select(PARTICIPANTS.c.slot).where(
            PARTICIPANTS.c.study_id == study,
            (finished & ~PARTICIPANTS.c.excluded) | (~finished & (PARTICIPANTS.c.seen_at > idle)),
        )
    ):
        taken[slot] += 1
    return taken


def fails_attention(connection: sa.Connection, study: int, participant: int) -> bool:
    """Tell whether a participant failed so many catch trials that they are left out.

    The same rule as `studies.analysis.exclusion.catch_failures`.
    """
    settings = connection.scalar(sa.select(STUDIES.c.settings).where(STUDIES.c.id == study))
    drop_at = json.loads(settings or "{}").get("drop_at")
    if drop_at is None:
        return False
    answered = connection.execute(
        sa.select(TRIALS.c.position, TRIALS.c.expected, VOTES.c.answer)
        .join(VOTES, VOTES.c.trial_id == TRIALS.c.id)
        .where(VOTES.c.participant_id == participant, TRIALS.c.kind == "catch")
    )
    failed = {row.position for row in answered if not is_right(row.answer, row.expected)}
    return len(failed) >= int(drop_at)


def add_places(
    database: Database, study: int, wanted: int, more: Callable[[int, int], Design]
) -> int:
    """Let a study have more places; what is planned already stays as it is.

    Args:
        database: of the ballots.
        study: number of the study.
        wanted: places that it shall have; if it has as many, nothing is done.
        more: (places there are, places to add) -> the lists of trials of the new ones.

    Returns:
        how many were added.

    Raises:
        UserError: the study is closed.
    """
    with database.writing() as connection:
        held = connection.execute(
            sa.select(STUDIES.c.name, STUDIES.c.closed_at)
            .where(STUDIES.c.id == study)
            .with_for_update()
        ).one()
        there = connection.scalar(
            sa.select(sa.func.max(TRIALS.c.slot)).where(TRIALS.c.study_id == study)
        )
        first = 0 if there is None else int(there) + 1
        if wanted <= first:
            return 0
        if held.closed_at is not None:
            raise UserError(
                f"study '{held.name}' is closed and can have no more places; open it again first"
            )
        rows = [
            row_of(trial, study, first + number, position)
            for number, trials in enumerate(more(first, wanted - first))
            for position, trial in enumerate(trials)
        ]
        connection.execute(sa.insert(TRIALS), rows)
        connection.execute(event(database, study, "places", f"{wanted - first} added to {first}"))
    return wanted - first
