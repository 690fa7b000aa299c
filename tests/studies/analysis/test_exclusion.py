"""The rule that leaves participants out: catch trials failed, counted by hand."""

from __future__ import annotations

import pandas as pd

from studies.analysis.exclusion import (
    ATTENTION_COLUMNS,
    attention,
    catch_failures,
    without_dropped,
)
from tests.studies.analysis.test_winrates import ballots


def test_catch_failures_by_hand():
    catches = pd.concat([
        ballots(("p", "a", "b", "left"), ("p", "a", "b", "tie"), ("p", "a", "b", "right"),
                ("q", "a", "b", "left"), kind="catch", expected="left"),
        ballots(("r", "a", "b", "right")),
    ])  # fmt: skip
    assert catch_failures(catches, 2).to_dict("list") == {
        "participant": ["p", "q", "r"], "catches": [3, 1, 0], "failed": [2, 0, 0],
        "dropped": [True, False, False],
    }  # fmt: skip


def test_a_catch_trial_with_two_questions_is_one_trial():
    one = ballots(("p", "a", "b", "right"), kind="catch", expected="left")
    other = one.assign(question="style")
    for second in (other, other.assign(answer="left")):
        row = catch_failures(pd.concat([one, second]), 1).iloc[0]
        assert row[["catches", "failed", "dropped"]].tolist() == [1, 1, True]


def test_all_votes_of_who_failed_too_many_are_left_out_and_no_others():
    votes = pd.concat([
        ballots(("p", "a", "b", "tie"), ("q", "a", "b", "left"), kind="catch", expected="left"),
        ballots(("p", "a", "b", "left"), ("q", "a", "b", "right"), ("r", "a", "b", "left")),
    ])  # fmt: skip
    kept = without_dropped(votes, catch_failures(votes, 1))
    assert kept["participant"].tolist() == ["q", "q", "r"]
    assert len(without_dropped(votes, catch_failures(votes, 2))) == len(votes)


def test_speed_and_straight_lines_are_told_by_hand():
    names = ["left"] * 9 + ["right"]
    line = ballots(*(("p", "a", "b", answer) for answer in names)).assign(seconds=0.4)
    calm = ballots(*(("q", "a", "b", answer) for answer in ("left", "right", "right", "tie")))
    votes = pd.concat([line, calm.assign(seconds=[0.5, 3.0, 5.0, 4.0])])
    catches = pd.DataFrame({"participant": ["p", "q"], "dropped": [True, False]})
    assert attention(votes, catches).to_dict("list") == {
        "participant": ["p", "q"], "votes": [10, 4], "reloads": [0, 0],
        "median_seconds": [0.4, 3.5], "fast_share": [1.0, 0.25], "same_share": [0.9, 0.5],
        "longest_run": [9, 2],
        "dropped": [True, False], "doubtful": ["fast, same answer", ""],
    }  # fmt: skip
    nobody = attention(votes.iloc[:0], catches)
    assert nobody.empty
    assert list(nobody.columns) == ATTENTION_COLUMNS


def test_an_answer_after_a_reload_counts_and_its_time_does_not():
    votes = ballots(*(("p", "a", "b", "left"),) * 3).assign(
        seconds=[4.0, 0.2, 6.0], reloaded=pd.array([False, True, None], dtype="boolean")
    )
    catches = pd.DataFrame({"participant": ["p"], "dropped": [False]})
    row = attention(votes, catches).iloc[0]
    assert row[["votes", "reloads", "median_seconds", "fast_share"]].tolist() == [3, 1, 5.0, 0.0]
    row = attention(votes.iloc[1:2], catches).iloc[0]
    assert row[["reloads", "doubtful"]].tolist() == [1, ""]
    assert pd.isna(row["median_seconds"])
