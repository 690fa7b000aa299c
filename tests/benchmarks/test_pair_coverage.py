"""Benchmark of statistics over pairs: do intervals hold the truth, and do tests keep their level?

Grids of differences are simulated whose true mean is zero, with variances between contents, between
styles and of the rest as in real runs (`tests.eval.analysis.simulated_pairs`). `tox -e benchmark`
prints the tables of eval/README.md. Run it alone with ``pytest
tests/benchmarks/test_pair_coverage.py --benchmark-only``; it takes about four minutes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from eval.analysis.crossed import interval
from eval.analysis.flips import flip_test
from eval.analysis.pairs import means, paired_tests
from reports.tables.best import apart, leads
from reports.tables.intervals import median
from tests.eval.analysis.simulated_pairs import CASES, SIZES

#: Simulated grids of each case and size, and of medians, which are slower.
GRIDS, OF_MEDIANS = 1000, 300
#: Simulated comparisons of equal methods, and of which cases.
RUNS = 200
OF_THE_BEST = ("styles differ", "both differ")
#: Two-sided probability of the band in which a rate must lie if the level is kept.
BAND = 0.999


def rates(case: str, size: tuple[int, int]) -> dict[str, float]:
    """Return how often intervals hold zero, and how often tests reject it."""
    random = np.random.default_rng(0)
    grids = CASES[case].draw(GRIDS, *size, random)
    ends = np.array([interval(grid) for grid in grids])
    found = {
        "interval of the mean": ((ends[:, 0] <= 0) & (ends[:, 1] >= 0)).mean(),
        "sign flips": np.mean([flip_test(grid) <= 0.05 for grid in grids]),
        "Wilcoxon": np.mean([stats.wilcoxon(grid.ravel()).pvalue <= 0.05 for grid in grids]),
    }
    if not CASES[case].skewed:  # where the median is zero too
        ends = np.array([interval(grid, median, draws=300) for grid in grids[:OF_MEDIANS]])
        if not np.isnan(ends).any():
            found["interval of the median"] = ((ends[:, 0] <= 0) & (ends[:, 1] >= 0)).mean()
    return {name: float(rate) for name, rate in found.items()}


def shown(found: dict[str, float]) -> str:
    return "   ".join(f"{name} {100 * rate:.1f} %" for name, rate in found.items())


@pytest.mark.benchmark(group="statistics over pairs")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]} x {size[1]}")
def test_intervals_and_tests_over_pairs_keep_their_level(benchmark, capsys, size):
    found = benchmark.pedantic(lambda: {case: rates(case, size) for case in CASES}, rounds=1)
    with capsys.disabled():
        print(f"\n{size[0]} x {size[1]} pairs, {GRIDS} grids")
        for case, each in found.items():
            print(f"  {case:16s} {shown(each)}")
    benchmark.extra_info["rates"] = found
    least, _ = stats.binom.interval(BAND, GRIDS, 0.95)
    for case, each in found.items():
        if CASES[case].skewed:  # told, and bounded: with a long tail no method here is exact
            assert each["interval of the mean"] > 0.9
            assert each["sign flips"] < 0.1
            continue
        assert each["interval of the mean"] >= least / GRIDS, case
        assert each["interval of the mean"] <= 0.985, case
        assert each["sign flips"] <= 1 - least / GRIDS, case
        if "interval of the median" in each:
            assert each["interval of the median"] >= stats.binom.ppf(0.0005, OF_MEDIANS, 0.95) / (
                OF_MEDIANS
            ), case


@pytest.mark.benchmark(group="statistics over pairs")
@pytest.mark.parametrize("methods", [2, 6])
def test_one_of_equal_methods_is_not_called_clearly_the_best(benchmark, capsys, methods):
    """Which one is the best, and which the second, is seen in the data that are tested."""

    def wrong() -> dict[str, float]:
        random = np.random.default_rng(1)
        found = {}
        for case in OF_THE_BEST:
            called = [clear(CASES[case].draw(methods, *SIZES[1], random)) for _ in range(RUNS)]
            found[case] = float(np.mean(called))
        return found

    found = benchmark.pedantic(wrong, rounds=1)
    with capsys.disabled():
        print(f"\n{methods} equal methods, 5 x 5 pairs, {RUNS} runs: one is called clearly best")
        print(f"  {shown(found)}")
    benchmark.extra_info["rates"] = found
    for case, rate in found.items():
        assert rate <= stats.binom.ppf((1 + BAND) / 2, RUNS, 0.05) / RUNS, case


def clear(grids: np.ndarray) -> bool:
    """Tell whether the report would call the best of some methods clearly the best.

    Args:
        grids: (methods, contents, styles).
    """
    values = pd.DataFrame(
        [
            {"label": f"m{k}", "content": f"c{i}", "style": f"s{j}", "loss": grids[k, i, j]}
            for k, i, j in np.ndindex(grids.shape)
        ]
    )
    table = means(values, "loss").sort_values("mean")
    return apart(leads(paired_tests(values, "loss"), table["label"].tolist(), less=True))
