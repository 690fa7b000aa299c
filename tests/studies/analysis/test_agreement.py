"""Agreement: alpha against a calculation by hand, and repeats."""

from __future__ import annotations

import itertools

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from studies.analysis.agreement import (
    alpha_table,
    preferences,
    self_consistency,
    weighted_alpha,
)
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.tally import tally, wilson
from tests.studies.analysis.test_winrates import ballots, swapped

#: Krippendorff's example ("Computing Krippendorff's alpha-reliability", 2011), values from 1.
EXAMPLE = np.array([
    [0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3],
    [1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0],
    [0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4],
])  # fmt: skip


def by_hand(units: list[list[str]]) -> float:
    """Alpha from the definition: every ordered pair of answers, within units and at all.

    Every unit twice, told either way round.
    """
    other = {"left": "right", "right": "left", "tie": "tie"}
    units = [unit for unit in units if len(unit) > 1]
    units = units + [[other[value] for value in unit] for unit in units]
    values = [value for unit in units for value in unit]
    observed = sum(
        (a != b) / (len(unit) - 1) for unit in units for a, b in itertools.permutations(unit, 2)
    ) / len(values)
    expected = np.mean([a != b for a, b in itertools.permutations(values, 2)])
    return 1 - observed / expected


def given_of(table: list[list[int]]) -> sparse.csr_array:
    """(participants, units) of values 0, 1, 2, or -1 for none, as `weighted_alpha` takes them."""
    values = np.array(table)
    people, units = np.nonzero(values >= 0)
    places = (people, 3 * units + values[people, units])
    return sparse.csr_array(
        (np.ones(len(people)), places), shape=(len(values), 3 * values.shape[1])
    )


def test_sides_are_undone():
    votes = ballots(("p", "a", "b", "left"), ("q", "b", "a", "left"), ("q", "b", "a/1", "tie"))
    found = preferences(votes)
    assert found["unit"][0] == found["unit"][1] != found["unit"][2]
    assert found["value"].tolist() == ["first", "second", "tie"]


def test_other_pictures_are_other_units():
    votes = pd.concat([
        ballots(("p", "a", "b", "left")),
        ballots(("q", "a", "b", "left"), content="d"),
        ballots(("q", "a", "b", "left"), style="t"),
    ])  # fmt: skip
    assert preferences(votes)["unit"].nunique() == 3


@pytest.mark.parametrize("seed", range(3))
def test_alpha_is_the_one_of_the_definition(seed):
    random = np.random.default_rng(seed)
    rows, units = [], []
    for unit in range(12):
        answers = random.choice(
            ["left", "right", "tie"], size=random.integers(1, 6), p=[0.6, 0.3, 0.1]
        )
        units.append(list(answers))
        rows += [(f"p{k}", f"a/{unit}", "b", answer) for k, answer in enumerate(answers)]
    row = alpha_table(ballots(*rows), draws=50).iloc[0]
    assert row["alpha"] == pytest.approx(by_hand(units), abs=1e-12)
    assert row["units"] == 12
    assert row["shared"] == sum(len(unit) > 1 for unit in units)


def test_weighted_alpha_with_equal_weights_is_krippendorffs():
    three = np.where(EXAMPLE == 4, 3, EXAMPLE) - 1
    known = krippendorff.alpha(np.where(three < 0, np.nan, three), level_of_measurement="nominal")
    assert weighted_alpha(given_of(three), np.ones((2, 3))) == pytest.approx([known, known])


def test_weights_choose_people_and_nobody_agrees_with_themselves():
    table = np.random.default_rng(0).integers(0, 3, (5, 30))
    chosen = weighted_alpha(given_of(table), np.array([[1.0, 1, 0, 1, 0]]))
    assert chosen == pytest.approx(weighted_alpha(given_of(table[[0, 1, 3]]), np.ones((1, 3))))
    observed = 1 - np.mean(table[0] == table[1])
    doubled = table[[0, 0, 1, 1]].ravel()
    expected = np.mean([a != b for a, b in itertools.permutations(doubled.tolist(), 2)])
    twice = weighted_alpha(given_of(table[:2]), np.array([[2.0, 2]]))
    assert twice == pytest.approx([1 - observed / expected])
    assert np.isnan(weighted_alpha(given_of(table), np.array([[5.0, 0, 0, 0, 0]])))


def shared_votes(voters: Voters, seed: int = 0) -> pd.DataFrame:
    """Everybody sees every two outputs, on either side."""
    design = [round_robin("abcd", 1, 12, seed=slot)[0] for slot in range(20)]
    return simulate(design, voters, seed)[0]


def test_voters_of_one_mind_agree_and_coins_do_not():
    sure = Voters({"a": 30.0, "b": 10.0, "c": -10.0, "d": -30.0})
    coins = Voters(dict.fromkeys("abcd", 0.0), tie=0.5)
    assert alpha_table(shared_votes(sure)).iloc[0]["alpha"] == pytest.approx(1)
    row = alpha_table(shared_votes(coins)).iloc[0]
    assert row["low"] < 0 < row["high"]
    assert row["high"] < 0.2


