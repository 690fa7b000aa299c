"""A study without "can't say": one of the two has to be chosen, on the page and everywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from studies.analysis.pair_results import analyse_pairs
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.ballots.seats import Refused
from tests.studies.folders import preregister
from tests.studies.page.test_complaints import Page

FILE = """
name = "forced"
door = "platform"
methods = ["dfr", "gatys"]
cannot_say = false
participants = 3
trials = 2
practice = 0
repeats = 0
judges = 1
"""


def test_one_of_the_two_has_to_be_chosen(monkeypatch: pytest.MonkeyPatch, home: Path):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    page = Page(monkeypatch, "--study", home)
    assert any("One of the two has to be chosen" in told.value for told in page.app.markdown)
    page.click("I agree. Begin")
    labels = [button.label for button in page.app.button]
    assert labels == ["A is better", "B is better", "Delete all my answers"]
    page.click("B is better")
    ballots = Ballots(f"sqlite:///{home / 'votes.sqlite'}")
    assert read_poll(ballots, "forced").votes["answer"].tolist() == ["right"]
    secret = ballots.join(1)
    with pytest.raises(Refused, match="no such answer: 'tie'"):
        ballots.cast(1, secret, 0, "tie", 1.0)
    assert len(read_poll(ballots, "forced").votes) == 1


def test_plan_and_preregistration_say_so(dfr, home: Path):
    done = dfr("votes", "plan", "--study", home, "--run", home / "stimuli")
    assert done.returncode == 0, done.stderr
    assert "can't say" not in done.stdout
    done = dfr("votes", "plan", "--study", home, "--run", home / "stimuli", "--ties", "0.2")
    assert done.returncode == 2
    assert "leave out --ties" in done.stderr
    plan = preregister(dfr, home)
    assert '"can\'t say" is not offered' in plan
    assert "after Bradley and Terry (1952)" in plan


def test_strengths_come_out_of_forced_choices():
    voters = Voters({"a": 1.0, "b": 0.0, "c": -1.0}, forced=True, lapse=0.1)
    votes, people = simulate(round_robin("abc", 40, 30), voters, seed=1)
    assert set(votes["answer"]) == {"left", "right"}
    table = analyse_pairs(votes, people, methods=list("abc"), drop_at=2, draws=50)[
        "overall"
    ].strengths
    assert table["method"].tolist() == ["a", "b", "c"]
    won, tied = voters.chances(list("abc"))
    assert (tied == 0).all()
    assert won[0, 1] + won[1, 0] == pytest.approx(1)
    # The lapses bring the strengths nearer to each other.
    assert 0.6 < table["strength"].iloc[0] < 1.05
