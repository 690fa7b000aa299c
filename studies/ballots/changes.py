"""What changes in a study after it was begun, and what stays with it all the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from studies.ballots.database import Database
from studies.ballots.events import event
from studies.ballots.schema import EVENTS, INVITATIONS, PREREGISTRATIONS, STUDIES

#: What belongs to a study whatever its design is. Without people there are no other rows.
_STAYS = (EVENTS, INVITATIONS, PREREGISTRATIONS)


def keep_changes(database: Database, study: int, settings: Mapping[str, Any]) -> None:
    """Keep the settings of a study that may change while it runs, and log which did.

    Args:
        database: of the ballots.
        study: number of the study.
        settings: as they are now; see `studies.ballots.opening.settings_of`.
    """
    query = sa.select(STUDIES.c.settings).where(STUDIES.c.id == study)
    if not changed_names(json.loads(database.rows(query)[0].settings), settings):
        return
    with database.writing() as connection:
        held = connection.scalar(query.with_for_update())
        changed = changed_names(json.loads(held or "{}"), settings)
        connection.execute(
            sa.update(STUDIES)
            .where(STUDIES.c.id == study)
            .values(settings=json.dumps(settings, ensure_ascii=False))
        )
        if changed:  # not by another process since we looked
            connection.execute(event(database, study, "settings", f"changed {', '.join(changed)}"))


def changed_names(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return the names of the settings that differ."""
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def take_away(connection: sa.Connection, study: int) -> dict[str, list[dict[str, Any]]]:
    """Delete a study that nobody joined, and return what shall stay, by table."""
    kept = {
        table.name: [
            dict(row._mapping)
            for row in connection.execute(
                sa.select(table).where(table.c.study_id == study).order_by(table.c.id)
            )
        ]
        for table in _STAYS
    }
    connection.execute(sa.delete(STUDIES).where(STUDIES.c.id == study))
    return kept


def give_back(
    connection: sa.Connection, study: int, kept: Mapping[str, list[dict[str, Any]]]
) -> None:
    """Write what `take_away` kept into the study that took the place of the other."""
    for table in _STAYS:
        rows = [
            {**{name: value for name, value in row.items() if name != "id"}, "study_id": study}
            for row in kept.get(table.name, ())
        ]
        if rows:
            connection.execute(sa.insert(table), rows)
