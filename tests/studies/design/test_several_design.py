"""Plans that show several pictures at a time: every two methods meet as often, in every place."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from dfr.core.errors import UserError
from studies.design.balance import several_balance
from studies.design.design import make_design
from studies.design.trial import LETTERS, answers_of, is_right, sides_of, text_of
from tests.studies.design.design_cases import PAIRS, named_stimuli

METHODS = tuple("abcdef")
STIMULI = named_stimuli(METHODS)
SIZE = {"participants": 12, "trials": 10, "practice": 2, "repeats": 2, "catches": 4, "judges": 3}


@pytest.fixture(scope="module", params=[(3, False), (4, True), (6, False)], ids=str)
def plan(request):
    pictures, ranked = request.param
    made = make_design(STIMULI, **SIZE, seed=1, pictures=pictures, ranked=ranked)
    return pictures, ranked, made


def test_a_plan_is_even(plan):
    pictures, _, design = plan
    told = several_balance(design).set_index("what")
    spread = told["most"] - told["least"]
    assert spread["votes per method"] <= 3  # the judges of one list see the same methods
    assert spread["meetings per two methods"] <= 6
    assert spread["a method's votes per place"] <= 2
    assert spread["votes per content"] <= 3
    assert spread["votes per style"] <= 3
    if pictures < 6:  # there are only 12 sets of all methods
        assert told.loc["judges per set of pictures"].tolist() == [3, 3]
    assert spread["one participant's meetings per two methods"] <= 4
    modes = Counter(side.mode for trials in design for trial in trials if trial.kind == "vote"
                    for side in trial.sides if side.method == "a")  # fmt: skip
    assert abs(modes["0"] - modes["1"]) <= 6


def test_nothing_is_seen_twice_and_every_kind_is_there(plan):
    pictures, _, design = plan
    for trials in design:
        assert Counter(trial.kind for trial in trials) == {
            "practice": 2, "vote": 10, "repeat": 2, "catch": 4,
        }  # fmt: skip
        votes = [trial for trial in trials if trial.kind == "vote"]
        assert len({(t.content, t.style, frozenset(t.sides)) for t in votes}) == 10
        for trial in trials:
            assert len(trial.sides) == pictures
            methods = [side.method for side in trial.sides if side.source == "output"]
            assert len(set(methods)) == len(methods)
            if trial.kind == "repeat":
                before = trials[trial.repeats]
                assert set(before.sides) == set(trial.sides)
                assert all(a != b for a, b in zip(before.sides, trial.sides, strict=True))
            assert sides_of(text_of(trial.more)) == trial.more


def test_catch_trials_have_one_right_answer_in_every_place_as_often(plan):
    pictures, ranked, design = plan
    catches = [trial for trials in design for trial in trials if trial.kind == "catch"]
    places = Counter()
    for trial in catches:
        sources = [side.source for side in trial.sides]
        kept = "noise" if ranked else "output"
        assert sources.count(kept) == 1
        assert len(set(trial.sides)) == pictures  # no two pictures are the same one
        place = LETTERS[sources.index(kept)]
        places[place] += 1
        answers = answers_of("ranking" if ranked else "best", 0, False, pictures)
        right = [answer for answer in answers if is_right(answer, trial.expected)]
        assert len(right) * pictures == len(answers)
        assert {answer[-1 if ranked else 0] for answer in right} == {place}
    assert max(places.values()) - min(places.values()) <= 1
    against = Counter("content" in [side.source for side in trial.sides] for trial in catches)
    assert against[True] == (0 if ranked else len(catches) // 2)


def test_the_same_seed_is_the_same_plan_and_another_is_another(plan):
    pictures, ranked, design = plan
    again, other = (
        make_design(STIMULI, **SIZE, seed=seed, pictures=pictures, ranked=ranked) for seed in (1, 2)
    )
    assert again == design
    assert other != design


def test_many_methods_and_few_trials_are_planned_too():
    many = tuple(f"m{number:02d}" for number in range(20))
    stimuli = replace(
        STIMULI,
        methods=many,
        outputs={(*pair, method): ("0",) for pair in PAIRS for method in many},
        strong={},
    )
    told = several_balance(
        make_design(stimuli, **{**SIZE, "participants": 6, "judges": 1}, seed=1, pictures=6)
    ).set_index("what")  # fmt: skip
    assert told.loc["votes per method", "most"] - told.loc["votes per method", "least"] <= 4
    meetings = told.loc["meetings per two methods"]
    assert meetings["most"] - meetings["least"] <= 6


def test_what_cannot_be_shown_is_refused():
    with pytest.raises(UserError, match=r"shows 4 pictures.* only 3 methods"):
        make_design(replace(STIMULI, methods=("a", "b", "c")), **SIZE, seed=1, pictures=4)
    few = replace(STIMULI, pairs=PAIRS[:2])
    with pytest.raises(UserError, match="only 4 distinct sets of 6 pictures"):
        make_design(few, **SIZE, seed=1, pictures=6)
    with pytest.raises(ValueError, match="no list of pictures"):
        sides_of("[1]")
