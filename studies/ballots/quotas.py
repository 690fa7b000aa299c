"""How full a study is: its places by the block in which they were planned, its people by door."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import sqlalchemy as sa

from studies.ballots.database import Database
from studies.ballots.newcomers import AWAY
from studies.ballots.schema import EVENTS, INVITATIONS, PARTICIPANTS, TRIALS

#: What became of somebody; see `Quotas`.
_STATES = ("finished", "at it now", "left", "left out")
#: What stands in the log where places were added, see `studies.ballots.places.add_places`.
_ADDED = re.compile(r"(\d+) added to (\d+)")
#: How people come who have no invitation, by the study's door.
_DOORS: Mapping[str, str] = {
    "platform": "recruitment platform",
    "open": "open door",
    "invitation": "no invitation",
}


class Quotas(NamedTuple):
    """How full a study is.

    Somebody has "finished"; or is "at it now"; or has "left", stopping in the middle and away for
    half an hour; or was "left out", having finished and failed too many catch trials.

    Attributes:
        blocks: one row for each time that places were planned: ``block``; ``places``, of which
            ``finished``, ``at it now``, and ``open``, which the next newcomer may get; and of the
            people who had one of them, how many have ``left`` or were ``left out``.
        doors: one row for each time that people were invited, and for the others: ``came by``,
            ``invited``, of which ``not used``; ``joined``, of whom so many are in each state.
        places: ``place``, from 1, and its ``state``: finished, at it now, or open.
    """

    blocks: pd.DataFrame
    doors: pd.DataFrame
    places: pd.DataFrame


def read_quotas(database: Database, study: int, door: str) -> Quotas:
    """Read how full a study is.

    Args:
        database: of the ballots.
        study: number of the study.
        door: by which people come who have no invitation.
    """
    with database.reading() as connection:
        slots = sorted(
            connection.scalars(
                sa.select(TRIALS.c.slot).where(TRIALS.c.study_id == study).distinct()
            )
        )
        people = connection.execute(
            sa.select(
                PARTICIPANTS.c.slot, PARTICIPANTS.c.link, PARTICIPANTS.c.finished_at,
                PARTICIPANTS.c.seen_at, PARTICIPANTS.c.excluded,
            ).where(PARTICIPANTS.c.study_id == study)
        ).all()  # fmt: skip
        invited = connection.execute(
            sa.select(INVITATIONS.c.link, INVITATIONS.c.made_at).where(
                INVITATIONS.c.study_id == study
            )
        ).all()
        added = connection.scalars(
            sa.select(EVENTS.c.detail)
            .where(EVENTS.c.study_id == study, EVENTS.c.what == "places")
            .order_by(EVENTS.c.id)
        ).all()
    idle = database.stamp(-AWAY)
    batch = {row.link: f"invitations of {row.made_at[:16].replace('T', ' ')}" for row in invited}
    seen = pd.DataFrame(
        [
            (
                row.slot,
                _state(row.finished_at is not None, bool(row.excluded), row.seen_at > idle),
                batch.get(row.link, _DOORS[door] if row.link else "an export"),
            )
            for row in people
        ],
        columns=["slot", "state", "came by"],
    )
    held = {
        state: set(seen.loc[seen["state"] == state, "slot"]) for state in ("finished", "at it now")
    }
    places = pd.DataFrame(
        {
            "place": [slot + 1 for slot in slots],
            "state": [
                next((state for state, where in held.items() if slot in where), "open")
                for slot in slots
            ],
        }
    )
    return Quotas(
        _blocks(places, seen, list(added)), _doors(seen, pd.Series(batch, dtype=object)), places
    )


def _state(finished: bool, excluded: bool, here: bool) -> str:
    if finished:
        return "left out" if excluded else "finished"
    return "at it now" if here else "left"


def _blocks(places: pd.DataFrame, seen: pd.DataFrame, added: list[str]) -> pd.DataFrame:
    found = (_ADDED.fullmatch(text) for text in added)
    starts = sorted({0, *(int(match[2]) for match in found if match)})
    rows = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(places)
        mine = places["state"].iloc[start:end]
        people = seen.loc[seen["slot"].isin(places["place"].iloc[start:end] - 1), "state"]
        rows.append(
            {
                "block": f"{'added: ' if number else ''}places {start + 1} to {end}",
                "places": len(mine),
                **{
                    state: int((mine == state).sum()) for state in ("finished", "at it now", "open")
                },
                **{state: int((people == state).sum()) for state in ("left", "left out")},
            }
        )
    return pd.DataFrame(rows)


def _doors(seen: pd.DataFrame, batches: pd.Series[str]) -> pd.DataFrame:
    sent = batches.value_counts()
    rows = []
    for name in dict.fromkeys([*sorted(batches.unique()), *sorted(seen["came by"].unique())]):
        mine = seen.loc[seen["came by"] == name, "state"]
        number = int(sent.get(name, 0))
        rows.append(
            {
                "came by": name,
                "invited": str(number or ""),
                "not used": str(max(number - len(mine), 0)) if number else "",
                "joined": len(mine),
                **{state: int((mine == state).sum()) for state in _STATES},
            }
        )
    columns = ["came by", "invited", "not used", "joined", *_STATES]
    return pd.DataFrame(rows, columns=columns)
