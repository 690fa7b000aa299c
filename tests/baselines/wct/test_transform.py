from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import given
from hypothesis import strategies as st

from baselines.wct.transform import orthogonal_noise, statistics, transform

Case = tuple[torch.Tensor, torch.Tensor, int]


def features(channels: int, height: int, width: int, seed: int, rank: int | None = None):
    """(1, c, h, w) in float64: correlated channels, of a rank, around a mean."""
    drawn = torch.Generator().manual_seed(seed)
    rank = channels if rank is None else rank
    # Deviations of 0.5 to 2 in the kept directions: none is near the floor.
    mixing = orthogonal_noise(channels, drawn)[:, :rank] * torch.linspace(0.5, 2, rank)
    places = torch.randn((rank, height * width), generator=drawn, dtype=torch.float64)
    places = torch.linalg.qr(places.T).Q.T * (height * width) ** 0.5
    mean = 5 * torch.randn((channels, 1), generator=drawn, dtype=torch.float64)
    return (mixing @ places + mean).reshape(1, channels, height, width)


def mean_and_covariance(drawn: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    flat = drawn.squeeze(0).flatten(1).double().numpy()
    return flat.mean(axis=1), np.cov(flat).reshape(len(flat), len(flat))


@st.composite
def cases(draw) -> Case:
    """A content with more places than channels, a style of any rank, and a seed."""
    channels = draw(st.integers(1, 6))
    seed = draw(st.integers(0, 10_000))
    content = features(channels, draw(st.integers(3, 6)), draw(st.integers(4, 6)), seed)
    rank = draw(st.integers(1, channels))
    style = features(channels, draw(st.integers(3, 6)), draw(st.integers(4, 6)), seed + 1, rank)
    return content, style, seed


@given(cases(), st.booleans())
def test_mean_and_covariance_are_the_styles_with_noise_and_without(case: Case, noisy: bool):
    content, style, seed = case
    of_style = statistics(style)
    noise = None
    if noisy:
        noise = orthogonal_noise(len(of_style.deviations), torch.Generator().manual_seed(seed))
    found = transform(content, of_style, noise=noise)
    for got, wanted in zip(mean_and_covariance(found), mean_and_covariance(style), strict=True):
        np.testing.assert_allclose(got, wanted, atol=1e-7 * (1 + np.abs(wanted).max()))


@given(cases())
def test_noise_keeps_the_gram_matrix_and_moves_the_places(case: Case):
    content, style, seed = case
    of_style = statistics(style)
    noise = orthogonal_noise(len(of_style.deviations), torch.Generator().manual_seed(seed))
    plain, perturbed = (
        transform(content, of_style, noise=each).squeeze(0).flatten(1) for each in (None, noise)
    )
    grams = [(each @ each.T).numpy() for each in (plain, perturbed)]
    np.testing.assert_allclose(*grams, atol=1e-7 * np.abs(grams[0]).max())
    assert torch.allclose(plain, perturbed) == torch.allclose(noise, torch.eye(len(noise)).double())


@given(cases())
def test_alpha_0_leaves_the_features_and_alpha_mixes(case: Case):
    content, style, _ = case
    of_style = statistics(style)
    full = transform(content, of_style)
    torch.testing.assert_close(transform(content, of_style, alpha=0.0), content)
    half = transform(content, of_style, alpha=0.3)
    torch.testing.assert_close(half, 0.3 * full + 0.7 * content)


@given(cases())
def test_the_content_with_its_own_style_stays(case: Case):
    content, _, _ = case
    torch.testing.assert_close(transform(content, statistics(content)), content)


def test_is_the_formula_with_roots_of_matrices():
    content, style = features(5, 6, 7, 1), features(5, 4, 9, 2)
    (mean_c, cov_c), (mean_s, cov_s) = mean_and_covariance(content), mean_and_covariance(style)
    flat = content.squeeze(0).flatten(1).numpy() - mean_c[:, None]
    whitened = np.linalg.inv(scipy.linalg.sqrtm(cov_c)) @ flat
    wanted = scipy.linalg.sqrtm(cov_s) @ whitened + mean_s[:, None]
    found = transform(content, statistics(style)).squeeze(0).flatten(1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-9)


def test_between_0_and_1_diversity_shrinks_the_covariance_as_the_formula_says():
    content, style = features(4, 8, 8, 3), features(4, 8, 8, 4)
    of_style = statistics(style)
    noise = orthogonal_noise(4, torch.Generator().manual_seed(5))
    found = transform(content, of_style, noise=noise, diversity=0.6)
    mixed = 0.4 * torch.eye(4).double() + 0.6 * noise
    root = of_style.directions * of_style.deviations
    wanted = (root @ mixed @ mixed.T @ root.T).numpy()
    covariance = mean_and_covariance(found)[1]
    np.testing.assert_allclose(covariance, wanted, atol=1e-8)
    assert np.trace(covariance) < 0.95 * np.trace(mean_and_covariance(style)[1])
    torch.testing.assert_close(
        transform(content, of_style, noise=noise, diversity=0.0), transform(content, of_style)
    )


def test_noise_is_orthogonal_seeded_and_without_preference():
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([orthogonal_noise(3, generator) for _ in range(800)])
    torch.testing.assert_close(
        drawn @ drawn.mT, torch.eye(3).double().expand(800, 3, 3), atol=1e-12, rtol=0
    )
    assert torch.equal(drawn[0], orthogonal_noise(3, torch.Generator().manual_seed(0)))
    # Of all orthogonal matrices the trace has mean 0 and deviation 1: without the signs of R the
    # mean is far from 0.
    assert abs(float(drawn.diagonal(dim1=1, dim2=2).sum(dim=1).mean())) < 4 / 800**0.5
    assert 300 < int((torch.linalg.det(drawn) > 0).sum()) < 500


@pytest.mark.parametrize("noisy", [False, True])
@pytest.mark.parametrize("flat", ["content", "style", "both"])
def test_features_without_variation_give_the_styles_mean(flat: str, noisy: bool):
    content, style = features(4, 5, 5, 6), features(4, 5, 5, 7)
    if flat in ("content", "both"):
        content = content.mean((2, 3), keepdim=True).expand_as(content)
    if flat in ("style", "both"):
        style = style.mean((2, 3), keepdim=True).expand_as(style)
    of_style = statistics(style)
    size = len(of_style.deviations)
    assert (size == 0) == (flat != "content")
    noise = orthogonal_noise(size, torch.Generator().manual_seed(0)) if noisy else None
    found = transform(content, of_style, noise=noise)
    torch.testing.assert_close(found, style.mean((2, 3), keepdim=True).expand_as(content))


def test_one_place_has_a_mean_and_no_direction():
    found = statistics(torch.ones((1, 3, 1, 1)))
    assert found.deviations.shape == (0,)
    assert found.mean.flatten().tolist() == [1, 1, 1]


def test_keeps_type_and_shape():
    content = features(3, 4, 6, 8).float()
    found = transform(content, statistics(features(3, 2, 9, 9).float()))
    assert (found.dtype, found.shape) == (torch.float32, content.shape)
