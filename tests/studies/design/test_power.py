"""The power of a study, against independent calculations, simulation and known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dfr.core.errors import UserError
from studies.design.power import (
    design_effect,
    exact_power,
    least_preference,
    power_table,
    votes_needed,
)


def power_by_enumeration(n: int, preference: float, level: float) -> float:
    """Sum the probability of every outcome that scipy's own exact test rejects."""
    return sum(
        stats.binom.pmf(k, n, preference)
        for k in range(n + 1)
        if stats.binomtest(k, n, 0.5).pvalue <= level
    )


@pytest.mark.parametrize("level", [0.05, 0.05 / 15, 0.2])
@pytest.mark.parametrize("preference", [0.5, 0.63, 0.9, 1.0])
def test_power_is_that_of_scipys_test(level, preference):
    for n in (0, 1, 5, 6, 17, 40, 41, 101):
        known = power_by_enumeration(n, preference, level) if n else 0.0
        assert exact_power(n, preference, level) == pytest.approx(known, abs=1e-12), n


def test_power_by_hand():
    """Six votes reject at 5 % only if all agree: 2 / 64 = 0.031, and five against one is 0.22."""
    assert exact_power(6, 0.5) == pytest.approx(2 / 64)
    assert exact_power(6, 0.9) == pytest.approx(0.9**6 + 0.1**6)
    assert exact_power(5, 1.0) == 0  # 2 / 32 is more than 5 %
    assert exact_power(np.array([5, 6]), 1.0).tolist() == [0.0, 1.0]


def test_power_against_simulation():
    votes = np.random.default_rng(0).binomial(60, 0.67, size=4000)
    p_values = {k: stats.binomtest(int(k), 60).pvalue for k in np.unique(votes)}
    found = np.mean([p_values[k] <= 0.05 for k in votes])
    assert exact_power(60, 0.67) == pytest.approx(found, abs=4 * np.sqrt(0.25 / 4000))


@given(st.integers(1, 3000), st.floats(0.5, 1), st.floats(0.5, 1), st.floats(0.001, 0.3))
def test_power_grows_with_the_preference_and_keeps_the_level(n, one, other, level):
    low, high = sorted((one, other))
    assert exact_power(n, low, level) <= exact_power(n, high, level) + 1e-12
    assert exact_power(n, 0.5, level) <= level + 1e-12
    assert exact_power(n, low, level) == pytest.approx(exact_power(n, 1 - low, level))


@given(st.integers(1, 2000), st.sampled_from([0.5, 0.8, 0.95]), st.sampled_from([0.05, 0.003]))
def test_the_least_preference_just_reaches_the_power(n, power, level):
    p = least_preference(n, power=power, level=level)
    if np.isnan(p):
        assert 2 * 0.5**n > level
    else:
        assert exact_power(n, p, level) == pytest.approx(power, abs=1e-6)
        assert exact_power(n, p - 1e-4, level) < power


def test_what_600_votes_find():
    """The normal approximation says 0.5 + (1.96 + 0.84) / (2 sqrt(600)) = 0.5572."""
    assert least_preference(600) == pytest.approx(0.557, abs=0.001)
    assert least_preference(600) < least_preference(600, power=0.9) < least_preference(400)


def test_votes_needed_is_safe_from_the_teeth():
    for preference, power in [(0.6, 0.8), (0.75, 0.8), (0.75, 0.9), (0.95, 0.8)]:
        n = votes_needed(preference, power=power)
        after = exact_power(np.arange(n, 4 * n), preference)
        assert after.min() >= power
        assert exact_power(n - 1, preference) < power
        first = int(np.argmax(exact_power(np.arange(1, n + 1), preference) >= power)) + 1
        assert first <= n
    # The teeth are real: 199 votes already reach 80 % for 0.6, and 209 do not.
    assert exact_power(199, 0.6) > 0.8 > exact_power(209, 0.6)
    assert votes_needed(0.6) == 210


def test_votes_needed_near_the_normal_approximation():
    """With Fleiss's correction for whole numbers, which adds 1 / |p - 0.5|."""
    about = ((stats.norm.isf(0.025) + stats.norm.isf(0.2)) / (2 * 0.02)) ** 2 + 1 / 0.02
    assert votes_needed(0.52) == pytest.approx(about, rel=0.01)
    assert votes_needed(0.48) == votes_needed(0.52)
    assert votes_needed(1.0) == 6


