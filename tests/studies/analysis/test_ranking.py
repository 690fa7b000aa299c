"""The ranking: known voters, its intervals, and where there is little to rank."""

from __future__ import annotations

import numpy as np
import pytest

from studies.analysis.clusters import Clusters
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import against_average, rank
from studies.analysis.tally import Tally, tally
from studies.design.davidson import davidson
from tests.studies.analysis.test_strengths import NONE, symmetric

METHODS = ("a", "b", "c", "d", "e", "f")
TRUTH = dict(zip(METHODS, (1.2, 0.7, 0.2, -0.3, -0.7, -1.1), strict=True))


def people(wins: np.ndarray, ties: np.ndarray, participants: int = 1) -> Tally:
    """Participants who all vote alike, on one pair of pictures."""
    rows = [
        (i, j, code)
        for counts, code in ((wins, 0), (np.triu(ties), 2))
        for i, j in zip(*np.nonzero(counts), strict=True)
        for _ in range(int(counts[i, j]))
    ]
    left, right, answer = np.array(rows * participants, dtype=np.intp).reshape(-1, 3).T
    here = np.zeros(len(left), dtype=np.intp)
    who = np.repeat(np.arange(participants), len(rows))
    names = tuple(f"p{k}" for k in range(participants))
    return Tally(METHODS[: len(wins)], names, left, right, answer, Clusters(who, here, here))


@pytest.fixture(scope="module")
def counts() -> Tally:
    """The published study's size: 30 people, 20 votes each."""
    voters = Voters(TRUTH, tie=0.4, spread=0.3)
    return tally(simulate(round_robin(METHODS, 30, 20), voters)[0], METHODS)


def test_known_strengths_are_found(counts):
    found = rank(counts, draws=300)
    table = found.table.set_index("method")
    assert table["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["strength"].tolist() == pytest.approx(list(TRUTH.values()), abs=0.45)
    assert (table["low"] < table["strength"]).all()
    assert (table["strength"] < table["high"]).all()
    assert found.tie_low < 0.4 < found.tie_high
    assert table["basis"].tolist() == ["votes"] * 6
    assert (table["rank_low"] <= table["rank"]).all()
    assert (table["rank"] <= table["rank_high"]).all()
    assert table["best"].sum() == pytest.approx(1)
    assert table["best"].idxmax() == "a"
    assert table["share_low"].tolist() == pytest.approx(against_average(table["low"]).tolist())
    assert table["votes"].tolist() == [200] * 6


def test_the_same_seed_gives_the_same_table(counts):
    first, again, other = (rank(counts, draws=2000, seed=seed).table for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_the_interval_is_the_jackknifes(counts):
    """Leaving out one person at a time gives the same standard errors, by another way."""
    left_out = davidson(
        counts.wins.sum(axis=0) - counts.wins, counts.ties.sum(axis=0) - counts.ties
    ).methods
    jackknife = np.sqrt(29 / 30 * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    table = rank(counts, draws=2).table  # one content and one style: only people are drawn
    half = ((table["high"] - table["low"]) / 2).to_numpy()
    assert half == pytest.approx(2.0452 * jackknife, rel=0.08)


def test_ranks_are_as_unsure_as_the_strengths(counts):
    """Of the two in the middle, each is the better one as often as their difference says."""
    table = rank(counts, draws=4000).table.set_index("method")
    assert table["rank_low"].min() == 1
    assert table["best"].iloc[0] > 0.5
    assert (table.loc[["e", "f"], "best"] < 0.01).all()


def test_a_method_that_wins_everything_has_a_finite_strength_and_no_interval():
    wins = np.zeros((3, 3))
    wins[0, 1:] = 40
    wins[1, 2] = wins[2, 1] = 20
    found = rank(people(wins, np.zeros((3, 3)), 5), draws=50)
    table = found.table.set_index("method")
    assert table.loc["a", "rank"] == 1
    assert table.loc["a", "best"] == 1
    assert 2 < table.loc["a", "strength"] < 8
    assert table.loc["b", "strength"] == pytest.approx(table.loc["c", "strength"])
    assert table.loc[["b", "c"], "rank"].tolist() == [2, 2]
    assert table["basis"].tolist() == ["prior"] * 3
    assert table[["low", "high", "share_low", "bradley_terry"]].isna().all(axis=None)
    assert np.isnan(found.tie_low)


def test_only_ties_make_equals():
    found = rank(people(np.zeros((3, 3)), symmetric(np.full((3, 3), 7.0)), 5), draws=50)
    assert found.table["strength"].tolist() == pytest.approx([0, 0, 0], abs=1e-9)
    assert found.table["rank"].tolist() == [1, 1, 1]
    assert found.table["best"].tolist() == pytest.approx([1 / 3] * 3)
    assert found.table["basis"].tolist() == ["prior"] * 3
    assert found.tie > 20


def test_methods_that_cannot_be_compared_say_so():
    """Two groups that never met: the one with more votes is ranked, the other is not."""
    wins = np.zeros((5, 5))
    wins[0, 1], wins[1, 0] = 3, 2
    wins[2, 3], wins[3, 2] = 30, 10
    table = rank(people(wins, np.zeros((5, 5)), 4), draws=50).table.set_index("method")
    assert table["basis"].tolist() == ["none", "none", "votes", "votes", "none"]
    assert table.loc[["a", "b", "e"]].drop(columns=["votes", "basis"]).isna().all(axis=None)
    alone = rank(people(wins[2:4, 2:4], np.zeros((2, 2)), 4), draws=50).table
    assert table.loc[["c", "d"], "strength"].tolist() == alone["strength"].tolist()
    assert table["votes"].tolist() == [20, 20, 160, 160, 0]


def test_indirect_meetings_are_enough():
    wins = np.array([[0.0, 30, 0], [10, 0, 30], [0, 10, 0]])
    found = rank(people(wins, np.zeros((3, 3))), prior=NONE).table["strength"]
    assert found.tolist() == pytest.approx([np.log(3), 0, -np.log(3)], abs=1e-5)


def test_one_participant_has_strengths_and_no_intervals():
    wins = np.array([[0.0, 3], [2, 0]])
    table = rank(people(wins, np.zeros((2, 2)))).table
    assert table["strength"].notna().all()
    assert table[["low", "high", "rank_low", "rank_high", "best"]].isna().all(axis=None)


@pytest.mark.parametrize("methods", [0, 1, 3])
def test_no_votes(methods):
    nothing = np.zeros((methods, methods))
    found = rank(people(nothing, nothing, 0))
    assert len(found.table) == methods
    assert found.table["strength"].isna().all()
    assert np.isnan(found.tie)
