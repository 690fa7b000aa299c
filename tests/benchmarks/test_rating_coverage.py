"""Benchmark of the intervals of ratings: do 95 % intervals hold the truth in 95 of 100 studies?

As `tests.benchmarks.test_vote_coverage`, for marks on a scale of five: 30 people give 20 marks each
to outputs of six methods. People differ in how highly they rate everything and in what they like,
and pictures differ. The truth is the model that fits the whole population's marks best, computed by
quadrature. `tox -e benchmark` prints how often each interval holds it; alone: ``pytest
tests/benchmarks/test_rating_coverage.py --benchmark-only``, about four minutes.
"""

from __future__ import annotations

import numpy as np
import pytest

from studies.analysis.cumulative_link import cumulative
from studies.analysis.ratings import rank_ratings, tally_ratings
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.raters import Raters, even_ratings
from tests.benchmarks.coverage import (
    METHODS,
    PARTICIPANTS,
    PICTURES,
    STRENGTHS,
    STUDIES,
    TRIALS,
    assert_promised,
    assert_promised_at_once,
    between,
    strengths_held,
    tell,
)

THRESHOLDS = (-1.5, -0.5, 0.5, 1.5)

CASES = {
    "deviation 0": Raters(STRENGTHS, THRESHOLDS, offset=0.7, spread=0.5),
    "deviation 0.5": Raters(STRENGTHS, THRESHOLDS, offset=0.7, spread=0.5, pictures=0.5),
    "deviation 1, lapses": Raters(
        STRENGTHS, THRESHOLDS, offset=0.7, spread=0.5, pictures=1.0, lapse=0.05
    ),
}


def studies_of(raters: Raters, pictures: tuple[int, int]) -> dict[str, np.ndarray]:
    """Simulate and analyse studies: for each kind of interval, (studies, n) of whether it holds."""
    chances = raters.chances(METHODS)
    truth = cumulative(chances, 1e-12).methods
    means = chances @ np.arange(1, chances.shape[1] + 1)
    found: dict[str, list[np.ndarray]] = {}
    for seed in range(STUDIES):
        design = even_ratings(METHODS, PARTICIPANTS, TRIALS, seed, pictures)
        votes, _ = simulate(design, raters, seed)
        ranking = rank_ratings(tally_ratings(votes, METHODS, len(THRESHOLDS) + 1), draws=2)
        table = ranking.table
        for name, held in {
            **strengths_held(ranking, truth),
            "mean marks": between(table["mean_low"], means, table["mean_high"]),
        }.items():
            found.setdefault(name, []).append(held)
    return {name: np.array(held) for name, held in found.items()}


@pytest.mark.benchmark(group="coverage of 95 % intervals of ratings")
@pytest.mark.parametrize("pictures", PICTURES, ids=lambda size: f"{size[0]} x {size[1]}")
@pytest.mark.parametrize("case", CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(benchmark, capsys, case, pictures):
    found = benchmark.pedantic(studies_of, args=(CASES[case], pictures), rounds=1)
    tell(benchmark, capsys, found, "marks", case, pictures)
    assert_promised(found, ("strengths", "mean marks", "differences of two"))
    assert_promised_at_once(found)
