"""Marks of a scale as answers, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from studies.ballots.administration import begin_study, completion_codes
from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.ballots.seats import Refused
from studies.design.trial import NOTHING, Side, Trial

SETTINGS = {
    "questions": ["overall"], "methods": {"ours": "Ours"}, "task": "rating", "scale": 4,
    "drop_at": 1,
}  # fmt: skip
LIST = [
    Trial("vote", "cat", "waves", Side("output", "ours", "x"), NOTHING),
    Trial("catch", "cat", "waves", Side("noise"), NOTHING, expected="1,2"),
]


def test_a_mark_is_kept_and_one_that_the_scale_lacks_is_refused(url: str):
    ballots = Ballots(url)
    study = begin_study(ballots, "marks", "d", SETTINGS, lambda: [LIST, LIST])
    for given in (("4", "2"), ("1", "3")):
        link = ballots.join(study)
        assert ballots.seat(study, link).answers == ("1", "2", "3", "4")
        for wrong in ("5", "0", "left", "tie", ""):
            with pytest.raises(Refused, match="no such answer"):
                ballots.cast(study, link, 0, wrong, 1.0)
        for step, mark in enumerate(given):
            ballots.cast(study, link, step, mark, 1.0)
    poll = read_poll(ballots, "marks")
    assert poll.votes["answer"].tolist() == ["4", "2", "1", "3"]
    # Noise that has a mark above the middle is a catch trial that was failed.
    assert sorted(completion_codes(ballots, study)["excluded"]) == [False, True]
    ballots.close()
