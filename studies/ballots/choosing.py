"""Adaptive pairs in the ballots: an open trial gets its two methods when it is about to be shown.

What was chosen is written into the list of trials of the place, for good: so a page loaded again,
another tab and another process show the same, and so does whoever gets the place later.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sqlalchemy as sa

from dfr.core.errors import UserError
from studies.ballots.database import Database
from studies.ballots.schema import STUDIES, TRIALS, VOTES
from studies.ballots.seats import Seat, row_of, trial_of
from studies.design.adaptive import SoFar, choose_pair, expected_gains, unit_shown
from studies.design.davidson import Array
from studies.design.trial import Stimuli, Trial, turned


def reach(seat: Seat) -> int | None:
    """Return the last position whose pair has to be known now, or None if all are known.

    The trial that is shown, and the one after it: its pictures are sent ahead.
    """
    if seat.step is None or seat.closed:
        return None
    positions = sorted({step.position for step in seat.steps[seat.done :]})[:2]
    near = [step for step in seat.steps[seat.done :] if step.position <= positions[-1]]
    return positions[-1] if any(step.trial.pair == "open" for step in near) else None


def choose_pairs(
    connection: sa.Connection, study: int, slot: int, last: int, stimuli: Stimuli
) -> None:
    """Choose the pairs of a place's open trials up to a position.

    One at a time in a study, so that what one process chooses the next one knows.

    Args:
        connection: in a transaction that writes.
        study: number of the study.
        slot: the place.
        last: position.
        stimuli: what can be shown.
    """
    settings = json.loads(
        connection.execute(
            sa.select(STUDIES.c.settings)
            .where(STUDIES.c.id == study)
            .with_for_update(key_share=True)  # others may still join and vote
        ).scalar_one()
    )
    mine: Sequence[Any] = connection.execute(
        sa.select(TRIALS).where(TRIALS.c.study_id == study, TRIALS.c.slot == slot)
    ).all()
    rows: dict[int, Any] = {row.position: row for row in mine}
    methods = stimuli.methods
    for position in sorted(rows):
        row = rows[position]
        if row.kind != "vote" or row.pair != "open" or position > last:
            continue
        votes = [each for each in rows.values() if each.kind == "vote" and each.pair != "open"]
        seen = {unit_shown(trial_of(each._mapping), methods) for each in votes}
        chosen = choose_pair(
            trial_of(row._mapping),
            seen,
            expected_gains(
                *_answered(connection, study, settings, methods),
                _waiting(connection, study, methods),
            ),
            _shown(connection, study, methods),
            stimuli,
            np.random.default_rng([int(settings.get("seed", 0)), slot, position]),
        )
        again = replace(turned(chosen), kind="repeat", repeats=position)
        for at, trial in ((position, chosen), *(
            (each.position, again) for each in rows.values() if each.repeats == position
        )):  # fmt: skip
            rows[at] = connection.execute(
                sa.update(TRIALS)
                .where(TRIALS.c.id == rows[at].id)
                .values(**row_of(trial, study, slot, at))
                .returning(TRIALS)
            ).one()


def take_pairs(database: Database, study: int, design: Sequence[Sequence[Trial]]) -> None:
    """Write pairs that were chosen elsewhere into trials that are open here.

    Args:
        database: of the ballots.
        study: number of the study.
        design: its lists of trials, as they are there.

    Raises:
        UserError: other pairs were chosen here.
    """
    with database.writing() as connection:
        mine: Sequence[Any] = connection.execute(
            sa.select(TRIALS).where(TRIALS.c.study_id == study)
        ).all()
        for row in mine:
            there, here = design[row.slot][row.position], trial_of(row._mapping)
            if there.pair != "adaptive" or there == here:
                continue
            if here.pair != "open":
                raise UserError(
                    f"{database.where}: place {row.slot} was shown other pairs there than here, so "
                    "the votes are of two studies; import them into another database"
                )
            connection.execute(
                sa.update(TRIALS)
                .where(TRIALS.c.id == row.id)
                .values(**row_of(there, study, row.slot, row.position))
            )


def _answered(
    connection: sa.Connection, study: int, settings: Mapping[str, Any], methods: Sequence[str]
) -> tuple[Array, Array]:
    """Return wins and ties of each question, of everybody who has not failed the attention rule."""
    caught = (
        sa.select(VOTES.c.participant_id)
        .join(TRIALS, TRIALS.c.id == VOTES.c.trial_id)
        .where(
            TRIALS.c.study_id == study,
            TRIALS.c.kind == "catch",
            VOTES.c.answer != TRIALS.c.expected,
        )
        .group_by(VOTES.c.participant_id)
        .having(sa.func.count(TRIALS.c.id.distinct()) >= settings.get("drop_at", 1 << 30))
    )
    counted = connection.execute(
        sa.select(
            TRIALS.c.left_method,
            TRIALS.c.right_method,
            VOTES.c.question,
            VOTES.c.answer,
            sa.func.count().label("votes"),
        )
        .select_from(VOTES)
        .join(TRIALS, TRIALS.c.id == VOTES.c.trial_id)
        .where(
            TRIALS.c.study_id == study,
            TRIALS.c.kind == "vote",
            VOTES.c.participant_id.not_in(caught),
        )
        .group_by(
            TRIALS.c.left_method, TRIALS.c.right_method, VOTES.c.question, VOTES.c.answer
        )
    )  # fmt: skip
    asked = list(settings["questions"])
    wins = np.zeros((len(asked), len(methods), len(methods)))
    ties = np.zeros_like(wins)
    for row in counted:
        question = asked.index(row.question)
        left, right = methods.index(row.left_method), methods.index(row.right_method)
        if row.answer == "tie":
            ties[question, left, right] += row.votes
            ties[question, right, left] += row.votes
        else:
            winner, loser = (left, right) if row.answer == "left" else (right, left)
            wins[question, winner, loser] += row.votes
    return wins, ties


def _waiting(connection: sa.Connection, study: int, methods: Sequence[str]) -> Array:
    """Return how often every two methods were chosen and not answered by anybody yet."""
    found = np.zeros((len(methods), len(methods)))
    answered = sa.exists().where(VOTES.c.trial_id == TRIALS.c.id)
    for row in connection.execute(
        sa.select(TRIALS.c.left_method, TRIALS.c.right_method).where(
            TRIALS.c.study_id == study,
            TRIALS.c.kind == "vote",
            TRIALS.c.pair == "adaptive",
            ~answered,
        )
    ):
        left, right = methods.index(row.left_method), methods.index(row.right_method)
        found[left, right] += 1
        found[right, left] += 1
    return found


def _shown(connection: sa.Connection, study: int, methods: Sequence[str]) -> SoFar:
    """Return how often methods stand on the left, and outputs are used, in what is not open."""
    lefts = np.zeros((len(methods), len(methods)))
    modes: Counter[tuple[str, str]] = Counter()
    columns = (
        TRIALS.c.left_method, TRIALS.c.left_mode, TRIALS.c.right_method, TRIALS.c.right_mode,
    )  # fmt: skip
    for row in connection.execute(
        sa.select(*columns, sa.func.count().label("trials"))
        .where(TRIALS.c.study_id == study, TRIALS.c.kind == "vote", TRIALS.c.pair != "open")
        .group_by(*columns)
    ):
        lefts[methods.index(row.left_method), methods.index(row.right_method)] += row.trials
        modes[row.left_method, row.left_mode] += row.trials
        modes[row.right_method, row.right_mode] += row.trials
    return SoFar(lefts, modes)
