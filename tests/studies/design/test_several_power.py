"""The power of choices and rankings, against their likelihood, that of pairs, and simulation."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit

from studies.analysis.choices import rank_choices, tally_choices
from studies.analysis.plackett_luce import chances_of, derivatives
from studies.analysis.simulated.choosers import Choosers, even_choices
from studies.analysis.simulated.people import simulate
from studies.design.power import INDEPENDENT, Assumptions, least_preference
from studies.design.precision import strength_width
from studies.design.several_power import (
    blurred,
    information,
    least_several_difference,
    several_power_of,
    several_power_table,
    several_width,
)

CAREFUL = Assumptions(ties=0)
#: 600 answers of 30 people, six methods, of which four are shown.
CHOICES, RANKINGS = (600, 30, 6, 4, 1), (600, 30, 6, 4, 3)


@pytest.mark.parametrize("stages", [1, 2])
def test_information_is_that_of_the_likelihood_with_all_others_as_one(stages: int):
    methods, shown = 5, 3
    strengths = np.array([0.4, -0.4, 0, 0, 0])
    orders = np.array(
        [order for few in combinations(range(methods), shown) for order in permutations(few)]
    )
    chances = chances_of(strengths, orders, shown - 1) / 10  # of ten sets
    every = derivatives(orders, stages, strengths, chances, 1e-12)[1] - 1
    together = np.zeros((methods, 3))
    together[range(methods), [0, 1, 2, 2, 2]] = 1
    ours = information(0.8, methods, shown, stages)
    np.testing.assert_allclose(ours, together.T @ every @ together, atol=1e-9)
    one, other = np.array([1.0, -1, 0, 0, 0]), np.array([1.0, -1, 0])
    assert other @ np.linalg.pinv(ours) @ other == pytest.approx(one @ np.linalg.pinv(every) @ one)


@pytest.mark.parametrize("given", [CAREFUL, INDEPENDENT], ids=["careful", "independent"])
def test_two_pictures_of_two_methods_are_votes_on_pairs(given: Assumptions):
    ours = expit(least_several_difference(200, 30, 2, 2, 1, given))
    # The test of a share takes its variance where all are equal, that of strengths where they are.
    assert ours == pytest.approx(least_preference(200, 30, given), abs=0.01)
    width = several_width(200, 30, 6, 2, 1, given)
    # There, half of the correlations counts for any number of methods; here, 6 / 10 for six.
    assert width == pytest.approx(strength_width(6, 200, 30, given), rel=0.02)


@pytest.mark.parametrize(
    "worse",
    [{"dropout": 0.4}, {"correlation": 0.4}, {"pictures": 1.0}, {"contents": 5, "styles": 5}],
)
@pytest.mark.parametrize("size", [CHOICES, RANKINGS], ids=["choices", "rankings"])
def test_whatever_makes_answers_worth_less_costs_power(size, worse):
    worst = several_power_of(*size, 0.6, Assumptions(ties=0, **worse))
    assert worst < several_power_of(*size, 0.6, CAREFUL) - 0.02


def test_people_and_pictures_blur_each_other_only_where_both_differ():
    assert blurred(INDEPENDENT) == (1, 1)
    assert blurred(Assumptions(correlation=0.1, pictures=0)) == (1, 1)
    people, pictures = blurred(CAREFUL)
    assert 0.8 < people < pictures < 1
    more = blurred(Assumptions(pictures=1.0))
    assert more[0] < people
    assert more[1] > pictures


def test_the_table_finds_what_it_says_and_little_finds_nothing():
    table = several_power_table(6, 600, 30, 4, 3, CAREFUL)
    assert table["votes"].tolist() == [400] * 4
    assert table["level"].to_numpy() == pytest.approx([*[0.05 / 15] * 2, *[0.05] * 2])
    row = table.iloc[0]
    power = several_power_of(*RANKINGS, row["difference"], CAREFUL, row["level"])
    assert power == pytest.approx(0.8, abs=1e-3)
    assert row["preference"] == pytest.approx(expit(row["difference"]))
    differences = table["difference"].to_numpy()
    assert (differences[::2] > differences[1::2]).all()
    # A whole order tells more than its first place.
    assert (several_power_table(6, 600, 30, 4, 1, CAREFUL)["difference"] > differences).all()
    assert several_power_table(6, 12, 2, 4, 1, CAREFUL)["difference"].isna().all()
    assert several_power_of(*RANKINGS, 1e-9, CAREFUL) <= 0.05


@pytest.mark.parametrize("whole", [False, True], ids=["choices", "rankings"])
def test_intervals_are_about_as_wide_as_the_plan_says(whole: bool):
    people = Choosers(dict.fromkeys("abcdef", 0.0), whole, spread=0.5, pictures=0.5)
    votes, _ = simulate(even_choices("abcdef", 27, 20, 4, 1, (15, 20)), people, 1)
    table = rank_choices(tally_choices(votes, tuple("abcdef"), 4, whole), draws=2).table
    plan = several_width(*(RANKINGS if whole else CHOICES), CAREFUL)
    assert (table["high"] - table["low"]).mean() == pytest.approx(plan, rel=0.2)


@pytest.mark.slow
@pytest.mark.parametrize("size", [CHOICES, RANKINGS], ids=["choices", "rankings"])
@pytest.mark.parametrize("pictures", [(15, 20), (5, 6)], ids=["15 x 20", "5 x 6"])
def test_power_is_what_the_analysis_finds_in_simulated_answers(size, pictures):
    """All methods compared with each other, as the report does; the plan says 80 %."""
    answers, participants, methods, shown, stages = size
    given = Assumptions(ties=0, contents=pictures[0], styles=pictures[1])
    comparisons = methods * (methods - 1) // 2
    wanted = least_several_difference(*size, given, level=0.05 / comparisons)
    names = tuple("abcdef")

    def people(apart: float) -> Choosers:
        strengths = dict.fromkeys(names, 0.0) | {"a": apart / 2, "b": -apart / 2}
        return Choosers(strengths, stages > 1, spread=0.5, pictures=given.pictures)

    def gap(apart: float) -> float:
        strengths = people(apart).truth(shown).strengths
        return float(strengths[0] - strengths[1])

    population = people(brentq(lambda apart: gap(apart) - wanted, 0, 5, xtol=1e-3))
    found = []
    for seed in range(100):
        design = even_choices(names, participants, answers // participants, shown, seed, pictures)
        votes, _ = simulate(design, population, seed)
        left = np.random.default_rng(seed).random(participants) < given.dropout
        tallied = tally_choices(votes[~left[votes["slot"]]], names, shown, stages > 1)
        found.append(rank_choices(tallied, draws=2).pairs.iloc[0]["apart"])
    assert np.mean(found) == pytest.approx(0.8, abs=0.12)
