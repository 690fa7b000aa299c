"""A study's ballots that stay in memory, for a page that looks at them again and again.

Each look asks the database for a few counts. Only where one of them changed is anything read, and
of the answers only the new ones.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.database import Database
from studies.ballots.poll import (
    VOTE_COLUMNS,
    Poll,
    described,
    make_poll,
    read_papers,
    read_people,
    read_trials,
    read_votes,
)
from studies.ballots.schema import (
    EVENTS,
    PARTICIPANTS,
    PREREGISTRATIONS,
    STUDIES,
    TRIALS,
    VOTES,
)


class _Mark(NamedTuple):
    """What changes with whatever happens to a study; each is a row of its query.

    Attributes:
        votes: how many, and the last one's number.
        people: of everybody.
        trials: how many, and the last one's number.
        open_pairs: how many trials have no pair yet.
        papers: of the log and the plans.
        study: when it was closed, and its settings.
    """

    votes: Sequence[Any]
    people: Sequence[Any]
    trials: Sequence[Any]
    open_pairs: Sequence[Any]
    papers: Sequence[Sequence[Any]]
    study: Sequence[Any]


class Watched:
    """The ballots of one study, as they are at each look.

    Args:
        database: of the ballots.
        study: number of the study.

    Attributes:
        version: how often they changed since the first look.
    """

    def __init__(self, database: Database, study: int) -> None:
        self._database, self._study = database, study
        self._lock = threading.Lock()
        self._mark: _Mark | None = None
        self._trials: pd.DataFrame | None = None
        self._votes: pd.DataFrame | None = None
        self._poll: Poll | None = None
        self.version = 0

    def look(self) -> tuple[int, Poll]:
        """Return the version and the ballots; the same objects if nothing changed.

        Raises:
            BallotsDown: the database cannot be reached.
            UserError: there is no such study any more.
        """
        with self._lock:
            mark = self._now()
            if self._poll is None or mark != self._mark:
                self._poll = self._read(mark)
                self._mark = mark
                self.version += 1
            return self.version, self._poll

    def _now(self) -> _Mark:
        here = PARTICIPANTS.c.study_id == self._study
        votes = (
            sa.select(sa.func.count(VOTES.c.id), sa.func.coalesce(sa.func.max(VOTES.c.id), 0))
            .join(PARTICIPANTS, PARTICIPANTS.c.id == VOTES.c.participant_id)
            .where(here)
        )
        people = sa.select(
            sa.func.count(),
            sa.func.max(PARTICIPANTS.c.id),
            sa.func.count(PARTICIPANTS.c.finished_at),
            sa.func.sum(sa.func.length(PARTICIPANTS.c.comment)),
        ).where(here)
        events, plans, trials = (
            sa.select(sa.func.count(), sa.func.max(table.c.id)).where(
                table.c.study_id == self._study
            )
            for table in (EVENTS, PREREGISTRATIONS, TRIALS)
        )
        open_pairs = sa.select(sa.func.count()).where(
            TRIALS.c.study_id == self._study, TRIALS.c.pair == "open"
        )
        study = sa.select(STUDIES.c.closed_at, STUDIES.c.settings).where(
            STUDIES.c.id == self._study
        )
        with self._database.reading() as connection:

            def row(query: sa.Executable) -> Sequence[Any]:
                return tuple(connection.execute(query).first() or ())

            mark = _Mark(
                row(votes), row(people), row(trials), row(open_pairs), (row(events), row(plans)),
                row(study),
            )  # fmt: skip
        if not mark.study:
            raise UserError(
                f"{self._database.where}: the study was begun anew with other settings; start this "
                "page again"
            )
        return mark

    def _read(self, mark: _Mark) -> Poll:
        people = read_people(self._database, self._study)
        trials = self._trials
        # Trials change when there are more places, and when adaptive pairs are chosen.
        if trials is None or (len(trials), int(trials["pair"].eq("open").sum())) != (
            mark.trials[0],
            mark.open_pairs[0],
        ):
            self._trials = trials = read_trials(self._database, self._study)
        votes = self._votes
        if votes is not None and len(votes):
            here = votes[votes["participant"].isin(people["participant"])]  # others withdrew
            new = read_votes(self._database, self._study, int(votes["id"].max()))
            votes = pd.concat([here, new], ignore_index=True) if len(new) else here
            # Where two processes vote at once, a larger number may come to be seen first.
            votes = votes if len(votes) >= mark.votes[0] else None
        if votes is None or votes.empty:
            votes = read_votes(self._database, self._study)
        number = {name: place for place, name in enumerate(people["participant"])}
        votes = votes[votes["participant"].isin(number)]  # the others came since we asked
        order = np.lexsort((votes["id"], votes["participant"].map(number)))
        self._votes = votes = votes.iloc[order].reset_index(drop=True)
        study = self._database.rows(sa.select(STUDIES).where(STUDIES.c.id == self._study))[0]
        papers = read_papers(self._database, self._study)
        return make_poll(described(study), trials, people, votes[VOTE_COLUMNS].copy(), *papers)
