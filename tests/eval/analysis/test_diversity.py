from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eval.analysis.diversity import vendi_of_chance, vendi_score, weighted_vendi_score


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
