"""What the benchmarks of coverage share: the promise, and how it is told and checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

import numpy as np
import pytest

from studies.analysis.differences import MethodRanking

PARTICIPANTS, TRIALS = 30, 20
STRENGTHS = {"a": 1.0, "b": 0.6, "c": 0.2, "d": -0.2, "e": -0.6, "f": -1.0}
METHODS = tuple(STRENGTHS)
#: Simulated studies of each case.
STUDIES = 200
#: The coverage that is promised, and how many of its errors a simulation may miss it by.
PROMISED, ERRORS = (0.93, 0.97), 3
#: Contents and styles.
PICTURES = ((5, 6), (15, 20))
#: The kind of interval of which all of a study have to hold.
AT_ONCE = "all differences, at once"


def between(low: np.ndarray, truth: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Tell of each interval whether the truth is in it."""
    return np.asarray((low <= truth) & (truth <= high))


def strengths_held(ranking: MethodRanking, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Tell of the intervals of strengths, and of every two's difference, whether they hold.

    Args:
        ranking: of a study.
        truth: the strengths, in the order of `METHODS`.
    """
    table, pairs = ranking.table, ranking.pairs
    first, second = np.array(list(combinations(range(len(METHODS)), 2))).T
    gaps = truth[first] - truth[second]
    return {
        "strengths": between(table["low"], truth, table["high"]),
        "differences of two": between(pairs["low"], gaps, pairs["high"]),
        AT_ONCE: np.array([between(pairs["all_low"], gaps, pairs["all_high"]).all()]),
    }


def assert_promised_at_once(found: Mapping[str, np.ndarray]) -> None:
    """Check that all differences of a study hold at once often enough; more often is no fault."""
    every = found[AT_ONCE].astype(float)
    assert every.mean() + ERRORS * every.std(ddof=1) / np.sqrt(STUDIES) >= PROMISED[0]


def tell(
    benchmark: Any,
    capsys: pytest.CaptureFixture[str],
    found: Mapping[str, np.ndarray],
    answers: str,
    case: str,
    pictures: tuple[int, int],
) -> None:
    """Print how often each kind of interval held the truth, and keep it with the benchmark.

    Args:
        benchmark: pytest's own.
        capsys: pytest's own.
        found: for each kind of interval, (studies, n) of whether it held.
        answers: "votes" or "marks".
        case: what the people and pictures are like.
        pictures: how many contents and styles.
    """
    with capsys.disabled():
        print(
            f"\n{STUDIES} studies of {PARTICIPANTS} people, {TRIALS} {answers} each, on "
            f"{pictures[0]} x {pictures[1]} pairs: {case}"
        )
        for name, held in found.items():
            each = " ".join(f"{value:.3f}" for value in held.mean(axis=0)[:6])
            print(f"  {name:26s} {held.mean():.3f}   ({each})")
    benchmark.extra_info["coverage"] = {name: float(held.mean()) for name, held in found.items()}


def assert_promised(found: Mapping[str, np.ndarray], names: Iterable[str]) -> None:
    """Check some kinds of intervals against the promise."""
    for name in names:
        # The methods of one study are not independent, so the error is that of the studies' means.
        of_studies = found[name].mean(axis=1)
        error = of_studies.std(ddof=1) / np.sqrt(STUDIES)
        assert PROMISED[0] - ERRORS * error <= of_studies.mean(), name
        assert of_studies.mean() <= PROMISED[1] + ERRORS * error, name
