"""Adaptive pairs: what a vote is expected to tell, what is left open, and what is chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from dfr.core.errors import UserError
from studies.design.adaptive import (
    CAUTION,
    SoFar,
    choose_pair,
    expected_gains,
    gains_at,
    open_pairs,
    unit_shown,
)
from studies.design.adaptive_power import people_needed
from studies.design.balance import unit_of
from studies.design.davidson import Strengths, davidson
from studies.design.design import make_design
from studies.design.study import Study, read_study
from studies.design.trial import Side
from tests.studies.design.design_cases import PUBLISHED, stimuli, votes_of

MATERIAL = stimuli(4, 3, 4, {0: 2})
NOTHING = SoFar(np.zeros((4, 4)), {})


def counts(size: int, votes: float) -> np.ndarray:
    return votes * (1 - np.eye(size))


def test_a_gain_is_what_a_vote_takes_off_the_variance():
    """Against the definition: the Hessian of the log-likelihood by differences, inverted."""
    strengths, votes = np.array([1.2, 0.1, -0.4, -0.9]), counts(4, 11.0)
    votes[0, 2] = votes[2, 0] = 3.0
    tie = -0.7

    def information(votes: np.ndarray) -> np.ndarray:
        """Return the expected information on the first three strengths and log ν."""
        found = np.zeros((4, 4))
        for i in range(4):
            for j in range(i):
                free = np.append(strengths[:3], tie)

                def chances(at: np.ndarray, i: int = i, j: int = j) -> np.ndarray:
                    theta = np.append(at[:3], -at[:3].sum())
                    told = np.exp([theta[i], theta[j], at[3] + (theta[i] + theta[j]) / 2])
                    return told / told.sum()

                slopes = np.array(
                    [
                        (chances(free + step) - chances(free - step)) / 2e-6
                        for step in 1e-6 * np.eye(4)
                    ]
                )
                found += votes[i, j] * (slopes / chances(free)) @ slopes.T
        return found

    def summed(votes: np.ndarray) -> float:
        spread = np.linalg.inv(information(votes))[:3, :3]
        return float(np.trace(spread) + spread.sum())  # the fourth is minus the sum of the others

    found = gains_at(Strengths(strengths - strengths.mean(), np.asarray(tie)), votes)
    base = votes + 3 * CAUTION * (1 - np.eye(4))
    for i, j in ((0, 1), (0, 3), (1, 2), (0, 2)):
        more = base.copy()
        more[i, j] += 1
        more[j, i] += 1
        assert found[i, j] == pytest.approx(summed(base) - summed(more), rel=1e-5)
        assert found[j, i] == found[i, j]
    assert (np.diagonal(found) == 0).all()


def test_who_met_least_and_who_are_near_each_other_tell_most():
    ties = counts(4, 4.0)
    wins = counts(4, 10.0)
    wins[0, 1] = wins[1, 0] = 1.0
    gains = expected_gains(wins[None], ties[None], np.zeros((4, 4)))
    assert np.unravel_index(gains.argmax(), gains.shape) == (0, 1)
    # What is given out already tells as much less as if it had been answered.
    waiting = np.zeros((4, 4))
    waiting[0, 1] = waiting[1, 0] = 50.0
    gains = expected_gains(wins[None], ties[None], waiting)
    assert gains[0, 1] == gains[np.triu_indices(4, 1)].min()
    # Of methods in a row, neighbours; two questions add up.
    row = np.array([[0, 15, 19, 20], [5, 0, 15, 19], [1, 5, 0, 15], [0, 1, 5, 0]], dtype=float)
    one = expected_gains(row[None], ties[None], np.zeros((4, 4)))
    assert one[0, 1] > one[0, 2] > one[0, 3]
    both = expected_gains(np.stack([row, row]), np.stack([ties, ties]), np.zeros((4, 4)))
    np.testing.assert_allclose(both, 2 * one)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.9])
def test_the_planned_share_holds_for_everybody_and_is_even(share: float):
    planned = {**PUBLISHED, "participants": 12}
    plan = make_design(MATERIAL, **planned)
    found = make_design(MATERIAL, **planned, random_share=share)
    assert found == open_pairs(plan, share, 0)
    kept = []
    for before, trials in zip(plan, found, strict=True):
        assert [replace(trial, pair="planned") for trial in trials] == before
        votes = votes_of(trials)
        own = [trial for trial in votes if trial.pair == "planned"]
        assert abs(len(own) - share * len(votes)) <= 1
        kept += own
        for trial in trials:
            if trial.kind == "repeat":
                assert trial.pair == trials[trial.repeats].pair
            elif trial.kind != "vote":
                assert trial.pair == "planned"
    assert len(kept) == round(share * 12 * 20)
    # Judges of one comparison stay together, or agreement could not be told.
    if share < 0.5:
        judges = Counter(unit_of(trial) for trial in kept)
        assert np.mean(list(judges.values())) > 1.5


def test_the_best_pair_is_taken_that_was_not_seen_on_these_pictures():
    trial = next(
        trial for row in make_design(MATERIAL, **PUBLISHED, random_share=0.1) for trial in row
        if trial.pair == "open" and trial.kind == "vote"
    )  # fmt: skip
    gains = np.zeros((4, 4))
    gains[1, 2] = gains[2, 1] = 2.0
    gains[0, 3] = gains[3, 0] = 1.0
    random = np.random.default_rng(0)
    first = choose_pair(trial, [], gains, NOTHING, MATERIAL, random)
    assert {first.left.method, first.right.method} == {"m1", "m2"}
    assert (first.content, first.style, first.pair) == (trial.content, trial.style, "adaptive")
    seen = [unit_shown(first, MATERIAL.methods)]
    second = choose_pair(trial, seen, gains, NOTHING, MATERIAL, random)
    assert {second.left.method, second.right.method} == {"m0", "m3"}
    # Of its outputs, the one that was shown less; and the method that stood less on the left.
    used = replace(NOTHING, modes={("m0", "k0"): 5, ("m0", "k1"): 4})
    third = choose_pair(trial, seen, gains, used, MATERIAL, random)
    assert Side("output", "m0", "k1") in (third.left, third.right)
    lefts = np.zeros((4, 4))
    lefts[1, 2] = 1
    assert choose_pair(trial, [], gains, SoFar(lefts, {}), MATERIAL, random).left.method == "m2"
    lefts[2, 1] = lefts[2, 3] = 1  # evenly of the two, but the other was more on the left of others
    assert choose_pair(trial, [], gains, SoFar(lefts, {}), MATERIAL, random).left.method == "m1"


def test_strengths_that_are_far_apart_need_fewer_people():
    found = people_needed(6, 100, 20, 0.25, 0.15)["people"].tolist()
    assert found[0] == 100
    assert found == sorted(found, reverse=True)
    assert 70 < found[-1] < 95
    # A larger planned share leaves less to choose.
    assert people_needed(6, 100, 20, 0.9, 0.15)["people"].iloc[-1] > found[-1]


def test_adaptive_ratings_are_refused_in_one_line(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text('name = "s"\ntask = "rating"\nadaptive = true\n')
    with pytest.raises(UserError, match=r"adaptive: is for pairs alone.*rating") as told:
        read_study(file)
    assert "\n" not in str(told.value)
    file.write_text('name = "s"\nadaptive = true\nrandom_share = 0.05\n')
    with pytest.raises(UserError, match="random_share"):
        read_study(file)
    assert Study(name="s", adaptive=True).design_settings["random_share"] == 0.25
    assert Study(name="s").design_settings["random_share"] == 1


def test_a_start_of_three_votes_decides_nothing():
    wins = np.zeros((4, 4))
    wins[0, 1:] = 1.0
    assert np.ptp(davidson(wins, np.zeros((4, 4)), CAUTION).methods) < 1.5
    gains = expected_gains(wins[None], np.zeros((1, 4, 4)), np.zeros((4, 4)))
    assert gains[np.triu_indices(4, 1)].min() > 0.4 * gains.max()
