"""What was done with a study and when: whoever defends its result can show when they looked."""

from __future__ import annotations

import sqlalchemy as sa

from studies.ballots.database import Database
from studies.ballots.schema import EVENTS


def log_event(database: Database, study: int, what: str, detail: str = "") -> None:
    """Add a line to the log of a study.

    Args:
        database: of the ballots.
        study: number of the study.
        what: was done: closed, opened again, ranking, exported, codes, invited, places.
        detail: more about it; never what participants answered.
    """
    with database.writing() as connection:
        connection.execute(event(database, study, what, detail))


def event(database: Database, study: int, what: str, detail: str = "") -> sa.Insert:
    """Return the same, to be done in a transaction together with what it tells of."""
    return sa.insert(EVENTS).values(study_id=study, at=database.stamp(), what=what, detail=detail)
