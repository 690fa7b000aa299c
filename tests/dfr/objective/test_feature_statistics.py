"""Each statistic against a plain NumPy loop, and the laws it must obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dfr.objective import feature_statistics
from dfr.objective.feature_statistics import STATISTICS

from_seed = st.integers(0, 2**31)


def random_features(seed: int, channels: int = 5, height: int = 4, width: int = 6) -> torch.Tensor:
    """Positive and zero values, as after a ReLU, at the scale of real features."""
    values = np.random.default_rng(seed).normal(0, 100, (1, channels, height, width))
    return torch.tensor(np.maximum(values, 0), dtype=torch.float32)


def loop(name: str, features: torch.Tensor) -> np.ndarray:
    """The definitions, written out one entry at a time."""
    rows = features[0].flatten(1).double().numpy()
    count, places = rows.shape
    result = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            a, b = list(rows[i]), list(rows[j])
            if name == "gram":
                result[i, j] = sum(x * y for x, y in zip(a, b, strict=True)) / places
            elif name == "euclidean":
                result[i, j] = math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)))
            elif name == "cosine":
                lengths = [math.sqrt(sum(x * x for x in row)) + 1e-8 for row in (a, b)]
                dot = sum(x * y for x, y in zip(a, b, strict=True))
                result[i, j] = dot / lengths[0] / lengths[1]
            else:
                means = sum(a) / places, sum(b) / places
                a, b = [x - means[0] for x in a], [y - means[1] for y in b]
                dot = sum(x * y for x, y in zip(a, b, strict=True))
                if name == "covariance":
                    result[i, j] = dot / places
                else:  # pearson, not divided by the number of places
                    spreads = [math.sqrt(sum(x * x for x in row) / places) + 1e-8 for row in (a, b)]
                    result[i, j] = dot / spreads[0] / spreads[1]
    return result


@pytest.mark.parametrize("name", STATISTICS)
@given(seed=from_seed)
def test_equals_the_loop(name, seed):
    features = random_features(seed)
    found = STATISTICS[name](features)[0].double().numpy()
    expected = loop(name, features)
    scale = np.abs(expected).max()
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("name", ["pearson", "cosine"])
def test_what_is_added_before_dividing_shows_where_channels_hardly_vary(name):
    features = 1e-10 * random_features(7).double()
    assert np.allclose(STATISTICS[name](features)[0].numpy(), loop(name, features), rtol=1e-6)


@pytest.mark.parametrize("size", [1, 4096, 4097, 9000])
def test_products_summed_in_parts_are_the_products(size):
    places = torch.rand(2, size, 3, dtype=torch.float64)
    found = feature_statistics._summed_in_parts(places)
    assert torch.allclose(found, places.mT @ places)


def test_products_are_cut_for_a_whole_device_and_not_on_a_cpu(monkeypatch):
    cut = []
    whole = feature_statistics._summed_in_parts
    monkeypatch.setattr(
        feature_statistics, "_summed_in_parts", lambda given: cut.append(given) or whole(given)
    )
    features = random_features(3)
    STATISTICS["gram"](features)
    assert cut == []
    there = STATISTICS["gram"](features.to("meta"))
    assert there.shape == (1, 5, 5)
    assert [each.dtype for each in cut] == [torch.float32]
    STATISTICS["gram"](features.bfloat16().to("meta"))
    assert cut[1].dtype == torch.float32


@pytest.mark.parametrize("name", STATISTICS)
def test_faint_features_equal_the_loop_too(name):
    features = random_features(0) / 1e4
    found = STATISTICS[name](features)[0].double().numpy()
    assert found == pytest.approx(loop(name, features), rel=1e-3, abs=1e-9)


@pytest.mark.parametrize("name", STATISTICS)
@given(seed=from_seed)
def test_a_permutation_of_places_changes_nothing(name, seed):
    features = random_features(seed)
    order = torch.from_numpy(np.random.default_rng(seed).permutation(24))
    moved = features.flatten(2)[:, :, order].reshape(features.shape)
    before, after = STATISTICS[name](features), STATISTICS[name](moved)
    assert torch.allclose(before, after, rtol=1e-4, atol=1e-4 * float(before.abs().max()))


@pytest.mark.parametrize("name", STATISTICS)
def test_symmetric_and_per_picture(name):
    batch = torch.cat([random_features(1), random_features(2)])
    both = STATISTICS[name](batch)
    assert both.shape == (2, 5, 5)
    assert torch.allclose(both, both.mT)
    assert torch.allclose(both[1:], STATISTICS[name](batch[1:]), rtol=1e-5)


@pytest.mark.parametrize("name", ["pearson", "cosine"])
@given(seed=from_seed, factor=st.floats(0.1, 10))
def test_scale_of_a_channel_does_not_matter(name, seed, factor):
    features = random_features(seed) + 1
    scaled = features.clone()
    scaled[:, 2] *= factor
    before, after = STATISTICS[name](features), STATISTICS[name](scaled)
    assert torch.allclose(before, after, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", ["zero", "constant", "one channel zero", "equal channels"])
@pytest.mark.parametrize("name", STATISTICS)
def test_gradients_are_finite_where_the_definitions_have_a_corner(name, kind):
    features = {
        "zero": torch.zeros(1, 4, 3, 3),
        "constant": torch.full((1, 4, 3, 3), 7.0),
        "one channel zero": random_features(3, 4, 3, 3)
        * torch.tensor([1, 0, 1, 1]).view(1, 4, 1, 1),
        "equal channels": random_features(3, 1, 3, 3).expand(1, 4, 3, 3).clone(),
    }[kind].requires_grad_()
    value = STATISTICS[name](features)
    assert value.isfinite().all()
    (gradient,) = torch.autograd.grad((value - 1).square().sum(), features)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("sides", [(4, 6), (90, 101)])
def test_bfloat16_features_lose_little(name, sides):
    """Places are many enough in the second case to be summed in parts."""
    rough = random_features(3, 8, *sides).bfloat16()
    exact = rough.float().requires_grad_()
    rough.requires_grad_()
    found, expected = STATISTICS[name](rough), STATISTICS[name](exact)
    assert found.dtype == torch.float32
    assert float((found - expected).detach().norm() / expected.detach().norm()) < 3e-3
    weights = torch.randn(expected.shape, generator=torch.Generator().manual_seed(0))
    slopes = [
        torch.autograd.grad((weights * result).sum(), features)[0].float()
        for result, features in ((found, rough), (expected, exact))
    ]
    assert float((slopes[0] - slopes[1]).norm() / slopes[1].norm()) < 1e-2
