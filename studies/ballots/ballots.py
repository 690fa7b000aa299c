"""The ballots: who takes part, what they are shown next, and what they answered.

A vote is kept once it is committed, and only then is the next trial given out. Everything that a
participant can cause (a click twice, a page loaded again, two tabs, an old page) ends in one vote
per trial and question, by a rule of the database and not by the page's good behaviour.

Databases are named by a URL: ``sqlite:///PATH`` (one machine; write-ahead log, synchronous, so
that a committed vote outlives a power cut) or ``postgresql://...`` (many processes).
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots import schema
from studies.ballots.database import PATIENCE, BallotsDown, engine_of, name_of, transaction
from studies.ballots.schema import PARTICIPANTS, STUDIES, TRIALS, VOTES
from studies.ballots.seats import Refused, Seat, hash_of, read_seat, row_of
from studies.design.trial import ANSWERS, Trial

log = logging.getLogger(__name__)

#: A place whose participant was away for so long is given to somebody else; whoever comes back
#: goes on all the same.
AWAY = timedelta(minutes=30)
#: The longest comment that is kept, in characters.
LONGEST_COMMENT = 2000


class StudyFull(Exception):
    """Every place is taken."""


#: What became of a vote. ``again`` is one that was there already; the first one counts.
Outcome = Literal["kept", "again"]


class Ballots:
    """The database of studies.

    Args:
        url: of the database; the file of SQLite is made if it is not there.
        upgrade: bring a database of an older version to the newest.
        now: the clock, in UTC.

    Raises:
        UserError: the URL cannot be used, or the database has another version.
        BallotsDown: the database cannot be reached.
    """

    def __init__(
        self,
        url: str,
        upgrade: bool = False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._engine = engine_of(url)
        self._turn = threading.Lock()
        self.where = name_of(self._engine)
        with self._writing() as connection:
            schema.prepare(connection, self.where, upgrade)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        """Write, in SQLite one thread of this process after the other.

        SQLite makes no queue: who finds it locked looks again after a while, and among many
        somebody may look in vain for very long.
        """
        alone = self._engine.dialect.name == "sqlite"
        if alone and not self._turn.acquire(timeout=PATIENCE):
            raise BallotsDown(f"{self.where}: the ballots are too busy")
        try:
            with transaction(self._engine, write=True) as connection:
                yield connection
        finally:
            if alone:
                self._turn.release()

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def begin(
        self, name: str, digest: str, settings: Mapping[str, Any], design: Callable[[], Design]
    ) -> int:
        """Find a study, or write it with its design.

        A study that nobody joined yet may still change; after that, what decides the results may
        not.

        Args:
            name: of the study.
            digest: of everything that may not change once somebody takes part.
            settings: kept with it, as JSON.
            design: makes the lists of trials, if they are needed.

        Returns:
            its number.

        Raises:
            UserError: the study was begun with other settings.
        """
        with self._writing() as connection:
            _lock_studies(connection)
            found = connection.execute(sa.select(STUDIES).where(STUDIES.c.name == name)).first()
            if found is not None and found.digest == digest:
                return int(found.id)
            if found is not None:
                joined = connection.scalar(
                    sa.select(sa.func.count()).where(PARTICIPANTS.c.study_id == found.id)
                )
                if joined:
                    raise UserError(
                        f"study '{name}' was begun with other settings or another run, and "
                        f"{joined} people took part; give the changed study another name"
                    )
                connection.execute(sa.delete(STUDIES).where(STUDIES.c.id == found.id))
            made = connection.execute(
                sa.insert(STUDIES).values(
                    name=name,
                    digest=digest,
                    settings=json.dumps(settings, ensure_ascii=False),
                    created_at=self._stamp(),
                )
            )
            assert made.inserted_primary_key is not None
            study = int(made.inserted_primary_key[0])
            connection.execute(
                sa.insert(TRIALS),
                [
                    row_of(trial, study, slot, position)
                    for slot, trials in enumerate(design())
                    for position, trial in enumerate(trials)
                ],
            )
            return study

    def join(self, study: int) -> str:
        """Give a newcomer a place.

        The place with the fewest people who finished it or are at it now; so a place that was
        left in the middle is filled again.

        Returns:
            the secret of the private link; only its hash is kept.

        Raises:
            StudyFull: every place is finished, or somebody is at it.
            Refused: the study is closed.
        """
        secret = secrets.token_urlsafe(24)
        slots = self.rows(sa.select(TRIALS.c.slot).where(TRIALS.c.study_id == study).distinct())
        with self._writing() as connection:
            held = connection.execute(
                sa.select(STUDIES.c.closed_at).where(STUDIES.c.id == study).with_for_update()
            ).one()
            if held.closed_at is not None:
                raise Refused("the study is closed")
            taken = dict.fromkeys(sorted(row.slot for row in slots), 0)
            idle = self._stamp(-AWAY)
            for row in connection.execute(
                sa.select(PARTICIPANTS.c.slot).where(
                    PARTICIPANTS.c.study_id == study,
                    PARTICIPANTS.c.finished_at.is_not(None) | (PARTICIPANTS.c.seen_at > idle),
                )
            ):
                taken[row.slot] += 1
            slot = min(taken, key=taken.__getitem__)
            if taken[slot]:
                raise StudyFull
            connection.execute(
                sa.insert(PARTICIPANTS).values(
                    study_id=study,
                    name=secrets.token_hex(6),
                    slot=slot,
                    link=hash_of(secret),
                    code=secrets.token_hex(4).upper(),
                    joined_at=self._stamp(),
                    seen_at=self._stamp(),
                )
            )
        return secret

    def seat(self, study: int, secret: str) -> Seat:
        """Find a participant by the secret of their link, and where they are.

        Raises:
            Refused: no participant of this study has this link.
        """
        return self._find(study, secret)[1]

    def cast(
        self, study: int, secret: str, number: int, answer: str, seconds: float
    ) -> tuple[Outcome, Seat]:
        """Keep an answer.

        Args:
            study: of the participant.
            secret: of their link.
            number: of the step that is answered.
            answer: one of `studies.design.trial.ANSWERS`.
            seconds: how long it took.

        Returns:
            what became of it, and the place after it. When this returns, the vote is committed.

        Raises:
            Refused: no such participant, a step that is not their turn, no such answer, or a
                closed study.
        """
        if answer not in ANSWERS:
            raise Refused(f"no such answer: {answer[:20]!r}")
        key, seat = self._find(study, secret)
        if 0 <= number < seat.done:
            return "again", seat
        if not 0 <= number < len(seat.steps):
            raise Refused(f"participant {seat.participant}: step {number} is not their turn")
        step = seat.steps[number]
        last = number + 1 == len(seat.steps)
        with self._writing() as connection:
            person = connection.execute(
                sa.select(PARTICIPANTS.c.code).where(PARTICIPANTS.c.id == key).with_for_update()
            ).first()
            if person is None:
                raise Refused(f"participant {seat.participant} withdrew")
            # A vote may have come in since we looked; the list of steps stays as it is.
            here = [seat.steps[near] for near in (number - 1, number) if near >= 0]
            answered = {
                (row.trial_id, row.question)
                for row in connection.execute(
                    sa.select(VOTES.c.trial_id, VOTES.c.question).where(
                        VOTES.c.participant_id == key,
                        VOTES.c.trial_id.in_([near.trial_id for near in here]),
                    )
                )
            }
            *before, again = ((near.trial_id, near.question) in answered for near in here)
            if not again:
                if connection.scalar(sa.select(STUDIES.c.closed_at).where(STUDIES.c.id == study)):
                    raise Refused("the study is closed")
                if not all(before):
                    raise Refused(
                        f"participant {seat.participant}: step {number} is not their turn"
                    )
                connection.execute(
                    sa.insert(VOTES).values(
                        participant_id=key,
                        trial_id=step.trial_id,
                        question=step.question,
                        answer=answer,
                        seconds=max(0.0, seconds),
                        voted_at=self._stamp(),
                    )
                )
                seen = {"seen_at": self._stamp()}
                connection.execute(
                    sa.update(PARTICIPANTS)
                    .where(PARTICIPANTS.c.id == key)
                    .values(**seen, **({"finished_at": seen["seen_at"]} if last else {}))
                )
        if again:
            return "again", self.seat(study, secret)
        return "kept", replace(seat, done=number + 1, code=person.code if last else "")

    def comment(self, study: int, secret: str, text: str) -> None:
        """Keep what a participant wrote; it replaces what they wrote before.

        Raises:
            Refused: no such participant, or a text that is too long.
        """
        if len(text) > LONGEST_COMMENT:
            raise Refused(f"a comment of {len(text)} characters; {LONGEST_COMMENT} are kept")
        key, _ = self._find(study, secret)
        with self._writing() as connection:
            # PostgreSQL takes no NUL in a text.
            connection.execute(
                sa.update(PARTICIPANTS)
                .where(PARTICIPANTS.c.id == key)
                .values(comment=text.replace("\0", "").strip())
            )

    def withdraw(self, study: int, secret: str) -> None:
        """Delete a participant and everything they answered.

        Raises:
            Refused: no such participant.
        """
        key, seat = self._find(study, secret)
        with self._writing() as connection:
            connection.execute(sa.delete(PARTICIPANTS).where(PARTICIPANTS.c.id == key))
        log.info("participant %s withdrew; their answers were deleted", seat.participant)

    def forget(self, participant: str) -> int:
        """Delete the participant of this name, on request; return how many votes went.

        Raises:
            UserError: there is none.
        """
        with self._writing() as connection:
            row = connection.execute(
                sa.select(PARTICIPANTS.c.id).where(PARTICIPANTS.c.name == participant)
            ).first()
            if row is None:
                raise UserError(f"{self.where}: no participant '{participant}'")
            votes = connection.scalar(
                sa.select(sa.func.count()).where(VOTES.c.participant_id == row.id)
            )
            connection.execute(sa.delete(PARTICIPANTS).where(PARTICIPANTS.c.id == row.id))
            return int(votes or 0)

    def close_study(self, study: int, closed: bool = True) -> None:
        """Take no more votes, or take them again."""
        with self._writing() as connection:
            connection.execute(
                sa.update(STUDIES)
                .where(STUDIES.c.id == study)
                .values(closed_at=self._stamp() if closed else None)
            )

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Return what a query finds."""
        with transaction(self._engine) as connection:
            return connection.execute(query).all()

    def add(
        self, study: int, people: Sequence[dict[str, Any]], votes: Sequence[dict[str, Any]]
    ) -> tuple[int, int]:
        """Add participants of another database; those that are here stay as they are.

        Args:
            study: its number here.
            people: rows of the table of participants, without keys.
            votes: rows of the table of votes, with ``participant``, ``slot`` and ``position``
                instead of keys.

        Returns:
            how many participants and votes were added: all of them, or none.
        """
        with self._writing() as connection:
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
                    **{name: vote[name] for name in ("question", "answer", "seconds", "voted_at")},
                    "participant_id": keys[vote["participant"]],
                    "trial_id": trials[vote["slot"], vote["position"]],
                }
                for vote in votes
                if vote["participant"] in keys
            ]
            if new:
                connection.execute(sa.insert(VOTES), new)
            return len(keys), len(new)

    def _find(self, study: int, secret: str) -> tuple[int, Seat]:
        """Read a participant's key and place.

        Raises:
            Refused: no participant of this study has this link.
        """
        with transaction(self._engine) as connection:
            return read_seat(connection, study, secret)

    def _stamp(self, later: timedelta = timedelta()) -> str:
        """Return the time as text that sorts as time does."""
        return (self._now() + later).astimezone(UTC).isoformat(timespec="milliseconds")


#: One list of trials per participant.
Design = Sequence[Sequence[Trial]]


def _lock_studies(connection: sa.Connection) -> None:
    """Let one process at a time begin a study. (A transaction of SQLite is alone anyway.)"""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("LOCK TABLE studies IN SHARE ROW EXCLUSIVE MODE"))
