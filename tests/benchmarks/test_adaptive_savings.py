"""Benchmark of adaptive pairs: how many votes they save, and whether the intervals still hold.

Studies of 30 people with 20 votes each are simulated with a fixed plan and with adaptive pairs, a
quarter of them planned. Both are analysed as real ones are. The fixed plan is also tried with fewer
and with more people; between these sizes the logarithm of the mean width of the strengths'
intervals is taken as linear in that of the number of people, which tells how many people the fixed
plan needs for the width of the adaptive one. `tox -e benchmark` prints all of it; run it alone with
``pytest tests/benchmarks/test_adaptive_savings.py --benchmark-only``; it takes half an hour.

The truth of the coverage is that of `tests/benchmarks/test_vote_coverage.py`. Where people and
pictures differ, the strengths that fit best depend a little on which methods meet how often; the
truth here is that of a plan in which every two meet equally often.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from eval.analysis.crossed import LEVEL
from studies.analysis.simulated.adaptive import simulate_adaptive
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import modelled_shares, rank
from studies.analysis.tally import tally
from studies.analysis.winrates import pairs_table
from studies.design.davidson import davidson
from tests.benchmarks.coverage import PARTICIPANTS, PROMISED, STUDIES, TRIALS, between

#: Sizes of the fixed plan around that of the adaptive one.
AROUND = (22, PARTICIPANTS, 42)
SHARE = 0.25
PICTURES = (5, 6)
#: Log strengths reach from minus this to this.
ENDS = {"close": 0.3, "wide": 2.0, "very wide": 3.0}
ALIKE, DIFFERENT = "alike", "different"
CASES = [
    (methods, ends, people)
    for methods in (4, 8)
    for ends in ENDS
    for people in (ALIKE, DIFFERENT)
]  # fmt: skip


def population(methods: int, ends: str, people: str) -> Voters:
    """Make the people of a case; where they differ, so do pictures, both by 0.5."""
    deviation = 0.5 if people == DIFFERENT else 0.0
    strengths = np.linspace(ENDS[ends], -ENDS[ends], methods)
    labels = "abcdefgh"[:methods]
    return Voters(
        dict(zip(labels, strengths.tolist(), strict=True)),
        tie=0.3, spread=deviation, pictures=deviation,
    )  # fmt: skip


def outcomes(voters: Voters, studies: int, adaptive: bool, people: int) -> Mapping[str, float]:
    """Simulate and analyse studies, and return means over them.

    Returns:
        ``width``, mean width of the strengths' intervals; ``error``, root mean square of the
        strengths' errors; ``apart``, the share of every two methods that are told apart, of both
        plans by the model, as adaptive studies are analysed; and how often intervals hold the
        truth: ``strengths`` and ``shares`` (of two methods, as each study is analysed).
    """
    methods = list(voters.strengths)
    won, tied = voters.chances(methods)
    truth = davidson(won, tied, 1e-12).methods
    first, second = np.triu_indices(len(methods), 1)
    of_pairs = won[first, second] / (won + won.T)[first, second]
    found: list[dict[str, float]] = []
    for seed in range(studies):
        if adaptive:
            votes = simulate_adaptive(
                voters, people, TRIALS, random_share=SHARE, pictures=PICTURES, seed=seed
            )
        else:
            votes, _ = simulate(round_robin(methods, people, TRIALS, seed, PICTURES), voters, seed)
        counts = tally(votes, methods)
        table, pairs = rank(counts, draws=2).table, pairs_table(counts)
        model = modelled_shares(counts, 1 - (1 - LEVEL) / len(first))
        found.append(
            {
                "width": float((table["high"] - table["low"]).mean()),
                "square": float(((table["strength"] - truth) ** 2).mean()),
                "apart": float(((model.low > 0.5) | (model.high < 0.5)).mean()),
                "strengths": float(between(table["low"], truth, table["high"]).mean()),
                "shares": float(
                    between(pairs["cluster_low"], of_pairs, pairs["cluster_high"]).mean()
                ),
            }
        )
    mean = pd.DataFrame(found).mean()
    return {**mean.to_dict(), "error": float(np.sqrt(mean["square"]))}


def saved(adaptive: float, fixed: Mapping[int, float]) -> float:
    """Return the share of the votes that are saved, below zero where more are needed.

    Args:
        adaptive: mean width of the intervals with `PARTICIPANTS` people.
        fixed: people -> the same of the fixed plan.
    """
    slope, level = np.polyfit(np.log(list(fixed)), np.log(list(fixed.values())), 1)
    return float(1 - PARTICIPANTS / np.exp((np.log(adaptive) - level) / slope))


def compare(case: tuple[int, str, str], studies: int = STUDIES) -> dict[str, float]:
    """Compare the two plans in one case."""
    voters = population(*case)
    adaptive = outcomes(voters, studies, True, PARTICIPANTS)
    fixed = {people: outcomes(voters, studies, False, people) for people in AROUND}
    here = fixed[PARTICIPANTS]
    return {
        **{f"{name} fixed": value for name, value in here.items()},
        **{f"{name} adaptive": value for name, value in adaptive.items()},
        "saved": saved(adaptive["width"], {k: v["width"] for k, v in fixed.items()}),
    }


def line(case: tuple[int, str, str], found: Mapping[str, float]) -> str:
    """Return one row of the table in studies/README.md."""
    methods, ends, people = case
    values = [f"{methods}", f"±{ENDS[ends]:g}", people]
    values += [
        f"{found[f'{name} fixed']:.2f} → {found[f'{name} adaptive']:.2f}"
        for name in ("width", "error")
    ]
    values.insert(4, f"{100 * found['saved']:.0f}")
    values += [
        f"{100 * found[f'{name} fixed']:.0f} → {100 * found[f'{name} adaptive']:.0f}"
        for name in ("apart", "strengths", "shares")
    ]
    return f"| {' | '.join(values)} |"


@pytest.mark.benchmark(group="adaptive pairs")
@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(map(str, case)))
def test_adaptive_pairs_save_votes_and_intervals_hold(benchmark, capsys, case):
    found = benchmark.pedantic(compare, args=(case,), rounds=1)
    with capsys.disabled():
        print(f"\n{line(case, found)}")
    benchmark.extra_info["adaptive"] = found
    # The promise of the fixed plan, less three errors of a mean of that many studies.
    assert found["strengths adaptive"] >= PROMISED[0] - 0.03
    # Noise of a comparison of two simulations may look like a cost.
    assert found["saved"] > (0 if ENDS[case[1]] > 2 else -0.15)


if __name__ == "__main__":
    for one in CASES:
        print(line(one, compare(one, int(sys.argv[1]))), flush=True)
