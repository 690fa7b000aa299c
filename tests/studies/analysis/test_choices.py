"""Strengths from choices of several and from orders: against choix, by hand, and by simulation."""

from __future__ import annotations

from itertools import permutations

import choix
import numpy as np
import pandas as pd
import pytest

from studies.analysis.choices import (
    by_picture,
    influences,
    rank_choices,
    strengths_among,
    tally_choices,
)
from studies.analysis.plackett_luce import (
    chances_of,
    derivatives,
    finite,
    plackett_luce,
    wins_of,
)
from studies.analysis.simulated.choosers import Choosers, even_choices
from studies.analysis.simulated.people import simulate
from studies.analysis.strengths import davidson
from studies.design.several import vote_worth

METHODS = ("a", "b", "c", "d", "e")
STRENGTHS = dict(zip(METHODS, (1.0, 0.4, 0.0, -0.4, -1.0), strict=True))


def votes_of(whole: bool, seed: int = 1, people: int = 24, trials: int = 16) -> pd.DataFrame:
    design = even_choices(METHODS, people, trials, 4, seed, (4, 5))
    return simulate(design, Choosers(STRENGTHS, whole, spread=0.4, pictures=0.4), seed)[0]


def test_strengths_are_those_of_choix():
    choices = tally_choices(votes_of(True, people=5), METHODS, 4, whole=True)
    ours = plackett_luce(choices.orders, 3, 5, prior=1e-9)
    theirs = choix.opt_rankings(5, choices.orders.tolist(), alpha=1e-9, tol=1e-10)
    np.testing.assert_allclose(ours, theirs - theirs.mean(), atol=1e-5)
    choices = tally_choices(votes_of(False, people=6), METHODS, 4, whole=False)
    ours = plackett_luce(choices.orders, 1, 5, prior=1e-9)
    rows = [(order[0], order[1:]) for order in choices.orders.tolist()]
    theirs = choix.opt_top1(5, rows, alpha=1e-9, tol=1e-10)
    np.testing.assert_allclose(ours, theirs - theirs.mean(), atol=1e-5)


def test_two_pictures_are_bradley_terry_without_and_with_the_imaginary_votes():
    orders = np.array([[0, 1]] * 7 + [[1, 0]] * 4 + [[1, 2]] * 5 + [[2, 1]] * 6 + [[0, 2]] * 3)
    wins = wins_of(orders, 1, 3)
    assert wins.tolist() == [[0, 7, 3], [4, 0, 5], [0, 6, 0]]
    for prior in (0.1, 2.0):
        # Davidson's imaginary ties are as many as its wins; without any, the others stay.
        ours = plackett_luce(orders, 1, 3, prior=prior)
        theirs = davidson(wins + prior - 1e-6, np.full((3, 3), 0.0), 1e-6).methods
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_derivatives_are_those_of_the_log_chances():
    orders = np.array([[0, 2, 1], [3, 1, 0], [2, 3, 1]])
    at, step, weights = np.array([0.5, -0.2, 0.1, -0.4]), 1e-6, np.array([1.0, 2.0, 0.5])
    for stages in (1, 2):
        scores, information = derivatives(orders, stages, at, weights, 1e-12)
        both = [
            [np.log(chances_of(at + way * step * unit, orders, stages)) for way in (1, -1)]
            for unit in np.eye(4)
        ]
        slope = np.array([(up - down) / 2 / step for up, down in both]).T
        np.testing.assert_allclose(scores, slope, atol=1e-8)
        bend = [
            weights @ (derivatives(orders, stages, at + step * unit, weights)[0] - scores) / step
            for unit in np.eye(4)
        ]
        np.testing.assert_allclose(information, 1 - np.array(bend), atol=1e-4)


def test_chances_of_all_orders_add_up_and_a_choice_is_the_sum_of_its_orders():
    orders = np.array(list(permutations(range(4))))
    strengths = np.array([0.7, -0.1, 0.2, -0.8])
    whole = chances_of(strengths, orders, 3)
    assert whole.sum() == pytest.approx(1)
    first = np.exp(strengths) / np.exp(strengths).sum()
    np.testing.assert_allclose([whole[orders[:, 0] == i].sum() for i in range(4)], first)


@pytest.mark.parametrize("whole", [False, True])
def test_a_vote_moves_the_strengths_as_its_influence_says(whole: bool):
    choices = tally_choices(votes_of(whole), METHODS, 4, whole)
    inside = np.arange(5)
    found = strengths_among(choices, inside)
    moved = influences(choices, inside, found)
    np.testing.assert_allclose(moved.sum(axis=1), 0, atol=1e-12)
    for number in (0, 7, 100):
        rest = np.delete(choices.orders, number, axis=0)
        change = found - plackett_luce(rest, choices.stages, 5)
        np.testing.assert_allclose(moved[number], change, atol=4e-4)


