"""Benchmark of the study's intervals: do 95 % intervals hold the truth in 95 of 100 studies?

Studies of the published size (30 people, 20 votes each, six methods) are simulated with voters of
known strength and analysed as real ones are. People differ, and so do pictures: each method's log
strength deviates on every content, style and pair. `tox -e benchmark` prints how often each
interval holds the truth, beside intervals that know of people only. Run it alone with ``pytest
tests/benchmarks/test_vote_coverage.py --benchmark-only``; it takes about three minutes.

The truth, where people and pictures differ: each answer follows its own strengths, and what the
analysis estimates is the model that fits the whole population's answers best (the pseudo-true
strengths, where the expected log-likelihood is largest). These are nearer to zero than the mean of
people's own strengths, since a mixture of sure people who disagree looks like unsure people. They
are computed without simulation: the population's chances by quadrature
(`studies.analysis.simulated.voters.Voters.chances`), and the model fitted to these chances.
Likewise for side bias and lapses, which the model does not know either.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from eval.analysis.crossed import LEVEL
from studies.analysis.clusters import Clusters, crossed_shares, crossed_spread
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import influences, rank
from studies.analysis.tally import tally
from studies.analysis.winrates import pairs_table, vote_shares
from studies.design.davidson import davidson
from tests.benchmarks.coverage import (
    METHODS,
    PARTICIPANTS,
    PICTURES,
    STRENGTHS,
    STUDIES,
    TRIALS,
    assert_promised,
    between,
    tell,
)

#: A measure's order of the methods, which is not that of their strengths.
MEASURE = np.array([5.0, 6, 3, 4, 1, 2])

CASES = {
    "deviation 0": Voters(STRENGTHS, tie=0.3, spread=0.5),
    "deviation 0.5": Voters(STRENGTHS, tie=0.3, spread=0.5, pictures=0.5),
    "deviation 1": Voters(STRENGTHS, tie=0.3, spread=0.5, pictures=1.0),
    "0.5, side bias, lapses": Voters(
        STRENGTHS, tie=0.3, spread=0.5, pictures=0.5, side_bias=0.3, lapse=0.05
    ),
    "0.5, forced choice": Voters(STRENGTHS, spread=0.5, pictures=0.5, forced=True),
}


def studies_of(voters: Voters, pictures: tuple[int, int]) -> dict[str, np.ndarray]:
    """Simulate and analyse studies: for each kind of interval, (studies, n) of whether it holds."""
    won, tied = voters.chances(METHODS)
    truth = davidson(won, tied, 1e-12)
    win_share = (won + tied / 2).sum(axis=1) / (len(METHODS) - 1)
    first, second = np.array(list(combinations(range(len(METHODS)), 2))).T
    of_pairs = won[first, second] / (won + won.T)[first, second]
    better = MEASURE[:, None] > MEASURE[None, :]
    agreed = (won * better).sum() / won.sum()
    found: dict[str, list[np.ndarray]] = {}
    for seed in range(STUDIES):
        design = round_robin(METHODS, PARTICIPANTS, TRIALS, seed, pictures)
        counts = tally(simulate(design, voters, seed)[0], METHODS)
        ranking, shares, pairs = rank(counts, draws=2), vote_shares(counts), pairs_table(counts)
        table = ranking.table
        decisive = counts.answer != 2
        gap = (MEASURE[counts.left] - MEASURE[counts.right])[decisive]
        chosen = ((gap > 0) == (counts.answer[decisive] == 0)).astype(float)[:, None]
        measure = crossed_shares(chosen, np.ones(chosen.shape), counts.clusters.only(decisive))
        people = _people_only(counts)
        for name, held in {
            "strengths": between(table["low"], truth.methods, table["high"]),
            "ν": between(ranking.tie_low, np.exp(truth.tie), ranking.tie_high)[None],
            "win shares": between(shares["win_low"], win_share, shares["win_high"]),
            "shares of two methods": between(pairs["cluster_low"], of_pairs, pairs["cluster_high"]),
            "votes against a measure": between(measure.low, agreed, measure.high),
            "all shares of two, at once": np.array(
                [between(pairs["all_low"], of_pairs, pairs["all_high"]).all()]
            ),
            "strengths, people only": between(
                table["strength"] - people, truth.methods, table["strength"] + people
            ),
        }.items():
            found.setdefault(name, []).append(held)
    return {name: np.array(held) for name, held in found.items()}


def _people_only(counts) -> np.ndarray:
    """Return half the width of the strengths' intervals, had pictures nothing to do with it."""
    estimate = davidson(counts.wins.sum(axis=0), counts.ties.sum(axis=0))
    moved = influences(counts, np.arange(len(METHODS)), estimate)[:, :-1]
    here = np.zeros(len(moved), dtype=np.intp)
    spread = crossed_spread(
        moved, np.ones(moved.shape, dtype=bool), Clusters(counts.clusters.people, here, here)
    )
    return stats.t.ppf((1 + LEVEL) / 2, spread.freedom) * np.sqrt(spread.variance)


@pytest.mark.benchmark(group="coverage of 95 % intervals")
@pytest.mark.parametrize("pictures", PICTURES, ids=lambda size: f"{size[0]} x {size[1]}")
@pytest.mark.parametrize("case", CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(benchmark, capsys, case, pictures):
    found = benchmark.pedantic(studies_of, args=(CASES[case], pictures), rounds=1)
    tell(benchmark, capsys, found, "votes", case, pictures)
    if CASES[case].forced:
        found.pop("ν")  # has no truth to hold
    assert_promised(found, found.keys() & {"strengths", "ν", "win shares", "shares of two methods",
                                         "votes against a measure"})  # fmt: skip
    assert found["all shares of two, at once"].mean() >= 0.9
    if CASES[case].pictures:
        assert found["strengths, people only"].mean() < found["strengths"].mean() - 0.02