@pytest.mark.parametrize("power", [0.051, 0.055, 0.1])
def test_votes_needed_looks_far_enough_for_a_power_next_to_the_level(power):
    """There the teeth are as large as what is sought, and the normal approximation is far off."""
    n = votes_needed(0.51, power=power)
    assert exact_power(np.arange(n, 20 * n), 0.51).min() >= power
    assert exact_power(n - 1, 0.51) < power


def test_ties_and_alike_votes_cost_votes():
    plain = votes_needed(0.6)
    assert votes_needed(0.6, tie_share=0.5) == 2 * plain
    assert votes_needed(0.6, design_effect=2.9) == int(np.ceil(2.9 * plain))
    assert votes_needed(0.6, tie_share=0.25, design_effect=1.5) == 2 * plain


def test_the_design_effect_by_hand():
    assert design_effect(600, 30, correlation=0.1) == pytest.approx(1 + 19 * 0.1)
    # 40 votes of 30 people: ten have two, twenty have one, so the mean vote has 60 / 40.
    assert design_effect(40, 30, correlation=0.1) == pytest.approx(1 + 0.5 * 0.1)
    assert design_effect(20, 30, correlation=1) == 1
    assert design_effect(600, 30) == 1
    assert design_effect(600, 30, correlation=0.1, tie_share=0.5) == pytest.approx(1.95)


def test_the_design_effect_is_how_much_the_variance_grows():
    """Votes of a person with his own preference, ties dropped at random."""
    random = np.random.default_rng(0)
    people, each, rho, ties, studies = 20, 10, 0.2, 0.3, 20_000
    # The correlation of two votes is that of a beta-binomial with a + b = 1 / rho - 1.
    half = (1 / rho - 1) / 2
    own = random.beta(half, half, size=(studies, people))
    decided = random.binomial(each, 1 - ties, size=(studies, people))
    share = random.binomial(decided, own).sum(axis=1) / decided.sum(axis=1)
    independent = np.mean(0.25 / decided.sum(axis=1))
    effect = design_effect(people * each, people, correlation=rho, tie_share=ties)
    assert share.var() / independent == pytest.approx(effect, rel=0.04)


def test_the_table_of_the_published_size():
    table = power_table(6, 600, 30, correlation=0.1)
    assert table["votes"].tolist() == [40, 40, 40, 40, 600, 600]
    assert table["correlation"].tolist() == [0.0, 0.1] * 3
    assert table["level"].to_numpy() == pytest.approx([0.05, 0.05, *[0.05 / 15] * 2, 0.05, 0.05])
    assert table["effective"].tolist() == [40, 38, 40, 38, 600, int(600 / 2.9)]
    for row in table.itertuples():
        known = least_preference(row.effective, level=row.level)
        assert row.preference == known
        assert power_by_enumeration(row.effective, known, row.level) == pytest.approx(0.8, abs=1e-6)
    plain, _, holm, _, alone, _ = table["preference"]
    assert alone < plain < holm
    assert plain == pytest.approx(0.72, abs=0.01)


def test_two_methods_have_nothing_to_correct_for():
    table = power_table(2, 100, 10)
    assert len(table) == 3
    assert table["preference"].nunique() == 1


def test_ties_leave_fewer_votes():
    table = power_table(6, 600, 30, tie_share=0.1)
    assert table["effective"].tolist() == [36, 36, 540]
    assert (table["preference"] > power_table(6, 600, 30)["preference"]).all()


def test_too_few_votes_find_nothing():
    table = power_table(6, 60, 3)
    assert table["votes"].tolist() == [4, 4, 60]
    assert table["preference"].isna().tolist() == [True, True, False]


@pytest.mark.parametrize(
    "settings_",
    [
        {"power": 0.04},
        {"power": 1.0},
        {"level": 0.0},
        {"tie_share": 1.0},
        {"correlation": -0.1},
        {"correlation": 1.1},
    ],
)
def test_values_that_cannot_be_are_refused(settings_):
    with pytest.raises(UserError, match=str(next(iter(settings_.values())))):
        power_table(6, 600, 30, **settings_)


def test_impossible_questions_are_refused():
    with pytest.raises(UserError, match="1 methods"):
        power_table(1, 600, 30)
    for preference in (0.5, 0.50001, 1.2, float("nan")):
        with pytest.raises(UserError, match=f"preference {preference}"):
            votes_needed(preference)
