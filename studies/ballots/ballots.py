"""The ballots: who takes part, what they are shown next, and what they answered.

A vote is kept once it is committed, and only then is the next trial given out. Everything that a
participant can cause (a click twice, a page loaded again, two tabs, an old page) ends in one vote
per trial and question, by a rule of the database and not by the page's good behaviour.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from studies.ballots import schema
from studies.ballots.database import Database, engine_of, utc_now
from studies.ballots.schema import PARTICIPANTS, STUDIES, TRIALS, VOTES
from studies.ballots.seats import Refused, Seat, hash_of, read_seat
from studies.design.trial import ANSWERS

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


class Ballots(Database):
    """The ballots as voters use them; see `studies.ballots.administration` for the rest.

    Args:
        url: of the database; the file of SQLite is made if it is not there.
        upgrade: bring a database of an older version to the newest.
        now: the clock, in UTC.

    Raises:
        UserError: the URL cannot be used, or the database has another version.
        BallotsDown: the database cannot be reached.
    """

    def __init__(
        self, url: str, upgrade: bool = False, now: Callable[[], datetime] = utc_now
    ) -> None:
        super().__init__(engine_of(url), now)
        with self.writing() as connection:
            schema.prepare(connection, self.where, upgrade)

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
        with self.writing() as connection:
            held = connection.execute(
                sa.select(STUDIES.c.closed_at).where(STUDIES.c.id == study).with_for_update()
            ).one()
            if held.closed_at is not None:
                raise Refused("the study is closed")
            taken = dict.fromkeys(sorted(row.slot for row in slots), 0)
            idle = self.stamp(-AWAY)
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
                    joined_at=self.stamp(),
                    seen_at=self.stamp(),
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
        with self.writing() as connection:
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
                        voted_at=self.stamp(),
                    )
                )
                seen = {"seen_at": self.stamp()}
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
        with self.writing() as connection:
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
        with self.writing() as connection:
            connection.execute(sa.delete(PARTICIPANTS).where(PARTICIPANTS.c.id == key))
        log.info("participant %s withdrew; their answers were deleted", seat.participant)

    def _find(self, study: int, secret: str) -> tuple[int, Seat]:
        """Read a participant's key and place.

        Raises:
            Refused: no participant of this study has this link.
        """
        with self.reading() as connection:
            return read_seat(connection, study, secret)
