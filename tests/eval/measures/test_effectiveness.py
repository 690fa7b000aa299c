"""The E statistic against NumPy and sampling, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch.distributions import MultivariateNormal

from dfr.core.errors import UserError
from dfr.network.encoder import STYLE_LAYERS
from eval.measures import effectiveness
from eval.measures.effectiveness import e_statistic, e_statistics, of_outputs
from eval.measures.pca_bases import RANKS, covariance, fit_bases, rank_of

HIGHEST = -math.log(effectiveness.LEAST_DIVERGENCE)


@pytest.fixture(scope="module")
def bases(encoder, content):
    return fit_bases([content, content.flip(-1)], encoder)


def features(picture: torch.Tensor, encoder, layer: str) -> np.ndarray:
    return encoder(picture, [layer])[layer][0].flatten(1).double().numpy()


def gaussian(seed: int, size: int) -> MultivariateNormal:
    draw = np.random.default_rng(seed)
    root = draw.normal(size=(size, size)) / math.sqrt(size) + np.eye(size)
    return MultivariateNormal(torch.tensor(draw.normal(size=size)), torch.tensor(root @ root.T))


@pytest.mark.parametrize("seed", range(3))
def test_one_layer_is_the_mean_log_ratio_of_the_densities(seed):
    output, style = gaussian(seed, 4), gaussian(seed + 10, 4)
    torch.manual_seed(seed)
    samples = output.sample((200_000,))
    ratios = output.log_prob(samples) - style.log_prob(samples)
    divergence = math.exp(-effectiveness.effectiveness(output, style))
    error = float(ratios.std()) / math.sqrt(len(ratios))
    assert divergence == pytest.approx(float(ratios.mean()), abs=5 * error)
    back = math.exp(-effectiveness.effectiveness(style, output))
    assert abs(back - divergence) > 10 * error, "the direction must matter"


def test_every_layer_against_numpy(encoder, content, style):
    """Eigenvalues of the covariances in place of whitening, factors and solves."""
    contents = [content, content.flip(-1).contiguous(), style * 0.5]
    output = 0.6 * content + 0.4 * style
    found = e_statistics(output, style, fit_bases(contents, encoder), encoder)
    assert list(found) == list(STYLE_LAYERS)
    for layer, value in found.items():
        reference = np.mean(
            [np.cov(features(picture, encoder, layer), bias=True) for picture in contents], axis=0
        )
        left, spread, _ = np.linalg.svd(reference)
        places = features(output, encoder, layer).shape[1]
        rank = min(RANKS[layer], places // 3)
        left, spread = left[:, :rank], spread[:rank]
        ridge = 1e-3 * np.diag(spread)
        means, covariances = [], []
        for picture in (output, style):
            rows = features(picture, encoder, layer)
            means.append(left.T @ rows.mean(axis=1))
            covariances.append(left.T @ np.cov(rows, bias=True) @ left + ridge)
        inverse = np.linalg.inv(covariances[1])
        away = means[1] - means[0]
        ratios = np.linalg.eigvals(inverse @ covariances[0]).real
        divergence = (np.sum(ratios - 1 - np.log(ratios)) + away @ inverse @ away) / 2
        assert value == pytest.approx(-math.log(divergence), abs=1e-4), layer


def test_one_number_is_the_mean_of_the_layers(encoder, content, style, bases):
    found = e_statistics(content, style, bases, encoder)
    assert len(set(found.values())) == 5
    assert e_statistic(content, style, bases, encoder) == pytest.approx(sum(found.values()) / 5)


def test_higher_at_each_layer_the_nearer_to_the_style(encoder, content, style, bases):
    parts = (0, 0.3, 0.6, 0.8, 0.95, 1)
    mixed = {f"{part}": (1 - part) * content + part * style for part in parts}
    found = of_outputs(mixed, style, bases, encoder)
    for layer in STYLE_LAYERS:
        values = [found[name][layer] for name in mixed]
        assert values == sorted(values), (layer, values)
        assert values[-1] == pytest.approx(HIGHEST)
        assert values[-2] < HIGHEST - 5
    assert found["0.3"] == e_statistics(mixed["0.3"], style, bases, encoder)


def test_noise_is_further_from_the_style_than_a_half_style(encoder, content, style, bases):
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    half = (content + style) / 2
    assert (
        e_statistic(noise, style, bases, encoder) < e_statistic(half, style, bases, encoder) - 0.5
    )


def test_directions_are_orthonormal_and_ordered(encoder, content, bases):
    assert bases.ranks == dict(zip(STYLE_LAYERS, (32, 48, 64, 16, 4), strict=True))
    for layer, directions in bases.directions.items():
        size = directions.shape[1]
        assert torch.allclose(directions.T @ directions, torch.eye(size, dtype=torch.float64))
        variances = bases.variances[layer]
        assert (variances.diff() <= 0).all()
        projected = [
            bases.project(layer, torch.tensor(features(picture, encoder, layer)))
            for picture in (content, content.flip(-1))
        ]
        mean = sum(covariance(each) for each in projected) / 2
        assert torch.allclose(mean, torch.eye(size, dtype=torch.float64), atol=1e-6)


def test_ranks_are_the_published_ones_where_there_are_places_enough():
    published = dict(zip(STYLE_LAYERS, (32, 48, 128, 256, 256), strict=True))
    for size, expected in (
        ((422, 512), published),
        ((96, 116), {**published, "block4_conv1": 56, "block5_conv1": 14}),
    ):
        for block, layer in enumerate(STYLE_LAYERS):
            places = (size[0] >> block) * (size[1] >> block)
            assert rank_of(layer, places) == expected[layer]


def test_the_rank_follows_the_smallest_picture(encoder, content, style):
    small = style[..., :32, :32]
    for pictures in ([content, small], [small, content]):
        assert fit_bases(pictures, encoder).ranks["block5_conv1"] == 1
        assert fit_bases(pictures, encoder).ranks["block3_conv1"] == 64 // 3


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_flat_and_tiny_pictures_stay_finite(encoder, content, style, bases, level):
    flat = torch.full_like(content, level)
    pictures = {"flat": flat, "content": content, "tiny": content[..., :32, :32]}
    eye = encoder.remembering(RANKS)
    for fitted in (bases, fit_bases([flat], eye)):
        for wanted in (flat, style, style[..., :32, :32]):
            for layers in of_outputs(pictures, wanted, fitted, eye).values():
                assert all(math.isfinite(value) for value in layers.values())
    assert e_statistic(flat, flat, bases, eye) == pytest.approx(HIGHEST)
    assert e_statistic(flat, style, bases, eye) < 0


def test_directions_of_rounding_are_left_out(encoder):
    """In a flat picture only the border varies: 8 kinds of it, and the inside."""
    flat = torch.full((1, 3, 48, 64), 0.5)
    fitted = fit_bases([flat], encoder)
    assert 1 <= fitted.ranks["block1_conv1"] <= 8
    for variances in fitted.variances.values():
        assert variances[-1] > 1e-6 * variances[0]


def test_pictures_without_a_basis_are_refused(encoder, content):
    with pytest.raises(UserError, match="no reference pictures"):
        fit_bases([], encoder)
    with pytest.raises(UserError, match="do not vary at block5_conv1"):
        fit_bases([content[..., :16, :16]], encoder)
