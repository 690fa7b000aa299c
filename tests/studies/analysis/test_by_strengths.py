"""Two methods of a fixed plan by their strengths, beside the votes on the two alone."""

from __future__ import annotations

import numpy as np
import pytest

from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import modelled_shares
from studies.analysis.tally import tally
from studies.analysis.winrates import pairs_table

STRENGTHS = {"a": 1.0, "b": 0.6, "c": 0.2, "d": -0.2, "e": -0.6, "f": -1.0}
METHODS = list(STRENGTHS)


def outcomes(studies: int, pictures: tuple[int, int]) -> np.ndarray:
    """Return of each study whether all intervals hold at once, and shares of pairs, (studies, 4).

    The shares are of those whose own interval holds, and of those that are told apart: by
    strengths, and directly.
    """
    people = Voters(STRENGTHS, tie=0.3, spread=0.5, pictures=0.5)
    won, _ = people.chances(METHODS)
    first, second = np.triu_indices(len(METHODS), 1)
    truth = won[first, second] / (won + won.T)[first, second]
    found = []
    for seed in range(studies):
        votes, _ = simulate(round_robin(METHODS, 30, 20, seed, pictures), people, seed)
        counts = tally(votes, METHODS)
        table, one = pairs_table(counts), modelled_shares(counts)
        every = (table["model_all_low"] <= truth) & (truth <= table["model_all_high"])
        own = ((one.low <= truth) & (truth <= one.high)).mean()
        found.append((every.all(), own, table["model_apart"].mean(), table["apart"].mean()))
    return np.array(found, dtype=np.float64)


def test_more_methods_are_told_apart_and_the_intervals_hold():
    every, own, apart, direct = outcomes(4, (15, 20)).mean(axis=0)
    assert every >= 0.75
    assert own >= 0.85
    assert apart > direct + 0.1


@pytest.mark.slow
@pytest.mark.parametrize("pictures", [(15, 20), (5, 6)], ids=["15 x 20", "5 x 6"])
def test_intervals_by_strengths_hold_the_truth_as_often_as_they_say(pictures):
    every, own, apart, direct = outcomes(60, pictures).mean(axis=0)
    assert every >= 0.88  # 0.95, with three errors of 60 studies
    assert own == pytest.approx(0.955, abs=0.035)
    assert apart > direct + 0.1


def test_an_adaptive_study_is_compared_by_strengths_anyway_and_circles_only_directly():
    people = Voters(STRENGTHS, tie=0.3)
    votes, _ = simulate(round_robin(METHODS, 20, 15, 1), people, 1)
    table = pairs_table(tally(votes.assign(pair="adaptive"), METHODS))
    np.testing.assert_allclose(table["share"], table["model_share"])
    np.testing.assert_allclose(table["all_low"], table["model_all_low"])
    # a beats b, b beats c, and c beats a, each in about nine of ten votes: strengths tell nothing.
    rock = votes.iloc[:180].assign(
        left_method=list("abc") * 60, right_method=list("bca") * 60, answer="left",
        pair="", kind="vote",
    )  # fmt: skip
    rock.loc[rock.index[np.random.default_rng(0).random(180) < 0.1], "answer"] = "right"
    table = pairs_table(tally(rock, ["a", "b", "c"]))
    assert table["apart"].all()
    assert (np.abs(table["model_share"] - 0.5) < 0.1).all()
