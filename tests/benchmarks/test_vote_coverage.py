"""Benchmark of the study's intervals: do 95 % intervals hold the truth in 95 of 100 studies?

Studies of the published size (30 people, 20 votes each, six methods) are simulated with voters of
known strength and analysed as real ones are. `tox -e benchmark` prints how often each interval
holds the truth. Run it alone with ``pytest tests/benchmarks/test_vote_coverage.py
--benchmark-only``.

The truth, where people differ: each person's answers follow their own strengths, and what the
analysis estimates is the model that fits the whole population's answers best (the pseudo-true
strengths, where the expected log-likelihood is largest). These are nearer to zero than the mean
of people's own strengths, since a mixture of sure people who disagree looks like unsure people.
They are computed without simulation: the population's chances by quadrature
(`studies.analysis.simulated_voters.Voters.chances`), and the model fitted to these chances.
Likewise for side bias and lapses, which the model does not know either.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from studies.analysis.simulated_voters import Voters, round_robin, simulate
from studies.analysis.strengths import against_average, davidson, rank
from studies.analysis.tally import LEVEL, tally
from studies.analysis.winrates import vote_shares

PARTICIPANTS, TRIALS = 30, 20
STRENGTHS = {"a": 1.0, "b": 0.6, "c": 0.2, "d": -0.2, "e": -0.6, "f": -1.0}
METHODS = tuple(STRENGTHS)
#: Simulated studies of each case.
STUDIES = 400
#: Two-sided probability of the band in which the coverage must lie if it is `LEVEL`.
BAND = 0.999

CASES = {
    "everybody alike": Voters(STRENGTHS, tie=0.3),
    "people differ": Voters(STRENGTHS, tie=0.3, spread=0.7),
    "people differ, side bias, lapses": Voters(
        STRENGTHS, tie=0.3, spread=0.7, side_bias=0.3, lapse=0.05
    ),
}


def holds(table: pd.DataFrame, low: str, high: str, truth: np.ndarray) -> np.ndarray:
    """Tell of each method's interval whether the truth is in it."""
    return ((table[low] <= truth) & (truth <= table[high])).to_numpy(dtype=bool)


def studies_of(voters: Voters) -> dict[str, np.ndarray]:
    """Simulate and analyse studies: for each kind of interval, (studies, n) of whether it holds."""
    won, tied = voters.chances(METHODS)
    truth = davidson(won, tied, 1e-12)
    share = won.sum(axis=1) / won.sum()
    win_share = (won + tied / 2).sum(axis=1) / (len(METHODS) - 1)
    found: dict[str, list[np.ndarray]] = {}
    for seed in range(STUDIES):
        design = round_robin(METHODS, PARTICIPANTS, TRIALS, seed)
        counts = tally(simulate(design, voters, seed)[0], METHODS)
        draws = STUDIES + seed  # others than the design's
        ranking, shares = rank(counts, seed=draws), vote_shares(counts, seed=draws)
        nu = np.exp(truth.tie)
        for name, held in {
            "strength": holds(ranking.table, "low", "high", truth.methods),
            "share against the average": holds(
                ranking.table, "share_low", "share_high", against_average(truth.methods)
            ),
            "ν": np.array([ranking.tie_low <= nu <= ranking.tie_high]),
            "share of votes, clustered": holds(shares, "cluster_low", "cluster_high", share),
            "share of votes, Wilson": holds(shares, "low", "high", share),
            "win share": holds(shares, "win_low", "win_high", win_share),
        }.items():
            found.setdefault(name, []).append(held)
    return {name: np.array(held) for name, held in found.items()}


def test_the_band_is_the_binomials():
    """So that it cannot be loosened by mistake: 400 studies, 95 %, 99.9 %."""
    assert stats.binom.interval(BAND, STUDIES, LEVEL) == (364, 393)


@pytest.mark.benchmark(group="coverage of 95 % intervals")
@pytest.mark.parametrize("case", CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(benchmark, capsys, case):
    found = benchmark.pedantic(studies_of, args=(CASES[case],), rounds=1)
    with capsys.disabled():
        print(f"\n{STUDIES} studies of {PARTICIPANTS} people, {TRIALS} votes each: {case}")
        for name, held in found.items():
            each = " ".join(f"{value:.3f}" for value in held.mean(axis=0))
            print(f"  {name:26s} {held.mean():.3f}   ({each})")
    benchmark.extra_info["coverage"] = {name: float(held.mean()) for name, held in found.items()}
    least, most = stats.binom.interval(BAND, STUDIES, LEVEL)
    for name in ("strength", "ν", "win share"):
        held = found[name]
        assert (held.sum(axis=0) >= least).all(), name
        assert (held.sum(axis=0) <= most).all(), name
        # All methods together are told more closely. The six of one study are not independent,
        # so the error is that of the studies' means.
        of_studies = held.mean(axis=1)
        error = of_studies.std(ddof=1) / np.sqrt(STUDIES)
        assert abs(of_studies.mean() - LEVEL) <= stats.norm.ppf((1 + BAND) / 2) * error, name