def test_the_second_answer_to_the_same_pictures_is_not_counted():
    once = ballots(("p", "a", "b", "left"), ("q", "a", "b", "right"), ("q", "a", "c", "tie"),
                   ("p", "a", "c", "tie"))  # fmt: skip
    twice = pd.concat([once, ballots(("p", "b", "a", "left"))])
    assert alpha_table(twice, draws=20).equals(alpha_table(once, draws=20))


def test_alpha_without_anything_shared_or_different_is_not_known():
    for votes in (
        ballots(),
        ballots(("p", "a", "b", "left")),
        ballots(("p", "a", "b", "left"), ("q", "a", "c", "right")),
        ballots(("p", "a", "b", "tie"), ("q", "b", "a", "tie")),
    ):
        assert alpha_table(votes)[["alpha", "low", "high"]].isna().all(axis=None)


@given(st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from(("ab", "bc", "ca", "ba")),
                          st.sampled_from(("left", "right", "tie"))), max_size=20))  # fmt: skip
def test_sides_and_names_of_methods_do_not_change_alpha(rows):
    votes = ballots(*((who, pair[0], pair[1], answer) for who, pair, answer in rows))
    renamed = votes.replace({"left_method": {"a": "z"}, "right_method": {"a": "z"}})
    expected = alpha_table(votes, draws=20)
    pd.testing.assert_frame_equal(alpha_table(swapped(votes), draws=20), expected)
    pd.testing.assert_frame_equal(alpha_table(renamed, draws=20), expected)


def test_without_ties_alpha_is_kendalls_u():
    """u = 2 Σ C(wins, 2) / (C(people, 2) C(methods, 2)) - 1, over all ordered pairs of methods.

    Up to Krippendorff's correction for few answers, n / (n - 1).
    """
    votes = shared_votes(Voters(dict(zip("abcd", (1.0, 0.5, 0.0, -1.0), strict=True))))
    pairs = [
        tuple(sorted(two)) for two in zip(votes["left_method"], votes["right_method"], strict=True)
    ]
    votes = votes[~votes.assign(pair=pairs).duplicated(["participant", "pair"])]
    wins = tally(votes, "abcd").wins.sum(axis=0)
    u = 2 * (wins * (wins - 1) / 2).sum() / (20 * 19 / 2 * 6) - 1
    alpha = alpha_table(votes, draws=20)["alpha"].iloc[0]
    answers = 2 * 20 * 6
    assert 1 - (1 - alpha) * answers / (answers - 1) == pytest.approx(u, abs=1e-12)


def repeated(*answers: tuple[str, str, str]) -> pd.DataFrame:
    """(participant, answer, answer to the same two with sides changed)."""
    first = ballots(*((who, "a", "b", answer) for who, answer, _ in answers))
    again = ballots(*((who, "b", "a", answer) for who, _, answer in answers), kind="repeat")
    return pd.concat(
        [first, again.assign(repeats=again["position"], position=again["position"] + 50)]
    )


def test_self_consistency_by_hand():
    """First p = (3, 1, 1)/5, again, by the first sides, q = (2, 1, 2)/5: chance (6 + 1 + 2)/25."""
    votes = repeated(
        ("p", "left", "right"),  # the same picture
        ("p", "left", "left"),  # the other one
        ("q", "left", "tie"),
        ("q", "right", "right"),
        ("r", "tie", "tie"),  # the same answer
    )
    row = self_consistency(votes).iloc[0]
    assert row[["repeats", "same"]].tolist() == [5, 2]
    assert row["share"] == pytest.approx(0.4)
    assert (row["low"], row["high"]) == pytest.approx(wilson(2, 5))
    assert row["chance"] == pytest.approx(9 / 25)


def test_clicking_left_always_is_never_the_same_picture():
    votes = repeated(*((who, "left", "left") for who in "pqrst"))
    row = self_consistency(votes).iloc[0]
    assert row[["same", "chance"]].tolist() == [0, 0]
    assert row["cluster_low"] == pytest.approx(0)
    assert row["cluster_high"] > 0.3


def test_a_repeat_belongs_to_its_own_participant_and_a_lost_one_to_nobody():
    votes = repeated(("p", "left", "right"), ("q", "right", "left"))
    both = self_consistency(votes).iloc[0]
    assert both[["repeats", "same"]].tolist() == [2, 2]
    first = votes[(votes["kind"] == "repeat") | (votes["participant"] == "q")]
    assert self_consistency(first)["repeats"].tolist() == [1]
    nothing = self_consistency(votes.iloc[:0])
    assert nothing["repeats"].tolist() == [0]
    assert nothing[["share", "low", "cluster_low"]].isna().all(axis=None)
