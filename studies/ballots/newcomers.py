"""Newcomers: who gets which place of a study, and who has to wait or is not let in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from studies.ballots.database import Database
from studies.ballots.doors import new_code
from studies.ballots.places import count_taken
from studies.ballots.schema import DEMOGRAPHICS, INVITATIONS, PARTICIPANTS, STUDIES
from studies.ballots.seats import Refused, hash_of

#: A place whose participant was away for so long is given to somebody else; whoever comes back
#: goes on all the same.
AWAY = timedelta(minutes=30)
#: The time for which newcomers are counted.
MINUTE = timedelta(minutes=1)


class StudyFull(Exception):
    """Every place is taken."""


class TooMany(Exception):
    """So many came within the last minute that others have to wait."""


def admit(
    database: Database,
    study: int,
    secret: str | None = None,
    *,
    invited: bool = False,
    per_minute: int | None = None,
    about: Mapping[str, str] | None = None,
) -> str:
    """Give a newcomer a place.

    The place with the fewest people who finished it or are at it now; so a place that was
    left in the middle is filled again, and one whose participant is left out of the ranking.

    Args:
        database: of the ballots.
        study: to take part in.
        secret: of the private link, see `studies.ballots.doors.secret_of`; who has one that is
            known already has the place that belongs to it. A new one is drawn if None.
        invited: let in only whom `studies.ballots.administration.invite` knows.
        per_minute: newcomers in a minute, at most.
        about: what the newcomer tells about themselves, by the names of the questions; it is
            kept together with their place, or not at all.

    Returns:
        the secret of the private link; only its hash is kept.

    Raises:
        StudyFull: every place is finished, or somebody is at it.
        TooMany: others came within the last minute.
        Refused: the study is closed, or there is no such invitation.
    """
    secret = secret or secrets.token_urlsafe(24)
    link = hash_of(secret)
    with database.writing() as connection:
        # One newcomer at a time, so that two tabs of one id cannot both be new.
        held = connection.execute(
            sa.select(STUDIES.c.closed_at).where(STUDIES.c.id == study).with_for_update()
        ).one()
        mine = sa.select(PARTICIPANTS.c.id).where(
            PARTICIPANTS.c.study_id == study, PARTICIPANTS.c.link == link
        )
        if connection.execute(mine).first() is not None:
            return secret
        if held.closed_at is not None:
            raise Refused("the study is closed")
        if invited and not is_invited(connection, study, link):
            raise Refused("no such invitation")
        if per_minute is not None:
            recent = sa.select(sa.func.count()).where(
                PARTICIPANTS.c.study_id == study,
                PARTICIPANTS.c.joined_at > database.stamp(-MINUTE),
            )
            if (connection.scalar(recent) or 0) >= per_minute:
                raise TooMany
        taken = count_taken(connection, study, database.stamp(-AWAY))
        slot = min(taken, key=taken.__getitem__)
        if taken[slot]:
            raise StudyFull
        made = connection.execute(
            sa.insert(PARTICIPANTS).values(
                study_id=study,
                name=secrets.token_hex(6),
                slot=slot,
                link=link,
                code=new_code(),
                joined_at=database.stamp(),
                seen_at=database.stamp(),
            )
        )
        assert made.inserted_primary_key is not None
        told = [
            {"participant_id": made.inserted_primary_key[0], "name": name, "reply": reply}
            for name, reply in (about or {}).items()
        ]
        if told:
            connection.execute(sa.insert(DEMOGRAPHICS), told)
    return secret


def is_invited(connection: sa.Connection, study: int, link: str) -> bool:
    """Tell whether there is an invitation with this hash of a secret."""
    query = sa.select(INVITATIONS.c.id).where(
        INVITATIONS.c.study_id == study, INVITATIONS.c.link == link
    )
    return connection.execute(query).first() is not None
