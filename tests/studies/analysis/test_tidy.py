"""One row per answer, and every column explained."""

from __future__ import annotations

import pandas as pd

from studies.analysis.tidy import DICTIONARY, dictionary, tidy
from tests.studies.analysis.test_winrates import ballots


def test_answers_by_hand():
    votes = pd.concat([
        ballots(("p", "a", "b", "left"), ("p", "a", "b", "right"), ("q", "a", "b", "tie")),
        ballots(("p", "a", "b", "right"), kind="catch", expected="left"),
    ])  # fmt: skip
    table = tidy(votes, 1)
    assert list(table.columns) == list(DICTIONARY) == dictionary()["column"].tolist()
    assert table["chosen_method"].tolist() == ["a", "b", "", "b"]
    assert table["excluded"].tolist() == [True, True, False, True]
    assert not tidy(votes, 2)["excluded"].any()
    assert tidy(votes.iloc[:0], 1).empty
