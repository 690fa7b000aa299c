"""The order of a participant's list: practice, catch trials, repeats, and contents in turn."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given

from studies.design.balance import unit_of
from studies.design.comparisons import Unit
from studies.design.design import make_design
from studies.design.order import arrange, layout
from studies.design.pool import Pool
from studies.design.trial import Side, Stimuli
from tests.studies.design.design_cases import PUBLISHED, plans, stimuli, votes_of


@given(plans())
def test_lists_are_in_order(plan):
    material, asked = plan
    for trials in make_design(material, **asked):
        kinds = [trial.kind for trial in trials]
        practice, body = asked["practice"], kinds[asked["practice"] :]
        assert kinds[:practice] == ["practice"] * practice
        assert (
            Counter(body)
            == Counter(
                {"vote": asked["trials"], "repeat": asked["repeats"], "catch": asked["catches"]}
            )
            - Counter()
        )
        assert body[0] == "vote"
        originals = [trial.repeats for trial in trials if trial.kind == "repeat"]
        assert len(set(originals)) == len(originals)
        for at, trial in enumerate(trials):
            assert (trial.repeats is None) == (trial.kind != "repeat")
            if trial.repeats is not None:
                original = trials[trial.repeats]
                assert original.kind == "vote"
                assert (trial.content, trial.style) == (original.content, original.style)
                assert (trial.left, trial.right) == (original.right, original.left)
                if asked["trials"] > 1:
                    assert at - trial.repeats >= max(2, len(body) / 3)


@given(plans())
def test_catch_trials_are_half_noise_and_on_both_sides(plan):
    material, asked = plan
    lists = [[t for t in trials if t.kind == "catch"] for trials in make_design(material, **asked)]
    for trials in [*lists, [trial for caught in lists for trial in caught]]:
        lefts = sum(trial.expected == "left" for trial in trials)
        assert abs(2 * lefts - len(trials)) <= 1
    for trials in lists:
        others = [({t.left.source, t.right.source} - {"output"}).pop() for t in trials]
        assert others.count("noise") == -(-asked["catches"] // 2)
        for trial in trials:
            if "content" in (trial.left.source, trial.right.source):
                strong = material.strong[trial.content, trial.style]
                assert Side("output", *strong) in (trial.left, trial.right)


def test_without_strong_outputs_all_catch_trials_are_noise():
    design = make_design(stimuli(3, 3, 3, strong=False), **{**PUBLISHED, "trials": 10})
    caught = [trial for trials in design for trial in trials if trial.kind == "catch"]
    assert len(caught) == 90
    assert all("noise" in (trial.left.source, trial.right.source) for trial in caught)


def test_strong_outputs_of_some_pairs_are_enough():
    material = stimuli(3, 3, 3)
    one = material.pairs[4]
    some = Stimuli(material.methods, material.outputs, material.pairs, {one: ("m1", "k0")})
    design = make_design(some, **{**PUBLISHED, "trials": 10, "catches": 4})
    against = [t for trials in design for t in trials if t.left.source == "content"]
    assert against
    assert {(trial.content, trial.style) for trial in against} == {one}


def test_no_content_comes_twice_in_a_row_where_there_are_three():
    many = {**PUBLISHED, "catches": 15, "repeats": 10}
    for contents, asked in [(15, PUBLISHED), (3, PUBLISHED), (3, many)]:
        for trials in make_design(stimuli(6, contents, 5), **asked):
            assert all(a.content != b.content for a, b in pairwise(trials))


def test_two_contents_take_turns():
    design = make_design(stimuli(6, 2, 3), **PUBLISHED)
    again = [a.content == b.content for trials in design for a, b in pairwise(trials)]
    assert sum(again) <= len(design) / 5


def test_a_frequent_content_comes_every_other_time():
    """15 of 29: only the orders that begin with it and alternate keep it apart."""
    material = stimuli(2, 6, 15)
    shown = [("c0", f"s{at}") for at in range(15)] + [(f"c{1 + at % 5}", "s0") for at in range(14)]
    units = [Unit(*pair, ("m0", "m1"), ("k0", "k0")) for pair in shown]
    for seed in range(20):
        pool = Pool(material, np.random.default_rng(seed))
        trials = arrange([(unit, (0, 1)) for unit in units], 0, 0, [], pool)
        assert [trial.content for trial in trials[::2]] == ["c0"] * 15


def test_practice_shows_other_contents_and_nothing_that_counts_later():
    material = stimuli(3, 4, 4)
    design = make_design(material, **{**PUBLISHED, "practice": 4, "trials": 36})
    for trials in design:
        practice = trials[:4]
        assert len({trial.content for trial in practice}) == 4
        # 36 of 48 units count, so a draw alone would often hit one of them.
        assert not {unit_of(t) for t in practice} & {unit_of(t) for t in votes_of(trials)}


def test_practice_repeats_units_only_where_all_are_used():
    design = make_design(stimuli(3, 2, 2), **{**PUBLISHED, "trials": 12, "repeats": 0})
    for trials in design:
        assert {unit_of(t) for t in trials[:2]} <= {unit_of(t) for t in votes_of(trials)}


def test_the_layout_by_hand():
    assert "".join(kind[0] for kind in layout(6, 2, 2)) == "vvvcvvcrvr"
    assert layout(1, 1, 1) == ["vote", "catch", "repeat"]
    assert layout(1, 0, 3) == ["vote", "catch", "catch", "catch"]
