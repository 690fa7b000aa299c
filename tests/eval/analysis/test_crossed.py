"""Intervals over crossed contents and styles, against formulas, other tools and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from eval.analysis.crossed import LEAST_RESAMPLED, MANY, clusters_of, interval, mean, mean_error
from reports.tables.intervals import median
from tests.eval.analysis.simulated_pairs import CASES


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)


def test_the_error_is_that_of_the_analysis_of_variance(noise):
    grid = noise.normal(size=(5, 1)) + noise.normal(size=(1, 4)) + noise.normal(size=(5, 4))
    between_contents = 4 * grid.mean(axis=1).var(ddof=1)
    between_styles = 5 * grid.mean(axis=0).var(ddof=1)
    both = between_contents + between_styles
    freedom = both**2 / (between_contents**2 / 4 + between_styles**2 / 3)
    assert mean_error(clusters_of(grid)) == pytest.approx((np.sqrt(both / 20), freedom))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(both / 20)
    assert interval(grid) == pytest.approx((grid.mean() - half, grid.mean() + half))
    narrow = interval(grid, level=0.5)
    assert narrow[1] - narrow[0] == pytest.approx(
        2 * half * stats.t.ppf(0.75, freedom) / stats.t.ppf(0.975, freedom)
    )


def test_the_interval_knows_that_pairs_share_pictures(noise):
    """With a strong content effect 400 pairs are worth only about 20."""
    grid = noise.normal(size=(20, 1)) + 0.05 * noise.normal(size=(20, 20))
    low, high = interval(grid)
    as_if_independent = 2 * 1.96 * grid.std() / np.sqrt(grid.size)
    by_contents = stats.ttest_1samp(grid.mean(axis=1), 0).confidence_interval()
    assert high - low > 3 * as_if_independent
    assert high - low == pytest.approx(by_contents.high - by_contents.low, rel=0.05)


@pytest.mark.parametrize("case", ["styles differ", "both differ"])
def test_the_interval_covers_as_often_as_it_says(case):
    """The short form of `tests/benchmarks/test_pair_coverage.py`."""
    grids = CASES[case].draw(1000, 3, 4, np.random.default_rng(0))
    hits = sum(low <= 0 <= high for low, high in map(interval, grids))
    assert stats.binom.ppf(0.0005, 1000, 0.95) <= hits <= 985


def test_medians_are_resampled_by_rows_and_columns(noise):
    grid, drawn = np.arange(30.0).reshape(5, 6), []
    interval(grid, lambda one: drawn.append(one) or 0.0, draws=50)
    for one in drawn[1:]:  # the first is the grid itself
        assert one.shape == grid.shape
        assert np.ptp(one // 6, axis=1).max() == 0  # a drawn row is of one content
        assert np.ptp(one % 6, axis=0).max() == 0
    assert set(np.concatenate(drawn[1:]).ravel()) == set(range(30))
    values = noise.normal(size=(5, 6))
    low, high = interval(values, median)
    assert low < median(values) < high
    assert (low, high) == interval(values, median, seed=0)
    assert (low, high) != interval(values, median, seed=1)
    few = noise.normal(size=(LEAST_RESAMPLED - 1, 20))
    assert np.isnan(interval(few, median)).all()


def test_many_pictures_are_resampled_for_the_mean_too(noise):
    """Its error is then nearly that of the formula, and the degrees of freedom are the same."""
    grid = noise.normal(size=(MANY, 1)) + noise.normal(size=(MANY, MANY + 4))
    half = np.ptp(interval(grid)) / 2
    error, freedom = mean_error(clusters_of(grid))
    assert half == pytest.approx(error * stats.t.ppf(0.975, freedom), rel=0.1)
    assert half != error * stats.t.ppf(0.975, freedom)
    # All draws at once give what each of them gives.
    assert interval(grid) == pytest.approx(interval(grid, lambda drawn: mean(drawn)), rel=1e-12)
    grid[noise.random(grid.shape) < 0.3] = np.nan
    assert interval(grid) == pytest.approx(interval(grid, lambda drawn: mean(drawn)), rel=1e-12)


def test_nothing_known_has_neither_mean_nor_interval():
    assert mean(np.array([[np.nan, 1.0], [3.0, np.nan]])) == 2
    assert np.isnan(mean(np.full((3, 3), np.nan)))
    assert np.isnan(interval(np.full((3, 3), np.nan))).all()


def test_too_few_pictures_give_no_interval():
    assert np.isnan(interval(np.ones((2, 9)))).all()
    assert np.isnan(interval(np.ones((9, 2)))).all()
    assert interval(np.ones((3, 3))) == (1, 1)
    holes = np.ones((4, 4))
    holes[2:] = np.nan  # two contents are left
    assert np.isnan(interval(holes)).all()


def test_pairs_that_share_no_picture_are_independent(noise):
    values = noise.normal(size=8)
    grid = np.full((8, 8), np.nan)
    np.fill_diagonal(grid, values)
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert interval(grid) == pytest.approx((expected.low, expected.high))
    low, high = interval(grid, median)
    assert low < np.median(values) < high
    for known in (1, 2):
        few = np.full((4, 4), np.nan)
        np.fill_diagonal(few[:known, :known], 2.0)
        assert np.isnan(interval(few)).all()


@pytest.mark.parametrize("turned", [False, True])
def test_where_no_style_comes_twice_contents_are_drawn(noise, turned):
    """Each of five contents with two styles of its own: five independent means."""
    values = noise.normal(size=(5, 1)) + noise.normal(size=(5, 2))
    grid = np.full((5, 10), np.nan)
    for content in range(5):
        grid[content, 2 * content : 2 * content + 2] = values[content]
    expected = stats.ttest_1samp(values.mean(axis=1), 0).confidence_interval()
    for statistic in (mean, median):
        low, high = interval(grid.T if turned else grid, statistic)
        if statistic is mean:
            assert (low, high) == pytest.approx((expected.low, expected.high))
        assert low < statistic(values) < high
