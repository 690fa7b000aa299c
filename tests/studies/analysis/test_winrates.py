"""Votes won: by hand, against statsmodels, and with voters whose answers are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import binom_test, proportion_confint

from studies.analysis.simulated_voters import Voters, round_robin, simulate
from studies.analysis.tally import (
    VOTE_COLUMNS,
    binomial_p,
    clustered_shares,
    counted,
    tally,
    wilson,
)
from studies.analysis.winrates import modes_table, pairs_table, side_bias, vote_shares


def ballots(*rows: tuple[str, str, str, str], **same: object) -> pd.DataFrame:
    """Counted votes: (participant, left, right, answer), an output being METHOD or METHOD/MODE."""
    found = []
    for position, (participant, left, right, answer) in enumerate(rows):
        row: dict[str, object] = {
            "participant": participant,
            "slot": 0,
            "position": position,
            "kind": "vote",
            "question": "overall",
            "content": "c",
            "style": "s",
            "answer": answer,
            "expected": "",
            "repeats": pd.NA,
            "seconds": 2.0,
            "voted_at": "2026-01-01T00:00:00+00:00",
        }
        for side, output in (("left", left), ("right", right)):
            method, _, mode = output.partition("/")
            row |= {
                f"{side}_source": "output",
                f"{side}_method": method,
                f"{side}_mode": mode or "0",
            }
        found.append(row | same)
    return pd.DataFrame(found, columns=list(VOTE_COLUMNS)).astype({"repeats": "Int64"})


def swapped(votes: pd.DataFrame) -> pd.DataFrame:
    """The same preferences, had every left picture been on the right."""
    other = {"left": "right", "right": "left", "tie": "tie", "": ""}
    parts = ("source", "method", "mode")
    names = {f"left_{part}": f"right_{part}" for part in parts}
    turned = votes.rename(columns=names | {new: old for old, new in names.items()})
    return turned.assign(
        answer=turned["answer"].map(other), expected=turned["expected"].map(other)
    )[list(votes.columns)]


HAND = (
    ("p", "a", "b", "left"),
    ("p", "b", "a", "right"),
    ("p", "a", "b", "right"),
    ("q", "a", "b", "tie"),
    ("q", "c", "a", "left"),
    ("r", "a", "c/1", "right"),
    ("r", "a/9", "c/1", "tie"),
)


@pytest.fixture(scope="module")
def simulated() -> pd.DataFrame:
    voters = Voters({"a": 1.0, "b": 0.0, "c": -1.0}, tie=0.3, side_bias=0.5)
    return simulate(round_robin("abc", 40, 20), voters)[0]


@pytest.mark.parametrize(("won", "of"), [(0, 7), (3, 7), (7, 7), (231, 600), (1, 1)])
def test_wilson_and_the_binomial_test_are_statsmodels(won, of):
    assert wilson(won, of) == pytest.approx(proportion_confint(won, of, method="wilson"), abs=1e-9)
    assert binomial_p(won, of) == pytest.approx(binom_test(won, of), abs=1e-9)


def test_no_votes_have_no_interval_and_no_test():
    assert np.isnan(wilson(0, 0)).all()
    assert np.isnan(binomial_p(0, 0))


def test_tally_by_hand():
    found = tally(ballots(*HAND), "abc")
    assert found.participants == ("p", "q", "r")
    assert found.wins[0].tolist() == [[0, 2, 0], [1, 0, 0], [0, 0, 0]]
    assert found.wins[1].tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert found.ties[1].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert found.votes.sum(axis=0).tolist() == [[0, 4, 3], [4, 0, 0], [3, 0, 0]]


def test_only_votes_between_two_of_the_methods_count():
    fits = ballots(("p", "a", "b", "left"))
    rest = [
        fits.assign(kind=kind) for kind in ("practice", "repeat", "catch")
    ] + [fits.assign(right_method="x"), fits.assign(right_method="a", right_mode="1"),
         fits.assign(right_source="noise", right_method="", right_mode="")]  # fmt: skip
    assert len(counted(pd.concat([fits, *rest]), "abc")) == 1


def test_pairs_by_hand():
    table = pairs_table(tally(ballots(*HAND), "abc"), draws=100).set_index(["a", "b"])
    first = table.loc[("a", "b")]
    assert first[["wins", "losses", "ties"]].tolist() == [2, 1, 1]
    assert first["share"] == pytest.approx(2 / 3)
    assert (first["low"], first["high"]) == pytest.approx(wilson(2, 3))
    assert first["p"] == pytest.approx(1.0)
    assert table.loc[("a", "c"), "losses"] == 2
    assert table.loc[("a", "c"), "p"] == pytest.approx(0.5)
    assert table.loc[("b", "c"), ["wins", "losses", "ties"]].tolist() == [0, 0, 0]
    assert table.loc[("b", "c"), ["share", "low", "cluster_low", "p", "p_holm"]].isna().all()


def test_holm_over_all_pairs(simulated):
    table = pairs_table(tally(simulated, "abc"), draws=50)
    assert table["p_holm"].tolist() == pytest.approx(
        multipletests(table["p"], method="holm")[1].tolist()
    )
    assert (table["p_holm"] < 1e-3).all()


def test_vote_shares_by_hand():
    table = vote_shares(tally(ballots(*HAND), "abc"), draws=100).set_index("method")
    assert table["shown"].tolist() == [7, 4, 3]
    assert table["won"].tolist() == [2, 1, 2]
    assert table["tied"].tolist() == [2, 1, 1]
    assert table["share"].tolist() == pytest.approx([2 / 5, 1 / 5, 2 / 5])
    assert table["win_share"].tolist() == pytest.approx([3 / 7, 1.5 / 4, 2.5 / 3])
    assert (table.loc["b", "low"], table.loc["b", "high"]) == pytest.approx(wilson(1, 5))


def test_modes_by_hand():
    table = modes_table(ballots(*HAND), "cab", draws=100)
    assert list(zip(table["method"], table["mode"], strict=True)) == [
        ("c", "0"), ("c", "1"), ("a", "0"), ("a", "9"), ("b", "0"),
    ]  # fmt: skip
    assert table["shown"].tolist() == [1, 2, 6, 1, 4]
    assert table["won"].tolist() == [1, 1, 2, 0, 1]
    assert table["tied"].tolist() == [0, 1, 1, 1, 1]
    assert table["win_share"].tolist() == pytest.approx([1, 0.75, 2.5 / 6, 0.5, 1.5 / 4])


def test_modes_add_up_to_their_method(simulated):
    votes = simulated.assign(left_mode=(simulated["position"] % 3).astype(str))
    modes = modes_table(votes, "abc", draws=50).groupby("method")[["shown", "won", "tied"]].sum()
    shares = vote_shares(tally(votes, "abc"), draws=50).set_index("method")
    assert modes.equals(shares[["shown", "won", "tied"]])


def test_side_bias_by_hand():
    row = side_bias(ballots(*HAND), "abc", draws=100).iloc[0]
    assert row[["votes", "left"]].tolist() == [5, 2]
    assert row["share"] == pytest.approx(0.4)
    assert (row["low"], row["high"]) == pytest.approx(wilson(2, 5))


def test_a_known_side_bias_is_found_and_does_not_change_who_wins(simulated):
    """A head start of 0.5 of the left, with equals: σ(0.5) = 0.62 of decisive votes."""
    equal = Voters({"a": 0.0, "b": 0.0}, tie=0.3, side_bias=0.5)
    row = side_bias(simulate(round_robin("ab", 40, 20), equal)[0], "ab").iloc[0]
    assert row["cluster_low"] < 1 / (1 + np.exp(-0.5)) < row["cluster_high"]
    assert row["cluster_low"] > 0.5
    assert row["p"] < 1e-4
    assert vote_shares(tally(simulated, "abc"), draws=50)["share"].is_monotonic_decreasing


@given(st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from(("ab", "bc", "ca", "ba")),
                          st.sampled_from(("left", "right", "tie"))), max_size=25))  # fmt: skip
def test_sides_change_nothing_but_the_side_bias(rows):
    votes = ballots(*((who, pair[0], pair[1], answer) for who, pair, answer in rows))
    turned = swapped(votes)
    here, there = tally(votes, "abc"), tally(turned, "abc")
    for table in (pairs_table, vote_shares):
        pd.testing.assert_frame_equal(table(here, draws=20), table(there, draws=20))
    pd.testing.assert_frame_equal(
        modes_table(votes, "abc", draws=20), modes_table(turned, "abc", draws=20)
    )
    bias, turned_bias = (side_bias(each, "abc", draws=20) for each in (votes, turned))
    assert (bias["left"] + turned_bias["left"]).tolist() == bias["votes"].tolist()


def test_the_clustered_interval_knows_that_answers_of_one_person_are_alike():
    """Ten times the same answers are not ten times as many votes."""
    random = np.random.default_rng(0)
    once = (random.random((40, 1)) < 0.6).astype(float)
    ones = np.ones((40, 1))
    low, high = clustered_shares(once, ones, 2000)
    many_low, many_high = clustered_shares(10 * once, 10 * ones, 2000)
    assert (many_low[0], many_high[0]) == pytest.approx((low[0], high[0]))
    plain, many_plain = wilson(once.sum(), 40), wilson(10 * once.sum(), 400)
    assert high[0] - low[0] == pytest.approx(plain[1] - plain[0], rel=0.1)
    assert high[0] - low[0] > 2.5 * (many_plain[1] - many_plain[0])


def test_agreement_of_all_is_not_certainty():
    low, high = clustered_shares(np.full((9, 1), 5.0), np.full((9, 1), 5.0))
    assert high[0] == pytest.approx(1)
    assert low[0] == pytest.approx(1 / (1 + 2.306**2 / 9), abs=1e-4)  # Wilson of 9 of 9, t(8)


def test_few_participants_have_no_clustered_interval():
    low, high = clustered_shares(np.ones((2, 1)), np.full((2, 1), 2.0))
    assert np.isnan([low[0], high[0]]).all()


def test_the_clustered_interval_covers_as_often_as_it_says():
    """Shares differ between people, beta(3, 3), the mean is one half; 300 studies of 30 people."""
    random = np.random.default_rng(1)
    own = random.beta(3, 3, size=(30, 300))
    won = random.binomial(20, own).astype(float)
    low, high = clustered_shares(won, np.full((30, 300), 20.0), 500)
    hits = int(((low <= 0.5) & (high >= 0.5)).sum())
    assert 270 <= hits <= 297  # 285 is 95 %; the binomial 99.9 % band
    plain = np.array([wilson(total, 600) for total in won.sum(axis=0)])
    assert ((plain[:, 0] <= 0.5) & (plain[:, 1] >= 0.5)).mean() < 0.8


def test_tables_of_no_votes():
    votes = ballots()
    nothing = tally(votes, "abc")
    assert pairs_table(nothing)["share"].isna().all()
    assert vote_shares(nothing)["win_share"].isna().all()
    assert modes_table(votes, "abc").empty
    assert side_bias(votes, "abc")["share"].isna().all()
    assert pairs_table(tally(votes, ())).empty


def test_modes_of_more_than_one_name_are_kept_apart():
    trial = round_robin("ab", 1, 1)[0][0]
    design = [[trial, dataclasses.replace(trial, left=dataclasses.replace(trial.left, mode="1"))]]
    votes, _ = simulate(design * 3, Voters({"a": 9.0, "b": -9.0}))
    table = modes_table(votes, "ab", draws=50)
    assert sorted(table["shown"]) == [3, 3, 6]
