"""Plans of studies: what they promise, over many sizes, and how even they are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfr.core.errors import UserError
from studies.design.assignment import Roster
from studies.design.balance import balance, unit_of
from studies.design.comparisons import diagonal
from studies.design.design import deal_meetings, make_design
from studies.design.trial import Stimuli, Trial
from tests.studies.design.design_cases import (
    PUBLISHED,
    digest,
    meeting,
    plans,
    spread,
    stimuli,
    votes_of,
)


@given(plans())
def test_every_two_methods_meet_equally_often_in_all_lists_and_after_each(plan):
    material, asked = plan
    design = make_design(material, **asked)
    meetings = len(list(combinations(material.methods, 2)))
    so_far: list[Trial] = []
    for trials in design:
        votes = votes_of(trials)
        assert len(votes) == asked["trials"]
        assert spread(map(meeting, votes), meetings) <= 1
        so_far += votes
        assert spread(map(meeting, so_far), meetings) <= 1


@given(plans())
def test_units_are_distinct_for_a_participant_and_have_the_judges_asked_for(plan):
    material, asked = plan
    design = make_design(material, **asked)
    per_list = [Counter(map(unit_of, votes_of(trials))) for trials in design]
    assert all(set(counts.values()) == {1} for counts in per_list)
    judges = Counter(unit for counts in per_list for unit in counts)
    for a, b in combinations(material.methods, 2):
        own = [n for unit, n in judges.items() if {unit[2].method, unit[3].method} == {a, b}]
        there = sum(
            len(material.outputs[(*pair, a)]) * len(material.outputs[(*pair, b)])
            for pair in material.pairs
        )
        if not own:
            continue
        assert max(own) - min(own) <= 1
        assert max(own) <= asked["judges"] or len(own) == there
        most = max(sum(meeting(t) == (a, b) for t in votes_of(trials)) for trials in design)
        # No unit more than the judges, or one participant's list, make necessary.
        assert len(own) == min(there, max(most, -(-sum(own) // asked["judges"])))


@given(plans())
def test_contents_styles_and_modes_are_in_equally_many_units(plan):
    material, asked = plan
    units = {unit_of(t) for trials in make_design(material, **asked) for t in votes_of(trials)}
    contents = len({content for content, _ in material.pairs})
    styles = len({style for _, style in material.pairs})
    groups = [units] + [
        {unit for unit in units if {unit[2].method, unit[3].method} == set(two)}
        for two in combinations(material.methods, 2)
    ]
    for group in groups:
        assert spread((unit[0] for unit in group), contents) <= 1
        assert spread((unit[1] for unit in group), styles) <= 1
    for method in material.methods:
        shown = [side.mode for unit in units for side in unit[2:] if side.method == method]
        assert spread(shown, len(material.outputs[(*material.pairs[0], method)])) <= 1


@given(plans())
def test_sides_are_even(plan):
    material, asked = plan
    votes = [t for trials in make_design(material, **asked) for t in votes_of(trials)]
    first_left = Counter((unit_of(t), meeting(t)[0] == t.left.method) for t in votes)
    for unit in {unit_of(t) for t in votes}:
        assert abs(first_left[unit, True] - first_left[unit, False]) <= 1
    for two in combinations(material.methods, 2):
        lefts = [meeting(t)[0] == t.left.method for t in votes if meeting(t) == two]
        assert abs(2 * sum(lefts) - len(lefts)) <= 1
    for method in material.methods:
        left = sum(t.left.method == method for t in votes)
        right = sum(t.right.method == method for t in votes)
        assert abs(left - right) <= 2


def test_odd_votes_go_to_the_left_of_every_method_in_turn():
    """One vote per two methods: of five votes each method is on the left in two or three."""
    found = balance(make_design(stimuli(6, 4, 4), **{**PUBLISHED, "participants": 1, "trials": 15,
                                                     "judges": 1}))  # fmt: skip
    assert found.methods["votes"].tolist() == [5] * 6
    assert set(found.methods["left"]) == {0.4, 0.6}


@given(st.integers(1, 6), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_places_that_change_units_have_no_judge_in_common(most, people, seed):
    judges = np.repeat(np.arange(people), most)
    units = max(most, len(judges) // 3)
    plan = Roster(judges, np.arange(units), np.zeros(units, dtype=np.int64), most)
    places = plan.apart(np.random.default_rng(seed))
    shown = [judge for place in places for judge in plan.judges_at(place)]
    assert len(places) >= 1
    assert len(set(shown)) == len(shown)


@given(plans())
def test_everything_shown_is_there(plan):
    material, asked = plan
    for trial in (trial for trials in make_design(material, **asked) for trial in trials):
        assert (trial.content, trial.style) in material.pairs
        outputs = [side for side in (trial.left, trial.right) if side.source == "output"]
        for side in outputs:
            offered = material.outputs[trial.content, trial.style, side.method]
            assert side.mode in offered
        if trial.kind == "catch":
            assert len(outputs) == 1
            assert outputs[0] == (trial.left if trial.expected == "left" else trial.right)
        else:
            assert trial.expected == ""
            assert len({side.method for side in outputs}) == 2


def test_the_published_size_is_even():
    """30 people, 600 votes, 15 ways to choose two of six methods: 40 votes each."""
    design = make_design(stimuli(6, 15, 20, {0: 4}), **PUBLISHED)
    found = balance(design)
    assert found.votes == 600
    assert found.meetings["votes"].tolist() == [40] * 15
    assert found.meetings["left"].tolist() == [0.5] * 15
    assert found.methods["left"].tolist() == [0.5] * 6
    # 40 votes are 12 units of three judges and 2 of two.
    assert found.judges.to_numpy().tolist() == [[2, 30], [3, 180]]
    assert found.contents["votes"].between(39, 41).all()
    assert found.styles["votes"].between(29, 31).all()
    assert len(found.contents) == 15
    assert len(found.styles) == 20
    assert found.efficiency == pytest.approx(1)
    assert {len(trials) for trials in design} == {27}
    assert [at for at, t in enumerate(design[0]) if t.kind == "catch"] == [8, 14, 20]


def test_a_participant_sees_pictures_far_more_evenly_than_by_chance():
    """A shuffled plan keeps every count over the study, and loses those in a list."""

    def above_the_least(lists: Iterable[list[str]], there: int) -> float:
        squares = [sum(n**2 for n in Counter(shown).values()) for shown in lists]
        every, more = divmod(20, there)
        return float(np.mean(squares)) - there * every**2 - more * (2 * every + 1)

    design = [votes_of(trials) for trials in make_design(stimuli(6, 15, 20), **PUBLISHED)]
    for there, lists in [
        (15, [[trial.content for trial in trials] for trials in design]),
        (20, [[trial.style for trial in trials] for trials in design]),
    ]:
        every = [name for shown in lists for name in shown]
        shuffled = np.random.default_rng(0).permutation(every).reshape(30, 20).tolist()
        assert above_the_least(lists, there) < 0.6 * above_the_least(shuffled, there)


def test_too_few_units_get_more_judges():
    """Two pairs of pictures and 3 ways to choose two methods are 6 units for 60 votes."""
    found = balance(make_design(stimuli(3, 1, 2), **{**PUBLISHED, "trials": 2}))
    assert found.judges.to_numpy().tolist() == [[10, 6]]


def test_nobody_is_asked_to_see_a_unit_twice():
    material = stimuli(3, 2, 3)
    design = make_design(material, **{**PUBLISHED, "trials": 18})
    assert all(len({unit_of(t) for t in votes_of(trials)}) == 18 for trials in design)
    with pytest.raises(UserError, match=r"19 trials .* 7 times .* only 6 .* at most 18 trials"):
        make_design(material, **{**PUBLISHED, "trials": 19})


def test_more_repeats_than_trials_and_lone_methods_are_refused():
    with pytest.raises(UserError, match="3 repeats of 2 trials"):
        make_design(stimuli(2, 3, 3), **{**PUBLISHED, "trials": 2, "repeats": 3})
    with pytest.raises(UserError, match="1 methods"):
        make_design(stimuli(1, 3, 3), **PUBLISHED)
    with pytest.raises(UserError, match="0 pairs"):
        make_design(stimuli(2, 0, 3), **PUBLISHED)


def test_with_one_judge_contents_and_styles_have_equal_votes():
    found = balance(make_design(stimuli(4, 7, 9), **{**PUBLISHED, "trials": 10, "judges": 1}))
    assert found.judges.to_numpy().tolist() == [[1, 300]]
    for counts in (found.contents["votes"], found.styles["votes"]):
        assert counts.max() - counts.min() <= 1


def test_an_incomplete_grid_is_nearly_even():
    """A run that was stopped: the last contents lack styles."""
    missing = {(i, j) for i in range(15) for j in range(20) if i * 20 + j >= 250}
    found = balance(make_design(stimuli(6, 15, 20, without=missing), **PUBLISHED))
    assert found.meetings["votes"].tolist() == [40] * 15
    assert len(found.contents) == 13
    # 600 votes on 13 contents are 46.2 each, on 20 styles 30 each.
    assert found.contents["votes"].between(44, 48).all()
    assert found.styles["votes"].between(28, 32).all()


def test_pairs_that_offer_different_modes():
    """One method gave a single output for half of the pairs, the other way round for the rest."""
    full = stimuli(2, 4, 4, {0: 3})
    outputs = {
        key: names[:1] if key[0] in ("c0", "c1") else names for key, names in full.outputs.items()
    }
    material = Stimuli(full.methods, outputs, full.pairs, full.strong)
    design = make_design(material, **{**PUBLISHED, "participants": 4, "trials": 32})
    for trials in design:
        assert {unit_of(t)[:2] for t in votes_of(trials)} == set(full.pairs)
        assert len({unit_of(t) for t in votes_of(trials)}) == 32  # 8 pairs of 1, 8 of 3
    with pytest.raises(UserError, match="at most 32 trials"):
        make_design(material, **{**PUBLISHED, "trials": 33})


def test_the_seed_decides():
    material = stimuli(4, 5, 5, {1: 3})
    design = make_design(material, **PUBLISHED)
    assert design == make_design(material, **PUBLISHED)
    assert design != make_design(material, **{**PUBLISHED, "seed": 1})


def test_the_plan_does_not_depend_on_the_order_of_hashes():
    code = (
        "from tests.studies.design.design_cases import digest, stimuli;"
        "print(digest(stimuli(4, 2, 3, {1: 3})))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "4242"},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert found == digest(stimuli(4, 2, 3, {1: 3}))


@pytest.mark.slow
def test_the_plan_of_a_thousand_participants_is_even():
    found = balance(make_design(stimuli(6, 15, 20, {0: 4}), **{**PUBLISHED, "participants": 1000}))
    assert found.votes == 20_000
    assert found.meetings["votes"].between(1333, 1334).all()
    assert found.meetings["left"].between(0.499, 0.501).all()
    assert found.efficiency == pytest.approx(1, abs=1e-4)


def test_hands_hold_the_methods_evenly():
    """Three meetings of six methods in one hand are one round: every method once."""
    counts = deal_meetings(50, 3, 6, np.random.default_rng(0))
    two = np.array(list(combinations(range(6), 2)))
    for hand in counts:
        assert sorted(two[hand > 0].ravel().tolist()) == list(range(6))


@given(st.integers(1, 12), st.integers(1, 12), st.data())
def test_the_diagonal_is_even_and_favours_the_first(rows, columns, data):
    size = data.draw(st.integers(0, rows * columns))
    places = list(zip(*(part.tolist() for part in diagonal(rows, columns, size)), strict=True))
    assert len(set(places)) == size
    for part, there in enumerate((rows, columns)):
        counts = Counter(place[part] for place in places)
        every, more = divmod(size, there)
        assert [counts[at] for at in range(there)] == [every + (at < more) for at in range(there)]
