"""The power of a study, against independent calculations, simulation and known values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from statsmodels.stats.power import TTestPower

from studies.analysis.clusters import Clusters, crossed_shares
from studies.design.power import (
    INDEPENDENT,
    PARTS,
    Assumptions,
    alike,
    least_preference,
    picture_correlations,
    power_of,
    power_table,
    worth,
)

CAREFUL = Assumptions()
#: Independent votes on one pair of pictures.
ALONE = Assumptions(ties=0, dropout=0, correlation=0, pictures=0, contents=1, styles=1)


def test_many_independent_votes_have_the_power_of_the_textbook():
    """The normal approximation says 0.5 + (1.96 + 0.84) / (2 sqrt(600)) = 0.5572."""
    found = least_preference(600, 600, ALONE)
    assert found == pytest.approx(0.557, abs=0.001)
    assert least_preference(600, 600, ALONE, power=0.9) > found > least_preference(800, 800, ALONE)
    # That pictures might differ has to be found out, which costs something.
    assert found < least_preference(600, 600, INDEPENDENT) < found + 0.01


def test_power_is_that_of_the_t_test():
    """Without pictures to differ, at a share near one half: statsmodels' noncentral t."""
    other = TTestPower().power(0.06 / 0.5, nobs=200, alpha=0.05)
    assert power_of(200, 200, 0.56, ALONE) == pytest.approx(other, abs=0.015)
    assert power_of(200, 200, 0.5000001, ALONE) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize(
    ("votes", "assumed"),
    [(40, CAREFUL), (40, INDEPENDENT), (200, Assumptions(contents=5, styles=6))],
)
def test_power_is_what_the_analysis_finds_in_simulated_votes(votes, assumed):
    """Votes on two methods, analysed as the report does; the plan says 80 %."""
    random = np.random.default_rng(0)
    preference = least_preference(votes, 30, assumed)
    deviations = np.sqrt(2) * assumed.pictures * np.sqrt(PARTS)
    # A logistic of normal deviations; people's are such that two votes correlate as assumed.
    own = 2.1 * np.sqrt(assumed.correlation)
    logits = np.log(preference / (1 - preference))
    # The mean over people and pictures is nearer to one half than the logit in the middle.
    logits *= np.sqrt(1 + 0.35 * (own**2 + (deviations**2).sum()))
    found = []
    for _ in range(200):
        units = random.permutation(assumed.contents * assumed.styles)
        unit = np.tile(units, votes)[: -(-votes // assumed.judges)].repeat(assumed.judges)[:votes]
        content, style, person = (
            unit // assumed.styles,
            unit % assumed.styles,
            np.arange(votes) % 30,
        )
        lead = (
            logits
            + own * random.normal(size=30)[person]
            + deviations[0] * random.normal(size=assumed.contents)[content]
            + deviations[1] * random.normal(size=assumed.styles)[style]
            + deviations[2] * random.normal(size=len(units))[unit]
        )
        won = (random.random(votes) < 1 / (1 + np.exp(-lead))).astype(float)
        here = (random.random(30) >= assumed.dropout)[person]
        here &= random.random(votes) >= assumed.ties
        clusters = Clusters(person[here], content[here], style[here])
        found.append(crossed_shares(won[here, None], np.ones((here.sum(), 1)), clusters).p[0])
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.8, abs=0.12)


def test_votes_of_a_cluster_by_hand():
    assert alike(600, 30) == 20
    # 40 votes of 30 people: ten have two, twenty have one, so the mean vote has 60 / 40.
    assert alike(40, 30) == pytest.approx(1.5)
    assert alike(20, 30) == alike(1, 3) == 1


def test_people_who_resemble_themselves_are_kishs_design_effect():
    """600 votes of 30 people with a correlation of 0.1: 1 + 19 · 0.1."""
    alone = Assumptions(ties=0, dropout=0, correlation=0.1, pictures=0)
    assert worth(600, 30, 0.6, alone).variance == pytest.approx(2.9)
    assert worth(600, 30, 0.6, INDEPENDENT).variance == pytest.approx(1)
    assert worth(600, 30, 0.6, Assumptions(ties=0.15, dropout=0.1)).decisive == pytest.approx(459)


def test_correlations_of_pictures_are_those_of_simulated_ones():
    random = np.random.default_rng(0)
    for share, found in zip(PARTS, picture_correlations(0.7, 1.0), strict=True):
        lead = np.log(0.7 / 0.3) + np.sqrt(2 * share) * random.normal(size=200_000)
        chances = 1 / (1 + np.exp(-lead))
        assert found == pytest.approx(chances.var() / 0.21, rel=0.02)
    assert picture_correlations(0.7, 0.0) == pytest.approx([0, 0, 0], abs=1e-12)


@given(st.integers(20, 2000), st.floats(0.51, 0.95), st.floats(0.51, 0.95))
def test_power_grows_with_the_preference(votes, one, other):
    low, high = sorted((one, other))
    assert power_of(votes, 30, low, INDEPENDENT) <= power_of(votes, 30, high, INDEPENDENT) + 1e-9
    assert power_of(votes, 30, low, CAREFUL) == pytest.approx(
        power_of(votes, 30, 1 - low, CAREFUL), abs=1e-6
    )


@pytest.mark.parametrize(
    "worse",
    [
        {"ties": 0.4}, {"dropout": 0.4}, {"correlation": 0.4}, {"pictures": 1.0},
        {"contents": 5, "styles": 5},
    ],
)  # fmt: skip
def test_whatever_makes_votes_worth_less_costs_power(worse):
    assert power_of(200, 30, 0.65, Assumptions(**worse)) < power_of(200, 30, 0.65, CAREFUL) - 0.02


def test_the_table_of_the_published_size():
    table = power_table(6, 600, 30, CAREFUL)
    assert table["votes"].tolist() == [40, 40, 40, 40, 600, 600]
    assert table["assumed"].tolist() == ["as assumed", "independent votes"] * 3
    assert table["level"].to_numpy() == pytest.approx([*[0.05 / 15] * 2, *[0.05] * 4])
    for row in table.itertuples():
        what = CAREFUL if row.assumed == "as assumed" else INDEPENDENT
        assert power_of(row.votes, 30, row.preference, what, row.level) == pytest.approx(
            0.8, abs=1e-3
        )
    assert table["worth"].tolist()[1::2] == pytest.approx([40, 40, 600])
    assert (table["worth"].to_numpy()[::2] < [30, 30, 120]).all()
    assert (table["preference"].to_numpy()[::2] > table["preference"].to_numpy()[1::2]).all()


def test_two_methods_have_nothing_to_correct_for():
    table = power_table(2, 100, 10, CAREFUL)
    assert table.groupby("assumed")["preference"].nunique().tolist() == [1, 1]


def test_too_few_votes_find_nothing():
    table = power_table(6, 60, 3, CAREFUL)
    assert table["preference"].isna().tolist()[:4] == [True] * 4
    assert np.isfinite(table["worth"]).all()


@pytest.mark.parametrize(
    "wrong",
    [{"ties": 1.0}, {"dropout": -0.1}, {"correlation": 1.1}, {"pictures": -1}, {"contents": 0}],
)
def test_values_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Assumptions(**wrong)


def test_the_level_is_that_of_the_interval():
    """Votes that show nothing are told apart in one study of twenty, or fewer."""
    assert power_of(600, 30, 0.5 + 1e-9, CAREFUL) <= 0.05
    assert power_of(600, 30, 0.5 + 1e-9, INDEPENDENT) <= 0.05
    assert stats.t.isf(0.025, worth(600, 30, 0.6, CAREFUL).freedom) > 1.96
