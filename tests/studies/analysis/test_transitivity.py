"""Circular triads: by hand, against Kendall's formulas, and of coins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.analysis.tally import tally
from studies.analysis.transitivity import by_participant, circular, consistence, transitivity
from tests.studies.analysis.test_winrates import ballots


def test_triads_by_hand():
    """a > b > c > a, and d below all: four triads, one circular."""
    prefers = np.zeros((4, 4), dtype=bool)
    for i, j in ((0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)):
        prefers[i, j] = True
    assert [int(found) for found in circular(prefers)] == [4, 1]
    prefers[0, 1] = False  # not decided: two triads are left
    assert [int(found) for found in circular(prefers)] == [2, 0]


@given(st.integers(3, 7), st.integers(0, 2**31))
def test_triads_of_a_tournament_are_kendalls(methods, seed):
    """d = m (m - 1) (2m - 1) / 12 - Σ a² / 2, with a the wins of each (Kendall, 1940)."""
    upper = np.triu(np.random.default_rng(seed).random((methods, methods)) < 0.5, 1)
    prefers = upper | np.tril(~upper.T, -1)
    triples, found = (int(each) for each in circular(prefers))
    wins = prefers.sum(axis=1)
    assert triples == methods * (methods - 1) * (methods - 2) // 6
    assert found == methods * (methods - 1) * (2 * methods - 1) / 12 - (wins**2).sum() / 2
    assert 0 <= consistence(found, methods) <= 1


def test_consistence_at_its_ends():
    """The most triads there can be: 1 of three methods, 2 of four, 5 of five, 8 of six."""
    assert [consistence(most, m) for m, most in ((3, 1), (4, 2), (5, 5), (6, 8))] == [0] * 4
    assert consistence(0, 6) == 1
    assert np.isnan(consistence(0, 2))


def test_transitivity_of_people_and_of_the_majority():
    """One person goes in a circle, one in order, one decides too little; all votes are in order."""
    votes = ballots(
        ("p", "a", "b", "left"), ("p", "b", "c", "left"), ("p", "c", "a", "left"),
        ("q", "a", "b", "left"), ("q", "b", "c", "left"), ("q", "a", "c", "left"),
        ("r", "a", "c", "left"), ("r", "a", "b", "tie"),
    )  # fmt: skip
    table = transitivity(tally(votes, "abc")).set_index("level")
    assert table["triples"].to_dict() == {"participants": 2, "majority": 1}
    assert table["circular"].to_dict() == {"participants": 1, "majority": 0}
    assert table.loc["majority", "consistence"] == 1
    assert table.loc["participants", "share"] == 0.5
    one = by_participant(tally(votes, "abc")).set_index("participant")
    assert one["triples"].to_dict() == {"p": 1, "q": 1, "r": 0}
    assert one["circular"].to_dict() == {"p": 1, "q": 0, "r": 0}
    assert one["votes"].to_dict() == {"p": 3, "q": 3, "r": 2}
    assert one["ties"].to_dict() == {"p": 0, "q": 0, "r": 1}


def test_an_undecided_majority_has_no_consistence():
    votes = ballots(("p", "a", "b", "left"), ("q", "b", "a", "left"), ("q", "a", "c", "left"))
    table = transitivity(tally(votes, "abc")).set_index("level")
    assert np.isnan(table.loc["majority", "consistence"])
    assert np.isnan(table.loc["majority", "share"])


def test_coins_go_in_circles_as_often_as_chance_says():
    """Triads of one tournament are independent in pairs: the standard error is 0.0008."""
    upper = np.triu(np.random.default_rng(0).random((5000, 8, 8)) < 0.5, 1)
    triples, found = circular(upper | np.tril(~upper.swapaxes(1, 2), -1))
    assert (triples == 56).all()
    told = transitivity(tally(ballots(), "abc"))["chance"]
    assert found.sum() / triples.sum() == pytest.approx(told[0], abs=0.0027)
