from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eval.analysis.diversity import (
    FAITHFUL_COHERENCE,
    FAITHFUL_GAP,
    faithful_diversity,
    vendi_of_chance,
    vendi_score,
    weighted_vendi_score,
)


def squared_distances(points: np.ndarray) -> np.ndarray:
    return ((points[:, None] - points[None]) ** 2).sum(axis=2)


places = st.integers(1, 6).flatmap(
    lambda n: arrays(np.float64, (n, 3), elements=st.floats(-3, 3, width=32))
)


@given(places)
def test_the_effective_number_is_from_one_to_as_many_as_there_are(points):
    found = vendi_score(squared_distances(points))
    assert 1 - 1e-6 <= found <= len(points) + 1e-6


@given(places)
def test_an_output_twice_over_each_is_as_diverse_as_once(points):
    twice = np.concatenate([points, points])
    assert vendi_score(squared_distances(twice)) == pytest.approx(
        vendi_score(squared_distances(points)), rel=1e-6
    )


def test_equal_outputs_count_as_one_and_far_ones_each():
    assert vendi_score(np.zeros((4, 4))) == pytest.approx(1)
    far = 50 * (1 - np.eye(4))
    assert vendi_score(far) == pytest.approx(4)


def test_the_score_times_quality_as_its_authors_print_it():
    """The example in the README of vertaix/Quality-Weighted-Vendi-Score."""
    places = np.array([0.0, 0.0, 2.0])
    distances = np.abs(places[:, None] - places[None])
    qualities = np.exp(-np.abs(places - 2))
    assert weighted_vendi_score(distances, qualities) == pytest.approx(0.793705659274703)


def test_the_score_of_two_by_hand():
    """K = [[1, k], [k, 1]] with k = exp(-d): eigenvalues of K / 2 are (1 + k) / 2, (1 - k) / 2."""
    k = np.exp(-0.6)
    a, b = (1 + k) / 2, (1 - k) / 2
    expected = np.exp(-(a * np.log(a) + b * np.log(b)))
    assert vendi_score(np.array([[0, 0.6], [0.6, 0]])) == pytest.approx(expected)
    assert vendi_of_chance(0.6, 2) == pytest.approx(expected)


@given(st.floats(0, 1), st.integers(2, 8))
def test_chance_makes_less_of_outputs_that_it_sets_less_apart(floor, outputs):
    assert vendi_of_chance(floor, outputs) <= vendi_of_chance(floor + 0.1, outputs)
    assert vendi_of_chance(0.0, outputs) == pytest.approx(1)


#: Two outputs that do what was asked, and the controls: the photograph, the style picture, noise.
GAPS = np.array([0.95, 0.92, 0.0, 1.0, -3.0])
COHERENCES = np.array([0.5, 0.45, 1.0, 0.2, 0.3])
APART = 0.6 * (1 - np.eye(5))


def test_controls_are_not_faithful_however_far_apart_they_are():
    controls = slice(2, None)
    assert faithful_diversity(APART[2:, 2:], GAPS[controls], COHERENCES[controls]) == 0
    assert vendi_score(APART[2:, 2:]) > 2


def test_faithful_outputs_count_as_the_vendi_score_of_them_alone():
    assert faithful_diversity(APART, GAPS, COHERENCES) == pytest.approx(vendi_score(APART[:2, :2]))
    one = faithful_diversity(APART, np.where(np.arange(5) == 1, 0.5, GAPS), COHERENCES)
    assert one == pytest.approx(1)


def test_equal_faithful_outputs_count_once():
    same = np.zeros((4, 4))
    assert faithful_diversity(same, np.full(4, 0.99), np.full(4, 0.6)) == pytest.approx(1)


def test_the_bounds_of_faithfulness_are_told_and_included():
    assert (FAITHFUL_GAP, FAITHFUL_COHERENCE) == (0.9, 0.4)
    two = 0.6 * (1 - np.eye(2))
    at = faithful_diversity(two, np.array([0.9, 0.9]), np.array([0.4, 0.4]))
    assert at == pytest.approx(vendi_score(two))
    for gaps, coherence in (([0.89, 0.9], [0.4, 0.4]), ([0.9, 0.9], [0.4, 0.39])):
        assert faithful_diversity(two, np.array(gaps), np.array(coherence)) == pytest.approx(1)


def test_faithful_diversity_is_not_known_where_a_measure_is_not():
    two = 0.6 * (1 - np.eye(2))
    assert np.isnan(faithful_diversity(two, np.array([0.95, np.nan]), np.array([0.5, 0.5])))
