"""A participant is asked what the design says, in its order."""

from __future__ import annotations

import hashlib

import pytest

from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.seats import Step, hash_of, row_of, trial_of
from studies.design.trial import Side, Trial

OURS, THEIRS = Side("output", "ours", "rot000"), Side("output", "theirs", "x")
TRIALS = [
    Trial("practice", "cat", "waves", OURS, THEIRS),
    Trial("vote", "dog", "dots", THEIRS, OURS),
    Trial("catch", "cat", "dots", Side("content"), OURS, expected="right"),
    Trial("repeat", "cat", "waves", THEIRS, OURS, repeats=0),
]
SETTINGS = {"questions": ["overall", "content"], "methods": {"ours": "Ours", "theirs": "Theirs"}}


@pytest.mark.parametrize("trial", TRIALS)
def test_a_trial_comes_back_from_its_row(trial):
    row = row_of(trial, 7, 3, 2)
    assert (row["study_id"], row["slot"], row["position"]) == (7, 3, 2)
    assert trial_of(row) == trial


def test_each_question_is_asked_about_each_trial_that_it_fits(tmp_path):
    ballots = Ballots(f"sqlite:///{tmp_path}/ballots.sqlite")
    other = TRIALS[::-1]
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: [other, TRIALS])
    links = [ballots.join(study) for _ in range(2)]
    seats = [ballots.seat(study, link) for link in links]
    assert [seat.slot for seat in seats] == [0, 1]
    assert [step.trial for step in seats[0].steps if step.question == "overall"] == other
    # Nobody is asked which keeps more of the content where one side is the content itself.
    asked = [(0, "overall"), (0, "content"), (1, "overall"), (1, "content"), (2, "overall"),
             (3, "overall"), (3, "content")]  # fmt: skip
    steps = seats[1].steps
    keys = [step.trial_id for step in steps]
    assert steps == tuple(
        Step(number, position, question, TRIALS[position], keys[number])
        for number, (position, question) in enumerate(asked)
    )
    assert len(set(keys)) == len(TRIALS)
    assert (seats[1].done, seats[1].code, seats[1].closed) == (0, "", False)
    for number in range(len(asked)):
        assert ballots.seat(study, links[1]).step == steps[number]
        _, seat = ballots.cast(study, links[1], number, "left", 1.0)
        assert seat.done == number + 1
    assert seat.step is None
    assert ballots.seat(study, links[1]) == seat
    assert ballots.seat(study, links[0]).done == 0
    ballots.close()


def test_of_the_secret_its_sha256_is_kept_whatever_it_is():
    assert hash_of("é") == hashlib.sha256("é".encode()).hexdigest()
    assert hash_of("\ud800") != hash_of("\ud801")
