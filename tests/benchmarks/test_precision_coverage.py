"""Benchmark of studies that end when they are precise: do their intervals still hold the truth?

Every second person from the eighth on, it is looked whether all intervals are as narrow as planned;
the study ends when they are. Also told: how many people it took, and what part of that number was
foretold when twelve had answered. ``pytest tests/benchmarks/test_precision_coverage.py
--benchmark-only`` takes about three minutes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.analysis.precision import precision_so_far
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import rank
from studies.analysis.tally import tally
from studies.ballots.poll import Poll
from studies.design.davidson import davidson
from tests.benchmarks.coverage import METHODS, STRENGTHS, TRIALS, between

STUDIES, MOST, EARLY = 100, 70, 12
VOTERS = Voters(STRENGTHS, tie=0.3, spread=0.5, pictures=0.5)
#: Pictures -> the width that is planned.
PLANNED = {(15, 20): 1.0, (5, 6): 1.3}


def studies_of(pictures: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return whether intervals hold, (studies, m); how many people it took; the part foretold."""
    won, tied = VOTERS.chances(METHODS)
    truth = davidson(won, tied, 1e-12).methods
    settings = {"methods": dict.fromkeys(METHODS, ""), "questions": ["overall"], "drop_at": 9,
                "precision": PLANNED[pictures]}  # fmt: skip
    held, took, foretold = [], [], []
    for seed in range(STUDIES):
        votes, people = simulate(round_robin(METHODS, MOST, TRIALS, seed, pictures), VOTERS, seed)
        early = None
        for number in range(8, MOST + 1, 2):
            mine = votes[votes["slot"] < number]
            poll = Poll("s", "", settings, "", None, pd.DataFrame(), people, mine)
            found = precision_so_far(poll)["overall"]
            if number == EARLY and found.more:
                early = number + found.more
            if found.reached:
                table = rank(tally(mine, METHODS), 2).table
                held.append(between(table["low"], truth, table["high"]))
                took.append(number)
                foretold += [early / number] if early else []
                break
    return np.array(held), np.array(took), np.array(foretold)


@pytest.mark.benchmark(group="coverage of 95 % intervals")
@pytest.mark.parametrize("pictures", PLANNED, ids=lambda size: f"{size[0]} x {size[1]}")
def test_intervals_of_studies_that_end_when_precise_hold_the_truth(benchmark, capsys, pictures):
    held, took, foretold = benchmark.pedantic(studies_of, args=(pictures,), rounds=1)
    ends = [np.percentile(values, [10, 50, 90]) for values in (took, foretold)]
    with capsys.disabled():
        print(
            f"\n{len(took)} of {STUDIES} studies on {pictures[0]} x {pictures[1]} pairs ended "
            f"within {MOST} people: held {held.mean():.3f}, people {ends[0].round()}, "
            f"foretold from {EARLY} {ends[1].round(2)}"
        )
    assert len(took) > 0.9 * STUDIES
    error = held.mean(axis=1).std(ddof=1) / np.sqrt(len(held))
    assert held.mean() > 0.95 - 0.02 - 3 * error
