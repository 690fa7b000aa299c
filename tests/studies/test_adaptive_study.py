"""A study with adaptive pairs from its file to its ranking: planned, answered, ranked, exported."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studies.analysis.simulated.adaptive import simulate_adaptive
from studies.analysis.simulated.voters import Voters
from studies.analysis.strengths import modelled_shares, rank
from studies.analysis.tally import tally
from studies.analysis.tidy import DICTIONARY
from studies.analysis.winrates import modes_table, pairs_table, vote_shares
from studies.ballots.opening import OpenStudy
from studies.ballots.poll import read_poll
from studies.ballots.seats import Step
from studies.design.davidson import davidson
from tests.studies.folders import Answerer, answer_and_close, open_folder, preregister
from tests.studies.page.test_complaints import Page

METHODS = ["dfr", "gatys", "feedforward"]
FILE = """
name = "chosen"
door = "platform"
methods = ["dfr", "gatys", "feedforward"]
adaptive = true
random_share = 0.5
participants = 4
trials = 6
practice = 1
repeats = 1
catches = 2
judges = 2
"""


def person(number: int) -> Answerer:
    """Somebody who likes the methods in this order, with exceptions of their own."""

    def answer(step: Step) -> str:
        left, right = (METHODS.index(side.method or "dfr") for side in step.trial.sides)
        exception = step.number % 5 == number
        return step.trial.expected or ("left" if (left < right) != exception else "right")

    return answer


@pytest.fixture(scope="module")
def answered(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed study of three people."""
    home = shutil.copytree(made, tmp_path_factory.mktemp("answered") / "study")
    return answer_and_close(home, map(person, range(3)))


def test_plan_and_preregistration_say_the_rule_and_the_share(dfr, home: Path):
    done = dfr("votes", "plan", "--study", home, "--run", home / "stimuli")
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "if pairs were not adaptive" in told
    assert "Adaptive pairs, 50% of them planned: people who make the strengths as sure as 4" in told
    assert "votes per content" in told
    assert "votes per two methods" not in told  # is not planned
    plan = preregister(dfr, home)
    assert "Pairs are adaptive. Of each participant's counted trials, 50% show two methods" in plan
    assert "Bayesian A-optimality" in plan
    assert "compared by the share, by the difference of their strengths, of decisive votes" in plan
    assert "Every two methods meet equally often" not in plan
    assert '"random_share": 0.5' in plan


def test_the_export_tells_of_each_answer_how_its_pair_came(dfr, answered: Path, tmp_path: Path):
    done = dfr("votes", "export", tmp_path / "out", "--study", answered)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "out" / "answers.csv")
    assert list(table.columns) == list(DICTIONARY)
    votes = table[table["kind"] == "vote"]
    assert votes.groupby("participant")["pair"].value_counts().tolist() == [3] * 6
    assert set(votes["pair"]) == {"planned", "adaptive"}
    assert (table.loc[table["kind"].isin(["catch", "practice"]), "pair"] == "planned").all()
    told = pd.read_csv(tmp_path / "out" / "dictionary.csv").set_index("column")["meaning"]
    assert "adaptive (chosen when it was shown" in told["pair"]
    # Nobody took the last place: its pairs are still open.
    trials = pd.read_csv(tmp_path / "out" / "trials.csv")
    assert (trials.loc[trials["pair"] == "open", "slot"] == 3).all()


def test_it_is_ranked(dfr, answered: Path, tmp_path: Path):
    done = dfr("votes", "rank", "--study", answered, "--out", tmp_path, "--draws", "50")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "votes_overall_strengths.csv")
    assert set(table["method"]) == set(METHODS)


def test_the_page_goes_on_where_it_was_loaded_again(monkeypatch: pytest.MonkeyPatch, home: Path):
    monkeypatch.setattr("studies.page.timing.SOONEST", 0.0)
    page = Page(monkeypatch, "--study", home)
    page.click("I agree. Begin")
    page.click("A is better")
    opened = open_folder(home)
    trials = {tuple(row) for row in _known(opened)}
    assert len(trials) == 2  # this one and the next one
    page.load()
    Page(monkeypatch, "--study", home)
    assert {tuple(row) for row in _known(opened)} == trials
    opened.ballots.close()


def _known(opened: OpenStudy) -> np.ndarray:
    rows = read_poll(opened.ballots, "chosen").trials
    near = rows[(rows["slot"] == 0) & (rows["pair"] != "open") & rows["position"].between(1, 2)]
    return near[["position", "left_method", "left_mode", "right_method", "pair"]].to_numpy()


def test_shares_are_not_those_of_who_met_whom():
    """The short form of `tests/benchmarks/test_adaptive_savings.py`: three studies."""
    strengths = dict(zip("abcdef", np.linspace(3, -3, 6).tolist(), strict=True))
    voters = Voters(strengths, tie=0.3)
    won, tied = voters.chances("abcdef")
    truth = davidson(won, tied, 1e-12).methods
    win_share = (won + tied / 2).sum(axis=1) / 5
    held, off, raw, met = [], [], [], []
    for seed in range(3):
        votes = simulate_adaptive(voters, 30, 20, random_share=0.25, seed=seed, together=10)
        assert votes.groupby("participant")["pair"].value_counts().unstack()["planned"].eq(5).all()
        counts = tally(votes, "abcdef")
        assert counts.adaptive
        table, shares = rank(counts, draws=2).table, vote_shares(counts)
        held += ((table["low"] <= truth) & (truth <= table["high"])).tolist()
        off.append(np.abs(shares["win_share"] - win_share))
        plain = (shares["won"] + shares["tied"] / 2) / shares["shown"]
        raw.append(np.abs(plain - win_share))
        modes = modes_table(votes, "abcdef")
        np.testing.assert_allclose(modes["win_share"], shares["win_share"])
        pairs, model = pairs_table(counts), modelled_shares(counts)
        np.testing.assert_array_equal(pairs["share"], model.share)
        np.testing.assert_allclose(
            pairs["share"], 1 / (1 + np.exp(-_differences(table["strength"].to_numpy())))
        )
        assert (pairs["apart"] == (pairs["p_all"] < 0.05)).all()
        assert pairs["apart"].sum() >= 10  # all but neighbours, by way of others
        met.append(counts.votes.sum(axis=0))
    mean = np.mean(met, axis=0)
    assert mean[0, 1] > 2 * mean[0, 5]
    assert np.mean(held) >= 0.85
    assert np.mean(off) < 0.6 * np.mean(raw)


def _differences(strength: np.ndarray) -> np.ndarray:
    first, second = np.triu_indices(len(strength), 1)
    return strength[first] - strength[second]
