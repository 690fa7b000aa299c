"""How precise a study is: as the ranking's intervals, and without telling who leads."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from studies.analysis.choices import rank_choices, tally_choices
from studies.analysis.precision import precision_so_far, reached
from studies.analysis.progress import balance_so_far
from studies.analysis.ratings import rank_ratings, tally_ratings
from studies.analysis.simulated.choosers import Choosers, even_choices
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.raters import Raters, even_ratings
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import rank
from studies.analysis.tally import tally
from studies.ballots.poll import REGISTRATION_COLUMNS, Poll
from studies.page.panels.overview import told

METHODS = ("alpha", "beta", "gamma", "delta")
VOTERS = Voters(
    dict(zip(METHODS, (0.8, 0.2, -0.2, -0.8), strict=True)), tie=0.3, spread=0.5, pictures=0.5
)


def poll_of(votes: pd.DataFrame, people: pd.DataFrame, **settings: object) -> Poll:
    return Poll(
        "s", "", {"methods": dict.fromkeys(METHODS, ""), "questions": ["overall"], "drop_at": 2,
                  **settings},
        "2026-01-01", None, pd.DataFrame(), people, votes,
    )  # fmt: skip


def pairs_poll(people: int, pictures: tuple[int, int] = (5, 6), voters: Voters = VOTERS,
               precision: float = 0.0) -> Poll:  # fmt: skip
    design = round_robin(METHODS, people, 20, 1, pictures)
    return poll_of(*simulate(design, voters, 1), precision=precision)


def test_the_widest_interval_is_that_of_the_ranking():
    poll = pairs_poll(12)
    table = rank(tally(poll.votes, METHODS), 10).table
    found = precision_so_far(poll)["overall"]
    assert found.widest == pytest.approx((table["high"] - table["low"]).max(), rel=1e-9)
    assert found.people == 12
    assert (found.wanted, found.more, found.reached) == (0, None, False)


def test_the_same_of_ratings():
    raters = Raters(VOTERS.strengths, (-1.0, 0.0, 0.8, 1.5), offset=0.5, spread=0.4, pictures=0.4)
    votes, people = simulate(even_ratings(METHODS, 12, 16, 1, (4, 5)), raters, 1)
    poll = poll_of(votes, people, task="rating", scale=5, precision=9.0)
    table = rank_ratings(tally_ratings(votes, METHODS, 5), 10).table
    found = precision_so_far(poll)["overall"]
    assert found.widest == pytest.approx((table["high"] - table["low"]).max(), rel=1e-9)
    assert found.reached
    assert reached(poll)


@pytest.mark.parametrize("task", ["best", "ranking"])
def test_the_same_of_several_pictures(task: str):
    whole = task == "ranking"
    people = Choosers(VOTERS.strengths, whole, spread=0.4, pictures=0.4)
    votes, seen = simulate(even_choices(METHODS, 12, 16, 3, 1, (4, 5)), people, 1)
    poll = poll_of(votes, seen, task=task, pictures=3)
    table = rank_choices(tally_choices(votes, METHODS, 3, whole), 10).table
    found = precision_so_far(poll)["overall"]
    assert found.widest == pytest.approx((table["high"] - table["low"]).max(), rel=1e-9)
    shown = balance_so_far(replace(poll, trials=votes)).set_index("votes of").loc["one method"]
    assert shown["fewest"] == table["votes"].min()
    assert shown["most"] == table["votes"].max()


def test_how_many_people_are_missing_is_about_right():
    """On pictures that do not differ: forty people tell how wide the intervals of 160 are."""
    alike = Voters(VOTERS.strengths, tie=0.3, spread=0.5)
    wide = precision_so_far(pairs_poll(160, (1, 1), alike))["overall"].widest
    found = precision_so_far(pairs_poll(40, (1, 1), alike, precision=wide))["overall"]
    assert 80 <= found.more <= 180
    done = precision_so_far(pairs_poll(160, (1, 1), alike, precision=wide))["overall"]
    assert done.reached
    assert done.more == 0


def test_where_pictures_differ_more_people_do_not_help():
    differ = Voters(VOTERS.strengths, tie=0.3, pictures=2.0)
    found = precision_so_far(pairs_poll(60, (3, 3), differ, precision=0.4))["overall"]
    assert found.known
    assert found.more is None
    assert "only more pictures would help" in told(found, "the plan")


def test_what_is_told_is_the_same_whoever_leads():
    poll = pairs_poll(12, precision=0.5)
    turned = dict(zip(METHODS, reversed(METHODS), strict=True))
    votes = poll.votes.assign(
        **{side: poll.votes[side].map(turned) for side in ("left_method", "right_method")}
    )
    (saying,) = {
        told(precision_so_far(poll_of(each, poll.participants, precision=0.5))["overall"], "plan")
        for each in (poll.votes, votes)
    }
    assert "Not precise enough" in saying
    assert not [name for name in METHODS if name in saying]


def test_the_plan_comes_before_the_settings():
    poll = pairs_poll(12, precision=0.1)
    plan = [["2026", "", json.dumps({"precision": 50}), ""]]
    poll.preregistrations.loc[0] = dict(zip(REGISTRATION_COLUMNS, plan[0], strict=True))
    assert precision_so_far(poll)["overall"].wanted == 50
    assert reached(poll)


def test_too_few_answers_are_told_and_an_unknown_kind_of_study_has_no_rule():
    poll = pairs_poll(12, precision=0.5)
    for votes in (poll.votes.iloc[:0], poll.votes.iloc[:20], poll.votes.iloc[:40]):
        found = precision_so_far(poll_of(votes, poll.participants, precision=0.5))["overall"]
        assert np.isnan(found.widest)
        assert not found.reached
        assert "too few answers" in told(found, "the plan")
    assert precision_so_far(poll_of(poll.votes, poll.participants, task="another")) == {}
    assert not reached(poll_of(poll.votes, poll.participants, task="another"))
