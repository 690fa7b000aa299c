"""A decoder that begins by regression."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.adain.network import decoder
from baselines.own_vgg import OwnVGG, measure_means
from baselines.train.regression import _fitted, fit_decoder
from dfr.core.images import load, resize


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 40))
def test_it_is_the_ridge_regression(seed, count):
    """By the normal equations with a column of ones whose weight is free; more or fewer places."""
    torch.manual_seed(seed)
    patches, features = torch.randn(count, 20), torch.randn(count, 3)
    weight, bias, found = _fitted(patches, features, 1)
    rows = torch.cat([patches, torch.ones(count, 1)], 1).double()
    ridge = 1e-4 * float((patches - patches.mean(0)).square().sum() / 20)
    added = torch.diag(torch.tensor([ridge] * 20 + [0.0], dtype=torch.float64))
    wanted = torch.linalg.solve(rows.T @ rows + added, rows.T @ features.double())
    torch.testing.assert_close(weight.double(), wanted[:-1], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(bias.double(), wanted[-1], rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(found, patches @ weight + bias, rtol=1e-3, atol=1e-3)


def test_what_a_relu_cuts_off_need_not_be_met():
    torch.manual_seed(0)
    patches = torch.randn(400, 12)
    features = (patches @ torch.randn(12, 5) - 1).relu()
    left = [
        float((_fitted(patches, features, rounds)[2].relu() - features).square().mean())
        for rounds in (1, 3, 30)
    ]
    assert left[1] < 0.6 * left[0]
    assert left[2] < 0.1 * left[0]


@pytest.mark.parametrize("widths", [(512, 256, 128, 64), (512, 32, 16, 16)])
def test_the_decoder_paints_photographs_again(files, encoder, widths):
    """Nearly, of the few places of one photograph; a narrow one too, but less well."""
    photograph = resize(load(files / "content.png"), 64, 64)
    encoder = OwnVGG(measure_means(encoder, [photograph]), encoder)
    made = decoder(widths)
    told = []
    explained = fit_decoder(
        made, "relu4_1", encoder, [photograph[0]], 0, lambda *done: told.append(done)
    )
    assert told == [(k, 9) for k in range(1, 10)]
    assert all(0 < each <= 1 for each in explained)
    with torch.no_grad():
        again = made(encoder(photograph)["relu4_1"]).clamp(0, 1)
    error = float((again - photograph).square().mean())
    spread = float((photograph - photograph.mean((2, 3), keepdim=True)).square().mean())
    assert error < (0.05 if widths[1] == 256 else 0.5) * spread
    assert explained[-1] == pytest.approx(1 - error / spread, abs=0.02)
