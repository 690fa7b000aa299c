"""Votes won: by hand, against statsmodels, and with voters whose answers are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.tally import (
    VOTE_COLUMNS,
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
def test_wilsons_interval_is_statsmodels(won, of):
    assert wilson(won, of) == pytest.approx(proportion_confint(won, of, method="wilson"), abs=1e-9)


def test_no_votes_have_no_interval():
    assert np.isnan(wilson(0, 0)).all()


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
    table = pairs_table(tally(ballots(*HAND), "abc")).set_index(["a", "b"])
    first = table.loc[("a", "b")]
    assert first[["wins", "losses", "ties"]].tolist() == [2, 1, 1]
    assert first["share"] == pytest.approx(2 / 3)
    assert (first["low"], first["high"]) == pytest.approx(wilson(2, 3))
    assert table.loc[("a", "c"), "losses"] == 2
    assert table.loc[("b", "c"), ["wins", "losses", "ties"]].tolist() == [0, 0, 0]
    assert (
        table.loc[("b", "c"), ["share", "low", "cluster_low", "all_low", "p", "p_all"]].isna().all()
    )


def test_told_apart_is_what_the_interval_and_p_say(simulated):
    weak = simulate(round_robin("abc", 12, 9), Voters({"a": 0.5, "b": 0.0, "c": -0.3}))[0]
    found = set()
    for votes in (simulated, weak):
        table = pairs_table(tally(votes, "abc"))
        found |= set(table["apart"])
        assert table["p_all"].tolist() == pytest.approx(np.minimum(3 * table["p"], 1).tolist())
        for low, high, p in (
            ("all_low", "all_high", "p_all"),
            ("cluster_low", "cluster_high", "p"),
        ):
            beside = (table[low] > 0.5) | (table[high] < 0.5)
            assert beside.tolist() == (table[p] < 0.05).tolist()
        assert table["apart"].tolist() == (table["p_all"] < 0.05).tolist()
        assert (table["all_low"] < table["cluster_low"]).all()
    assert found == {True, False}


def test_vote_shares_by_hand():
    table = vote_shares(tally(ballots(*HAND), "abc")).set_index("method")
    assert table["shown"].tolist() == [7, 4, 3]
    assert table["won"].tolist() == [2, 1, 2]
    assert table["tied"].tolist() == [2, 1, 1]
    assert table["share"].tolist() == pytest.approx([2 / 5, 1 / 5, 2 / 5])
    assert table["win_share"].tolist() == pytest.approx([3 / 7, 1.5 / 4, 2.5 / 3])
    assert (table.loc["b", "low"], table.loc["b", "high"]) == pytest.approx(wilson(1, 5))


def test_modes_by_hand():
    table = modes_table(ballots(*HAND), "cab")
    assert list(zip(table["method"], table["mode"], strict=True)) == [
        ("c", "0"), ("c", "1"), ("a", "0"), ("a", "9"), ("b", "0"),
    ]  # fmt: skip
    assert table["shown"].tolist() == [1, 2, 6, 1, 4]
    assert table["won"].tolist() == [1, 1, 2, 0, 1]
    assert table["tied"].tolist() == [0, 1, 1, 1, 1]
    assert table["win_share"].tolist() == pytest.approx([1, 0.75, 2.5 / 6, 0.5, 1.5 / 4])


def test_modes_add_up_to_their_method(simulated):
    votes = simulated.assign(left_mode=(simulated["position"] % 3).astype(str))
    modes = modes_table(votes, "abc").groupby("method")[["shown", "won", "tied"]].sum()
    shares = vote_shares(tally(votes, "abc")).set_index("method")
    assert modes.equals(shares[["shown", "won", "tied"]])


def test_side_bias_by_hand():
    row = side_bias(ballots(*HAND), "abc").iloc[0]
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
    assert vote_shares(tally(simulated, "abc"))["share"].is_monotonic_decreasing


@given(st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from(("ab", "bc", "ca", "ba")),
                          st.sampled_from(("left", "right", "tie"))), max_size=25))  # fmt: skip
def test_sides_change_nothing_but_the_side_bias(rows):
    votes = ballots(*((who, pair[0], pair[1], answer) for who, pair, answer in rows))
    turned = swapped(votes)
    here, there = tally(votes, "abc"), tally(turned, "abc")
    for table in (pairs_table, vote_shares):
        pd.testing.assert_frame_equal(table(here), table(there))
    pd.testing.assert_frame_equal(modes_table(votes, "abc"), modes_table(turned, "abc"))
    bias, turned_bias = (side_bias(each, "abc") for each in (votes, turned))
    assert (bias["left"] + turned_bias["left"]).tolist() == bias["votes"].tolist()


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
    table = modes_table(votes, "ab")
    assert sorted(table["shown"]) == [3, 3, 6]
