"""The power of ratings, against known values, the power of two answers, and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import expit, logit
from scipy.stats import norm

from studies.analysis.cumulative_link import cumulative
from studies.analysis.ratings import rank_ratings, tally_ratings
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.raters import Raters, even_ratings
from studies.design.power import Assumptions
from studies.design.rating_power import (
    higher,
    least_difference,
    mark_shares,
    rating_power_of,
    rating_power_table,
)

CAREFUL = Assumptions()
#: Independent ratings of one pair of pictures.
ALONE = Assumptions(ties=0, dropout=0, correlation=0, pictures=0, contents=1, styles=1)


def test_many_independent_ratings_need_whiteheads_number():
    """n = 6 (1.96 + 0.84)² / (θ² (1 - Σ p³)), Whitehead (1993), equation 3."""
    found = least_difference(600, 600, 5, ALONE)
    shares = mark_shares(found, 5)
    needed = 6 * (norm.ppf(0.975) + norm.ppf(0.8)) ** 2 / found**2 / (1 - (shares**3).sum())
    assert needed == pytest.approx(600, rel=0.01)


def test_two_marks_are_a_comparison_of_two_shares():
    found = least_difference(800, 800, 2, ALONE)
    gap = expit(found / 2) - expit(-found / 2)
    error = gap / (norm.ppf(0.975) + norm.ppf(0.8))
    assert 2 * 0.25 / error**2 == pytest.approx(800, rel=0.03)


def test_how_often_one_is_rated_higher_is_that_of_logistic_variables():
    random = np.random.default_rng(0)
    for difference in (0.0, 0.5, 2.0):
        one, other = random.logistic(size=(2, 200_000))
        assert higher(difference) == pytest.approx(((one + difference) > other).mean(), abs=0.004)
    assert higher(1e-4) == pytest.approx(higher(1.1e-4), abs=1e-4)


@pytest.mark.parametrize(
    "worse",
    [{"dropout": 0.4}, {"correlation": 0.4}, {"pictures": 1.0}, {"contents": 5, "styles": 5}],
)
def test_whatever_makes_ratings_worth_less_costs_power(worse):
    worst = rating_power_of(100, 30, 0.9, 5, Assumptions(**worse))
    assert worst < rating_power_of(100, 30, 0.9, 5, CAREFUL) - 0.02


def test_the_table_finds_what_it_says_and_little_finds_nothing():
    table = rating_power_table(6, 600, 30, 5, CAREFUL)
    assert table["votes"].tolist() == [100] * 4
    assert table["level"].to_numpy() == pytest.approx([*[0.05 / 15] * 2, *[0.05] * 2])
    row = table.iloc[0]
    assert rating_power_of(100, 30, row["difference"], 5, CAREFUL, row["level"]) == pytest.approx(
        0.8, abs=1e-3
    )
    assert row["higher"] == pytest.approx(higher(row["difference"]))
    differences = table["difference"].to_numpy()
    assert (differences[::2] > differences[1::2]).all()
    assert rating_power_table(6, 12, 2, 5, CAREFUL)["difference"].isna().all()
    assert rating_power_of(600, 30, 1e-9, 5, CAREFUL) <= 0.05


@pytest.mark.slow
@pytest.mark.parametrize(
    ("trials", "pictures"), [(12, (15, 20)), (18, (5, 6))], ids=["15 x 20", "5 x 6"]
)
def test_power_is_what_the_analysis_finds_in_simulated_ratings(trials, pictures):
    """Three methods, analysed as the report does; the plan says 80 %."""
    given = Assumptions(contents=pictures[0], styles=pictures[1])
    wanted = least_difference(10 * trials, 30, 5, given)
    spread = np.sqrt(given.correlation / (1 - given.correlation) * np.pi**2 / 3)

    def raters(apart: float) -> Raters:
        strengths = {"a": apart / 2, "b": 0.0, "c": -apart / 2}
        thresholds = tuple(logit(np.arange(1, 5) / 5))
        return Raters(strengths, thresholds, 0.5, float(spread), given.pictures)

    def gap(apart: float) -> float:
        strengths = cumulative(raters(apart).chances("abc"), 1e-12).methods
        return float(strengths[0] - strengths[1])

    population = raters(brentq(lambda apart: gap(apart) - wanted, 0, 20))
    found = []
    for seed in range(100):
        votes, _ = simulate(even_ratings("abc", 30, trials, seed, pictures), population, seed)
        left = np.random.default_rng(seed).random(30) < given.dropout
        votes = votes[~left[votes["slot"]]]
        first = rank_ratings(tally_ratings(votes, tuple("abc"), 5), draws=2).pairs.iloc[0]
        found.append(first["low"] > 0)
    assert np.mean(found) == pytest.approx(0.8, abs=0.12)
