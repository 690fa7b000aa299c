"""The ballots: who takes part, what they are shown next, and what they answered.

A vote is kept once it is committed, and only then is the next trial given out. Everything that a
participant can cause (a click twice, a page loaded again, two tabs, an old page) ends in one vote
per trial and question, by a rule of the database and not by the page's good behaviour.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from studies.ballots import schema
from studies.ballots.choosing import choose_pairs, reach
from studies.ballots.circumstances import UNKNOWN, Circumstances
from studies.ballots.database import Database, engine_of, utc_now
from studies.ballots.doors import typed_code
from studies.ballots.newcomers import admit, is_invited
from studies.ballots.places import fails_attention
from studies.ballots.schema import PARTICIPANTS, STUDIES, VOTES
from studies.ballots.seats import Refused, Seat, hash_of, read_seat
from studies.design.trial import Stimuli

log = logging.getLogger(__name__)

#: The longest comment that is kept, in characters.
LONGEST_COMMENT = 2000

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
        self._offered: dict[int, Stimuli] = {}

    def offer(self, study: int, stimuli: Stimuli) -> None:
        """Say what a study can show; one with adaptive pairs needs it before anybody is seated."""
        self._offered[study] = stimuli

    def join(
        self,
        study: int,
        secret: str | None = None,
        *,
        invited: bool = False,
        per_minute: int | None = None,
        about: Mapping[str, str] | None = None,
    ) -> str:
        """Give a newcomer a place; see `studies.ballots.newcomers.admit`."""
        return admit(self, study, secret, invited=invited, per_minute=per_minute, about=about)

    def is_invited(self, study: int, secret: str) -> bool:
        """Tell whether there is an invitation with this secret."""
        with self.reading() as connection:
            return is_invited(connection, study, hash_of(secret))

    def seat(self, study: int, secret: str) -> Seat:
        """Find a participant by the secret of their link, and where they are.

        Where pairs are adaptive, those of this trial and the next one are chosen now, if they are
        not yet.

        Raises:
            Refused: no participant of this study has this link.
        """
        return self._with_pairs(study, secret, self._find(study, secret)[1])

    def _with_pairs(self, study: int, secret: str, seat: Seat) -> Seat:
        last = reach(seat)
        if last is None:
            return seat
        with self.writing() as connection:
            choose_pairs(connection, study, seat.slot, last, self._offered[study])
        return self._find(study, secret)[1]

    def cast(
        self,
        study: int,
        secret: str,
        number: int,
        answer: str,
        seconds: float,
        circumstances: Circumstances = UNKNOWN,
    ) -> tuple[Outcome, Seat]:
        """Keep an answer.

        Args:
            study: of the participant.
            secret: of their link.
            number: of the step that is answered.
            answer: one of the place's `answers`.
            seconds: how long it took.
            circumstances: how it came.

        Returns:
            what became of it, and the place after it. When this returns, the vote is committed.

        Raises:
            Refused: no such participant, a step that is not their turn, no such answer, or a
                closed study.
        """
        key, seat = self._find(study, secret)
        if answer not in seat.answers:
            raise Refused(f"no such answer: {answer[:20]!r}")
        if 0 <= number < seat.done:
            return "again", self._with_pairs(study, secret, seat)
        if not 0 <= number < len(seat.steps):
            raise Refused(f"participant {seat.participant}: step {number} is not their turn")
        step = seat.steps[number]
        if step.trial.pair == "open":
            raise Refused(f"participant {seat.participant}: step {number} was not shown yet")
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
                        **asdict(circumstances),
                        voted_at=self.stamp(),
                    )
                )
                changed: dict[str, object] = {"seen_at": self.stamp()}
                if last:
                    changed["finished_at"] = changed["seen_at"]
                    changed["excluded"] = fails_attention(connection, study, key)
                connection.execute(
                    sa.update(PARTICIPANTS).where(PARTICIPANTS.c.id == key).values(**changed)
                )
        if again:
            return "again", self.seat(study, secret)
        after = replace(seat, done=number + 1, code=person.code if last else "")
        return "kept", self._with_pairs(study, secret, after)

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
        self._delete(self._find(study, secret)[0])

    def withdraw_by_code(self, study: int, code: str) -> None:
        """Delete the participant who was shown a completion code, and everything they answered.

        Raises:
            Refused: nobody who finished was shown this code.
        """
        found = self.rows(
            sa.select(PARTICIPANTS.c.id).where(
                PARTICIPANTS.c.study_id == study,
                PARTICIPANTS.c.finished_at.is_not(None),
                PARTICIPANTS.c.code == typed_code(code),
                PARTICIPANTS.c.code != "",
            )
        )
        if not found:
            raise Refused("no participant has this code")
        self._delete(found[0].id)

    def _delete(self, key: int) -> None:
        """Delete a participant; their answers go with them."""
        mine = PARTICIPANTS.c.id == key
        with self.writing() as connection:
            name = connection.scalar(sa.select(PARTICIPANTS.c.name).where(mine))
            connection.execute(sa.delete(PARTICIPANTS).where(mine))
        self.forget_log()
        log.info("participant %s withdrew; their answers were deleted", name)

    def _find(self, study: int, secret: str) -> tuple[int, Seat]:
        """Read a participant's key and place.

        Raises:
            Refused: no participant of this study has this link.
        """
        with self.reading() as connection:
            return read_seat(connection, study, secret)