@pytest.mark.parametrize(
    ("orders", "stages", "is_finite"),
    [
        ([[0, 1, 2], [2, 1, 0]], 2, True),
        ([[0, 1, 2], [1, 0, 2]], 2, False),  # 2 is always the last
        ([[0, 1, 2], [1, 2, 0]], 1, False),  # 2 is never chosen
        ([[0, 1, 2], [1, 2, 0], [2, 0, 1]], 1, True),
        ([[0, 1], [1, 0], [2, 3], [3, 2]], 1, False),  # two groups that never met
    ],
)
def test_it_is_known_where_the_votes_alone_give_no_finite_strengths(orders, stages, is_finite):
    orders = np.array(orders)
    size = orders.max() + 1
    assert finite(wins_of(orders, stages, size)) == is_finite
    small, smaller = (
        np.ptp(plackett_luce(orders, stages, size, prior=prior)) for prior in (1e-2, 1e-4)
    )
    never_met = size == 4
    assert (abs(smaller - small) < 0.5) == (is_finite or never_met)


@pytest.mark.parametrize(("pictures", "stages"), [(2, 1), (4, 1), (6, 1), (3, 2), (5, 4)])
def test_an_answer_is_worth_so_many_votes_by_its_information(pictures: int, stages: int):
    design = even_choices((*METHODS, "f"), 30, 20, pictures)
    numbers = [[("abcdef").index(side.method) for side in t.sides] for ts in design for t in ts]
    votes = np.ones(600)
    theirs = derivatives(np.array(numbers), stages, np.zeros(6), votes, 1e-12)[1] - 1
    # A vote on two pictures has the information 1/4 on them: trace 1/2.
    assert np.trace(theirs) / 600 * 2 == pytest.approx(vote_worth(pictures, stages))


def test_a_row_per_picture_tells_its_rank():
    votes = pd.concat([votes_of(True, people=1, trials=2), votes_of(False, people=1, trials=1)])
    votes["answer"] = ["CABD", "DCBA", "B"]
    each = by_picture(votes)
    assert each["place"].tolist() == list("ABCD") * 3
    ranks = [2, 3, 1, 4, 4, 3, 2, 1, np.nan, 1, np.nan, np.nan]
    np.testing.assert_array_equal(each["rank"], ranks)
    assert (each["method"].iloc[:4] == votes["left_method"].iloc[0]).sum() == 1


@pytest.mark.parametrize("whole", [False, True])
def test_intervals_hold_the_truth_in_most_of_a_few_studies(whole: bool):
    """Many studies, and how often: tests/benchmarks/test_choice_coverage.py."""
    truth = Choosers(STRENGTHS, whole, spread=0.4, pictures=0.4).truth(4)
    held = []
    for seed in range(4):
        table = rank_choices(tally_choices(votes_of(whole, seed), METHODS, 4, whole), draws=2).table
        held.append((table["low"] <= truth.strengths) & (truth.strengths <= table["high"]))
        held.append((table["first_low"] <= truth.first) & (truth.first <= table["first_high"]))
        if whole:
            held.append((table["place_low"] <= truth.place) & (truth.place <= table["place_high"]))
    assert np.mean(held) >= 0.85


def test_the_truth_of_people_who_are_alike_is_their_strength():
    for whole in (False, True):
        truth = Choosers(STRENGTHS, whole).truth(3)
        np.testing.assert_allclose(truth.strengths, list(STRENGTHS.values()), atol=1e-6)
        assert truth.place.mean() == pytest.approx(2)
        assert truth.first.mean() == pytest.approx(1 / 3)
    blind = Choosers(STRENGTHS, True, lapse=1.0).truth(3)
    np.testing.assert_allclose(blind.strengths, 0, atol=1e-9)


def test_chances_are_those_of_simulated_people():
    people = Choosers(STRENGTHS, True, spread=0.5, pictures=0.5, lapse=0.1)
    votes, _ = simulate(even_choices(METHODS, 2500, 1, 3, 1, (100, 100)), people, 2)
    table = rank_choices(tally_choices(votes, METHODS, 3, True), draws=2).table
    truth = people.truth(3)
    # 1500 votes on a method and 100 styles: its share is known to within 0.015, its place 0.025.
    np.testing.assert_allclose(table["first"], truth.first, atol=0.06)
    np.testing.assert_allclose(table["place"], truth.place, atol=0.1)
