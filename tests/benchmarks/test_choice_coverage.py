"""Benchmark of the intervals of choices and rankings: do 95 % of them hold the truth?

As `tests.benchmarks.test_vote_coverage`: 30 people answer 20 times, each time on four of six
methods, of which they choose the best or which they put in order. People differ in what they like,
and pictures differ. The truth is the model that fits the whole population's answers best.
`tox -e benchmark` prints how often each interval holds it; alone: ``pytest
tests/benchmarks/test_choice_coverage.py --benchmark-only``, about twelve minutes.
"""

from __future__ import annotations

import numpy as np
import pytest

from studies.analysis.choices import rank_choices, tally_choices
from studies.analysis.simulated.choosers import Choosers, even_choices
from studies.analysis.simulated.people import simulate
from tests.benchmarks.coverage import (
    AT_ONCE,
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

SHOWN = 4
CASES = {
    "deviation 0": {"spread": 0.5},
    "deviation 0.5": {"spread": 0.5, "pictures": 0.5},
    "deviation 1, lapses": {"spread": 0.5, "pictures": 1.0, "lapse": 0.05},
}


def studies_of(people: Choosers, pictures: tuple[int, int]) -> dict[str, np.ndarray]:
    """Simulate and analyse studies: for each kind of interval, (studies, n) of whether it holds."""
    truth = people.truth(SHOWN)
    found: dict[str, list[np.ndarray]] = {}
    for seed in range(STUDIES):
        design = even_choices(METHODS, PARTICIPANTS, TRIALS, SHOWN, seed, pictures)
        votes, _ = simulate(design, people, seed)
        choices = tally_choices(votes, METHODS, SHOWN, people.whole)
        ranking = rank_choices(choices, draws=2)
        table = ranking.table
        held = {
            **strengths_held(ranking, truth.strengths),
            "shares of the best": between(table["first_low"], truth.first, table["first_high"]),
        }
        if people.whole:
            held["mean places"] = between(table["place_low"], truth.place, table["place_high"])
        for name, each in held.items():
            found.setdefault(name, []).append(each)
    return {name: np.array(held) for name, held in found.items()}


@pytest.mark.benchmark(group="coverage of 95 % intervals of choices and rankings")
@pytest.mark.parametrize("whole", [False, True], ids=["best", "ranking"])
@pytest.mark.parametrize("pictures", PICTURES, ids=lambda size: f"{size[0]} x {size[1]}")
@pytest.mark.parametrize("case", CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(benchmark, capsys, case, pictures, whole):
    people = Choosers(STRENGTHS, whole, **CASES[case])
    found = benchmark.pedantic(studies_of, args=(people, pictures), rounds=1)
    tell(benchmark, capsys, found, "rankings" if whole else "choices", case, pictures)
    assert_promised(found, set(found) - {AT_ONCE})
    assert_promised_at_once(found)
