"""The Frechet distance against scipy's matrix root, and the SIFID-like distance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from eval.measures.frechet import Gaussian, frechet_distance
from eval.measures.single_image_frechet import gaussian_of


def by_scipy(one: np.ndarray, other: np.ndarray) -> float:
    m, s = one.mean(axis=0), other.mean(axis=0)
    a, b = np.cov(one.T), np.cov(other.T)
    return float(((m - s) ** 2).sum() + np.trace(a + b - 2 * sqrtm(a @ b).real))


@given(st.integers(0, 10_000), st.integers(2, 6))
def test_against_the_root_of_the_product(seed, columns):
    random = np.random.default_rng(seed)
    one, other = random.normal(size=(40, columns)), 2 * random.normal(size=(30, columns)) + 0.5
    found = frechet_distance(Gaussian.of(one), Gaussian.of(other))
    assert found == pytest.approx(by_scipy(one, other), rel=1e-6)
    assert frechet_distance(Gaussian.of(other), Gaussian.of(one)) == pytest.approx(found, rel=1e-6)


def test_fewer_rows_than_columns():
    """Then covariances are singular. In one dimension less, d = (a - b)^2 of the deviations."""
    line = np.zeros((3, 5))
    line[:, 0] = (-1, 0, 1)
    assert frechet_distance(Gaussian.of(line), Gaussian.of(3 * line + 1)) == pytest.approx(
        5 * 1 + (1 - 3) ** 2
    )
    assert frechet_distance(Gaussian.of(line), Gaussian.of(line)) == pytest.approx(0, abs=1e-9)


def test_of_pictures(encoder, content, style):
    """Against scipy on relu2_2 itself; 0 for the style, and less the nearer to it."""
    rows = [
        encoder(picture, ("block2_conv2",))["block2_conv2"][0].flatten(1).T.double().numpy() / 104
        for picture in (content, style)
    ]
    wanted = gaussian_of(style, encoder)
    assert frechet_distance(gaussian_of(content, encoder), wanted) == pytest.approx(
        by_scipy(*rows), rel=1e-4
    )
    assert frechet_distance(wanted, wanted) == pytest.approx(0, abs=1e-6)
    near = torch.lerp(content, style, 0.8)
    assert frechet_distance(gaussian_of(near, encoder), wanted) < 0.5 * by_scipy(*rows)
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    # Noise may be nearer than the content, but it is not near.
    assert frechet_distance(gaussian_of(noise, encoder), wanted) > 0.4 * by_scipy(*rows)
