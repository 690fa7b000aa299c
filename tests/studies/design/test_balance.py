"""The balance of a plan, by hand and against the definition of its efficiency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.design.balance import balance, efficiency, unit_of
from studies.design.trial import Side, Trial


def trial(left: str, right: str, content: str = "c", style: str = "s", mode: str = "") -> Trial:
    return Trial("vote", content, style, Side("output", left, mode), Side("output", right))


DESIGN = [
    [
        Trial("practice", "c", "s", Side("output", "z"), Side("noise")),
        trial("a", "b"),
        trial("b", "a", content="d"),
        trial("a", "c", style="t"),
    ],
    [trial("b", "a"), trial("a", "b", mode="2"), trial("a", "b", content="d")],
]


def test_counts_by_hand():
    found = balance(DESIGN)
    assert found.votes == 6
    assert found.meetings[["a", "b", "votes"]].to_numpy().tolist() == [
        ["a", "b", 5],
        ["a", "c", 1],
        ["b", "c", 0],
    ]
    assert found.meetings["left"].tolist()[:2] == [0.6, 1.0]
    assert np.isnan(found.meetings["left"][2])
    assert found.methods.to_numpy().tolist() == [
        ["a", 6, 4 / 6],
        ["b", 5, 2 / 5],
        ["c", 1, 0.0],
    ]
    assert found.contents.to_numpy().tolist() == [["c", 4], ["d", 2]]
    assert found.styles.to_numpy().tolist() == [["s", 5], ["t", 1]]
    # Whoever is on the left, a and b on c and s are one unit, and on d and s another.
    assert found.judges.to_numpy().tolist() == [[1, 2], [2, 2]]
    first, second = found.participants.to_dict("records")
    assert first == {
        "votes": 3,
        "meetings_least": 0,
        "meetings_most": 2,
        "contents_least": 1,
        "contents_most": 2,
        "styles_least": 1,
        "styles_most": 2,
    }
    assert (second["meetings_most"], second["styles_least"]) == (3, 0)


def test_the_summary_by_hand():
    found = balance(DESIGN).summary().set_index("what")
    assert found.loc["votes per two methods"].tolist() == [0, 5]
    assert found.loc["share on the left per method"].tolist() == [0.0, 4 / 6]
    assert found.loc["judges per unit"].tolist() == [1, 2]
    assert found.loc["one participant's votes per style"].tolist() == [0, 3]


def test_a_mode_makes_a_unit():
    assert unit_of(trial("a", "b")) == unit_of(trial("b", "a"))
    assert unit_of(trial("a", "b")) != unit_of(trial("a", "b", mode="2"))
    assert unit_of(trial("a", "b")) != unit_of(trial("a", "b", style="t"))


def test_a_plan_without_votes():
    found = balance([[], []])
    assert found.votes == 0
    assert found.meetings.empty
    assert np.isnan(found.efficiency)
    assert found.summary()["most"].max() == 0


def variance_of_differences(counts: np.ndarray) -> float:
    """Mean variance by the textbook: fix the first strength at 0 and invert the information."""
    methods = len(counts)
    information = np.zeros((methods, methods))
    for a in range(methods):
        for b in range(a):
            contrast = np.eye(methods)[a] - np.eye(methods)[b]
            information += counts[a, b] / 4 * np.outer(contrast, contrast)
    covariance = np.zeros((methods, methods))
    covariance[1:, 1:] = np.linalg.inv(information[1:, 1:])
    return float(
        np.mean(
            [
                covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]
                for a in range(methods)
                for b in range(a)
            ]
        )
    )


@given(st.integers(2, 7), st.integers(0, 2**32 - 1))
def test_efficiency_is_the_ratio_of_mean_variances(methods, seed):
    counts = np.triu(np.random.default_rng(seed).integers(1, 9, size=(methods, methods)), 1)
    counts = counts + counts.T
    equal = np.full((methods, methods), counts.sum() / (methods * (methods - 1)))
    known = variance_of_differences(equal) / variance_of_differences(counts)
    assert efficiency(counts) == pytest.approx(known)
    assert efficiency(counts) <= 1 + 1e-12


def test_efficiency_of_known_plans():
    assert efficiency(7 * (1 - np.eye(5))) == pytest.approx(1)
    # A star: the variances are 1 to the centre and 2 among the 3 others, (3 + 6) / 6 = 1.5 on
    # 3 votes; all 6 meetings with half a vote each have 2 / (4 * 0.5) = 1.
    star = np.zeros((4, 4))
    star[0, 1:] = star[1:, 0] = 1
    assert efficiency(star) == pytest.approx(1 / 1.5)


def test_methods_that_are_not_connected_cannot_be_compared():
    apart = np.kron(np.eye(2), 1 - np.eye(2))
    assert efficiency(apart) == 0
    assert np.isnan(efficiency(np.zeros((1, 1))))
