"""How sure a number from votes is: by hand, against other tools, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from studies.analysis.clusters import Clusters, crossed_correlation, crossed_shares, crossed_spread
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import influences, rank
from studies.analysis.tally import tally, wilson
from studies.design.davidson import davidson


def alone(people: np.ndarray) -> Clusters:
    """Votes on one pair of pictures."""
    here = np.zeros(len(people), dtype=np.intp)
    return Clusters(people, here, here)


def test_people_contents_and_styles_by_hand():
    """Four people judge each of 3 x 3 pairs once; the effects of all three are known."""
    person, content, style = (axis.ravel() for axis in np.indices((4, 3, 3)))
    effects = [np.array([3.0, -1, -1, -1]), np.array([2.0, 0, -2]), np.array([4.0, -2, -2])]
    noise = np.random.default_rng(0).normal(size=36)
    influence = (effects[0][person] + effects[1][content] + effects[2][style] + noise) / 36
    influence -= influence.mean()
    clusters = Clusters(person, content, style)
    parts = []
    for codes, levels in ((person, 4), (content, 3), (style, 3), (np.arange(36), 36)):
        sums = np.array([influence[codes == level].sum() for level in range(levels)])
        parts.append(levels / (levels - 1) * (sums**2).sum())
    people, contents, styles = parts[0], parts[1] - parts[3], parts[2] - parts[3]
    assert min(contents, styles) > 0
    found = crossed_spread(influence[:, None], np.ones((36, 1), dtype=bool), clusters)
    assert found.variance[0] == pytest.approx(people + contents + styles)
    assert found.freedom[0] == pytest.approx(
        (people + contents + styles) ** 2 / (people**2 / 3 + contents**2 / 2 + styles**2 / 2)
    )
    # Two contents cannot tell how contents differ, and nothing is said of others.
    few = Clusters(person, content // 2, style)
    found = crossed_spread(influence[:, None], np.ones((36, 1), dtype=bool), few)
    assert found.variance[0] == pytest.approx(people + styles)


def test_pictures_that_do_not_differ_add_nothing():
    """Every picture has the same answers, less than chance would make them differ."""
    person, content = (axis.ravel() for axis in np.indices((6, 4)))
    influence = np.where(content % 2, 1.0, -1.0) * np.where(person % 2, 1, -1)
    takes = np.ones((24, 1), dtype=bool)
    here = crossed_spread(influence[:, None], takes, Clusters(person, content, content))
    assert here.variance[0] == crossed_spread(influence[:, None], takes, alone(person)).variance[0]


def test_one_persons_answers_are_alike():
    """Ten times the same answers are not ten times as many votes."""
    once = (np.random.default_rng(0).random((40, 1)) < 0.6).astype(float)
    people = np.arange(40)
    first = crossed_shares(once, np.ones((40, 1)), alone(people))
    many = crossed_shares(
        np.repeat(once, 10, axis=0), np.ones((400, 1)), alone(np.repeat(people, 10))
    )
    for one, other in zip(first, many, strict=True):
        assert one == pytest.approx(other)
    plain, many_plain = wilson(once.sum(), 40), wilson(10 * once.sum(), 400)
    assert first.high[0] - first.low[0] == pytest.approx(plain[1] - plain[0], rel=0.1)
    assert first.high[0] - first.low[0] > 2.5 * (many_plain[1] - many_plain[0])


def test_agreement_of_all_is_not_certainty():
    found = crossed_shares(np.ones((45, 1)), np.ones((45, 1)), alone(np.repeat(np.arange(9), 5)))
    assert found.high[0] == pytest.approx(1)
    assert found.low[0] == pytest.approx(1 / (1 + 2.306**2 / 9), abs=1e-4)  # Wilson, 9 of 9, t(8)
    assert found.p[0] == pytest.approx(2 * stats.t.sf(3, 8))


def test_few_participants_have_no_interval():
    found = crossed_shares(np.ones((4, 1)), np.ones((4, 1)), alone(np.array([0, 0, 1, 1])))
    assert np.isnan([found.low[0], found.high[0], found.p[0]]).all()
    assert found.share[0] == 1


@pytest.mark.parametrize("level", [0.95, 0.99])
def test_p_and_interval_say_the_same(level):
    random = np.random.default_rng(3)
    won = (random.random((300, 200)) < 0.58).astype(float)
    people, contents, styles = (random.integers(n, size=300) for n in (30, 5, 6))
    found = crossed_shares(won, np.ones(won.shape), Clusters(people, contents, styles), level)
    beside = (found.low > 0.5) | (found.high < 0.5)
    assert (beside == (found.p < 1 - level)).all()
    assert 0 < beside.mean() < 1


def test_correlations_are_those_of_the_parts():
    random = np.random.default_rng(0)
    clusters = Clusters(*(random.integers(n, size=400) for n in (30, 5, 6)))
    influence = random.normal(size=(400, 2)) @ np.array([[1.0, 0.8], [0, 0.6]])
    found = crossed_correlation(influence - influence.mean(axis=0), clusters)
    assert np.diag(found) == pytest.approx([1, 1])
    assert found == pytest.approx(found.T)
    assert found[0, 1] == pytest.approx(0.8, abs=0.2)


def test_intervals_know_that_pictures_differ():
    """The short form of `tests/benchmarks/test_vote_coverage.py`: 20 studies, six methods each."""
    methods = dict(zip("abcdef", (1.0, 0.6, 0.2, -0.2, -0.6, -1.0), strict=True))
    voters = Voters(methods, tie=0.3, spread=0.5, pictures=1.0)
    truth = davidson(*voters.chances("abcdef"), 1e-12)
    held, by_people = [], []
    for seed in range(20):
        design = round_robin("abcdef", 30, 20, seed, pictures=(5, 6))
        counts = tally(simulate(design, voters, seed)[0], "abcdef")
        table = rank(counts, draws=2).table
        held += ((table["low"] <= truth.methods) & (truth.methods <= table["high"])).tolist()
        estimate = davidson(counts.wins.sum(axis=0), counts.ties.sum(axis=0))
        moved = influences(counts, np.arange(6), estimate)[:, :6]
        spread = crossed_spread(
            moved, np.ones(moved.shape, dtype=bool), alone(counts.clusters.people)
        )
        half = stats.t.ppf(0.975, 29) * np.sqrt(spread.variance)
        by_people += (np.abs(estimate.methods - truth.methods) <= half).tolist()
    assert 0.88 <= np.mean(held) <= 0.99
    assert np.mean(by_people) < 0.8
