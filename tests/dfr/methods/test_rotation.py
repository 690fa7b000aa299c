"""The readings against independent NumPy transcriptions of their published definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dfr.core.errors import UserError
from dfr.methods.rotation import PUBLISHED, rotation
from dfr.objective.feature_statistics import gram

shapes = st.tuples(st.integers(1, 6), st.integers(1, 5), st.integers(1, 7))


def features_of(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    values = np.random.default_rng(seed).normal(size=(1, *shape))
    return torch.tensor(values, dtype=torch.float32)


def published_code(nchw: np.ndarray, degrees: float) -> np.ndarray:
    """The authors' repository: tensors are (n, h, w, c)."""
    w = np.transpose(nchw, (0, 2, 3, 1))
    if degrees in (90, 270):
        out = np.reshape(np.ascontiguousarray(np.transpose(w, (3, 2, 1, 0))), w.shape)
    elif degrees == 180:
        out = w[:, :, ::-1, :]
    else:
        out = w
    return np.transpose(out, (0, 3, 1, 2))


def published_formulas(w: np.ndarray, degrees: float) -> np.ndarray:
    """The slides: tensors are (n, c, h, w)."""
    if degrees == 90:
        return np.ascontiguousarray(np.transpose(w, (3, 2, 1, 0))).reshape(w.shape)
    if degrees == 180:
        return w[:, :, ::-1, :]
    if degrees == 270:
        reversed_axes = np.transpose(w, (3, 2, 1, 0))  # (w, h, c, n)
        return np.ascontiguousarray(reversed_axes[:, :, ::-1, :]).reshape(w.shape)
    return w


@pytest.mark.parametrize("degrees", PUBLISHED)
@pytest.mark.parametrize(
    ("reading", "transcription"), [("code", published_code), ("paper", published_formulas)]
)
@given(shape=shapes)
def test_equals_the_transcription(reading, transcription, degrees, shape):
    features = features_of(shape)
    found = rotation(reading, degrees)(features).numpy()
    assert np.abs(found - transcription(features.numpy(), degrees)).max() <= 1e-5


@pytest.mark.parametrize("degrees", PUBLISHED)
@given(shape=shapes)
def test_spatial_is_a_true_rotation_and_the_gram_matrix_does_not_see_it(degrees, shape):
    features = features_of(shape)
    turned = rotation("spatial", degrees)(features)
    expected = np.rot90(features.numpy(), int(degrees // 90), axes=(2, 3))
    assert np.array_equal(turned.numpy(), expected)
    assert torch.allclose(gram(turned), gram(features), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("degrees", [90, 180, 270, -90, 450])
def test_angle_agrees_with_spatial_on_a_square(degrees):
    features = features_of((3, 9, 9))
    by_spline = rotation("angle", degrees)(features)
    exact = rotation("spatial", float(degrees % 360))(features)
    assert torch.allclose(by_spline, exact, atol=1e-4)


def test_angle_keeps_the_shape_and_fills_with_zero():
    features = torch.ones(1, 2, 20, 30)
    turned = rotation("angle", 45)(features)
    assert turned.shape == features.shape
    assert float(turned[0, 0, 0, 0]) == 0
    assert abs(float(turned[0, 0, 10, 15]) - 1) < 1e-4


def test_the_codes_270_is_its_90():
    features = features_of((4, 3, 5))
    assert torch.equal(rotation("code", 270)(features), rotation("code", 90)(features))


def test_unknown_reading_names_the_nearest():
    with pytest.raises(UserError, match="did you mean spatial"):
        rotation("spacial", 90)


def test_unknown_rotation_names_the_nearest():
    with pytest.raises(UserError, match=r"nearest is 90.*--reading angle"):
        rotation("code", 85)


@pytest.mark.parametrize("degrees", [float("nan"), float("inf")])
def test_angle_that_is_no_angle(degrees):
    with pytest.raises(UserError, match="finite"):
        rotation("angle", degrees)
