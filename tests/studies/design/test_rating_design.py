"""Plans of ratings: every method equally often, no output twice, one picture at a time."""

from __future__ import annotations

from collections import Counter

import pytest

from dfr.core.errors import UserError
from studies.design.design import make_design
from studies.design.trial import NOTHING, is_right, low_marks
from tests.studies.design.design_cases import CONTENTS, STYLES, named_stimuli

METHODS = ("a", "b", "c")
STIMULI = named_stimuli(METHODS)
SIZE = {"participants": 10, "trials": 8, "practice": 2, "repeats": 2, "catches": 3, "judges": 3}


@pytest.fixture(scope="module")
def plan():
    return make_design(STIMULI, **SIZE, seed=1, scale=5)


def test_every_method_is_rated_equally_often_by_everybody_and_nothing_twice(plan):
    everything = Counter()
    for trials in plan:
        votes = [trial for trial in trials if trial.kind == "vote"]
        assert len(votes) == 8
        assert len({(trial.content, trial.style, trial.left) for trial in votes}) == 8
        own = Counter(trial.left.method for trial in votes)
        assert max(own.values()) - min(own.values()) <= 1
        everything += own
    assert max(everything.values()) - min(everything.values()) <= 1
    votes = [trial for trials in plan for trial in trials if trial.kind == "vote"]
    for seen, of in ((Counter(t.content for t in votes), CONTENTS),
                     (Counter(t.style for t in votes), STYLES)):  # fmt: skip
        assert set(seen) == set(of)
        assert max(seen.values()) - min(seen.values()) <= 3
    modes = Counter(trial.left.mode for trial in votes if trial.left.method == "a")
    assert abs(modes["0"] - modes["1"]) <= 3
    judges = Counter((trial.content, trial.style, trial.left) for trial in votes)
    assert max(judges.values()) <= 3


def test_only_one_picture_is_shown_and_a_repeat_is_the_same(plan):
    for trials in plan:
        assert Counter(trial.kind for trial in trials) == {
            "practice": 2, "vote": 8, "repeat": 2, "catch": 3,
        }  # fmt: skip
        for trial in trials:
            assert trial.right == NOTHING
            if trial.kind == "repeat":
                before = trials[trial.repeats]
                assert (before.content, before.style, before.left) == (
                    trial.content, trial.style, trial.left,
                )  # fmt: skip
            assert (trial.left.source == "noise") == (trial.kind == "catch")
            assert trial.expected == ("1,2" if trial.kind == "catch" else "")


@pytest.mark.parametrize(("scale", "low"), [(3, "1"), (4, "1,2"), (5, "1,2"), (7, "1,2,3")])
def test_marks_below_the_middle_are_right_where_noise_is_shown(scale: int, low: str):
    assert low_marks(scale) == low
    right = [mark for mark in range(1, scale + 1) if is_right(str(mark), low)]
    assert right == [int(mark) for mark in low.split(",")]
    assert max(right) < (scale + 1) / 2


def test_more_ratings_than_outputs_are_refused():
    with pytest.raises(UserError, match=r"every method 13 times .* 'b' there are only 12 distinct"):
        make_design(STIMULI, **{**SIZE, "trials": 37}, seed=1, scale=5)
