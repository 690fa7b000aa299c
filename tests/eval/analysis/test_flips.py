"""The test by sign flips, against a plain calculation, another tool, and simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy import stats

from eval.analysis.flips import FLIPS, flip_test
from tests.eval.analysis.simulated_pairs import CASES


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)


def in_errors(grid: np.ndarray) -> float:
    """The mean of a full grid over its standard error, by the analysis of variance."""
    contents, styles = grid.mean(axis=1), grid.mean(axis=0)
    error = contents.var(ddof=1) / len(contents) + styles.var(ddof=1) / len(styles)
    return abs(grid.mean()) / np.sqrt(error)


def test_every_flip_of_a_small_grid_one_after_the_other(noise):
    grid = noise.normal(size=(3, 1)) + noise.normal(size=(1, 4)) + noise.normal(size=(3, 4)) + 0.8
    centre = grid.mean()
    content, style = grid.mean(axis=1) - centre, grid.mean(axis=0) - centre
    rest = grid - centre - content[:, None] - style
    parts = content.var(ddof=1) / 3, style.var(ddof=1) / 4
    share = parts[0] / sum(parts)
    found = []
    for signs in product((1, -1), repeat=7):
        s, t = np.array(signs[:3])[:, None], np.array(signs[3:])
        flipped = (
            s * (content[:, None] + share * centre) + t * (style + (1 - share) * centre)
            + s * t * rest
        )  # fmt: skip
        found.append(in_errors(flipped))
    assert found[0] == pytest.approx(in_errors(grid))
    expected = np.mean(np.array(found) >= found[0] * (1 - 1e-9))
    assert flip_test(grid) == pytest.approx(expected)
    assert 2 / 2**7 < expected < 1


def test_independent_pairs_have_fishers_test(noise):
    values = noise.normal(size=8) + 0.7
    grid = np.full((8, 8), np.nan)
    np.fill_diagonal(grid, values)
    other = stats.permutation_test(
        (values,),
        lambda x, axis: np.abs(stats.ttest_1samp(x, 0, axis=axis).statistic),
        permutation_type="samples", vectorized=True, n_resamples=np.inf, alternative="greater",
    )  # fmt: skip
    assert flip_test(grid) == pytest.approx(other.pvalue)


@pytest.mark.parametrize("case", ["styles differ", "both differ"])
def test_equal_methods_are_told_apart_as_rarely_as_the_level_says(case):
    """The short form of `tests/benchmarks/test_pair_coverage.py`; Wilcoxon's test does not."""
    grids = CASES[case].draw(300, 3, 4, np.random.default_rng(0))
    p = np.array([flip_test(grid) for grid in grids])
    assert (
        stats.binom.ppf(0.0005, 300, 0.05)
        <= (p <= 0.05).sum()
        <= stats.binom.ppf(0.9995, 300, 0.05)
    )
    wrong = np.array([stats.wilcoxon(grid.ravel()).pvalue <= 0.05 for grid in grids])
    assert wrong.mean() > 0.15


def test_a_difference_everywhere_has_the_smallest_p_there_is(noise):
    small = 1 + 0.01 * noise.normal(size=(3, 4))
    assert flip_test(small) == flip_test(-small) == 2 / 2**7
    assert flip_test(1 + 0.01 * noise.normal(size=(15, 20))) == 1 / (FLIPS + 1)


def test_missing_pairs_change_little(noise):
    grid = noise.normal(size=(8, 1)) + noise.normal(size=(8, 9)) + 0.6
    whole = flip_test(grid)
    assert flip_test(grid, seed=1) == pytest.approx(whole, abs=0.02)
    grid[3, 4] = np.nan
    assert flip_test(grid) == pytest.approx(whole, abs=0.05)
    grid[3] = np.nan
    assert flip_test(grid) == flip_test(np.delete(grid, 3, axis=0))


@pytest.mark.filterwarnings("error")
def test_one_and_the_same_difference_everywhere_is_no_chance():
    assert flip_test(np.ones((3, 4))) == 2 / 2**7


def test_random_flips_are_those_of_the_seed(noise):
    crossed = noise.normal(size=(9, 8)) + noise.normal(size=(9, 1)) + 0.5
    independent = np.full((30, 30), np.nan)
    np.fill_diagonal(independent, noise.normal(size=30) + 0.3)
    for grid in (crossed, independent):
        assert flip_test(grid) == flip_test(grid, seed=0) != flip_test(grid, seed=1)


def test_nothing_to_test_has_no_p():
    assert np.isnan(flip_test(np.zeros((4, 4))))
    assert np.isnan(flip_test(np.full((4, 4), np.nan)))
    assert np.isnan(flip_test(np.ones((2, 9))))
