"""The plan of a study, written down before the first answer, and kept with the ballots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.database import Database
from studies.ballots.events import event
from studies.ballots.schema import PARTICIPANTS, PREREGISTRATIONS, STUDIES, VOTES
from studies.design.preregistration import plan_head, settings_text, text_hash


@dataclass(frozen=True)
class Preregistration:
    """A plan that is kept.

    Attributes:
        version: 1 for the first.
        document: Markdown.
        sha256: of the document.
        new: whether it was written just now; the same plan is not written twice.
    """

    version: int
    document: str
    sha256: str
    new: bool


def preregister(
    database: Database, study: int, settings: Mapping[str, Any], body: str
) -> Preregistration:
    """Keep the plan of a study that nobody has answered yet.

    A plan that was kept before stays: the new one names it.

    Args:
        database: of the ballots.
        study: number of the study.
        settings: see `studies.ballots.opening.settings_of`.
        body: see `studies.design.preregistration.plan_body`.

    Raises:
        UserError: somebody has answered.
    """
    with database.writing() as connection:
        name = connection.scalar(
            sa.select(STUDIES.c.name).where(STUDIES.c.id == study).with_for_update()
        )
        before = connection.execute(
            sa.select(PREREGISTRATIONS)
            .where(PREREGISTRATIONS.c.study_id == study)
            .order_by(PREREGISTRATIONS.c.id)
        ).all()
        if before and before[-1].document.endswith(f"\n\n{body}"):
            return Preregistration(len(before), before[-1].document, before[-1].sha256, False)
        here = PARTICIPANTS.c.study_id == study
        joined = connection.scalar(sa.select(sa.func.count()).where(here)) or 0
        answers = connection.scalar(
            sa.select(sa.func.count(VOTES.c.id))
            .join(PARTICIPANTS, PARTICIPANTS.c.id == VOTES.c.participant_id)
            .where(here)
        )
        if answers:
            kept = f"; the plan of {before[-1].made_at[:10]} stands" if before else ""
            raise UserError(
                f"study '{name}' has {answers} answers already: a plan that is written now is no "
                f"preregistration{kept}"
            )
        now = database.stamp()
        simulated = bool(settings.get("simulated"))
        replaced = [row.sha256 for row in before]
        document = plan_head(str(name), now, joined, replaced, simulated) + body
        digest = text_hash(document)
        connection.execute(
            sa.insert(PREREGISTRATIONS).values(
                study_id=study,
                made_at=now,
                sha256=digest,
                settings=settings_text(settings),
                document=document,
            )
        )
        connection.execute(event(database, study, "preregistered", digest))
    return Preregistration(len(before) + 1, document, digest, True)


def import_plans(database: Database, study: int, plans: pd.DataFrame) -> None:
    """Keep the plans of an export, where a study has none.

    Args:
        database: of the ballots.
        study: number of the study.
        plans: `studies.ballots.poll.REGISTRATION_COLUMNS`.
    """
    rows: list[dict[str, Any]] = [
        {"study_id": study, **{str(name): value for name, value in row.items()}}
        for row in plans.to_dict("records")
    ]
    with database.writing() as connection:
        there = sa.select(PREREGISTRATIONS.c.id).where(PREREGISTRATIONS.c.study_id == study)
        if rows and connection.execute(there).first() is None:
            connection.execute(sa.insert(PREREGISTRATIONS), rows)
