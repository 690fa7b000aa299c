"""The loop over channels computes what `dfr.objective.feature_statistics` computes."""

from __future__ import annotations

import pytest
import torch

from baselines.decormst_loop import LOOPS
from dfr.network.encoder import STYLE_LAYERS
from dfr.objective.feature_statistics import STATISTICS


def value_and_gradient(statistic, features):
    leaf = features.clone().requires_grad_()
    value = statistic(leaf)
    (gradient,) = torch.autograd.grad((value - 1).square().mean(), leaf)
    return value.detach(), gradient


def agree(name: str, features: torch.Tensor) -> None:
    pairs = zip(
        value_and_gradient(LOOPS[name], features),
        value_and_gradient(STATISTICS[name], features),
        strict=True,
    )
    for loop, vectorized in pairs:
        assert loop.isfinite().all()
        scale = float(vectorized.abs().max())
        assert torch.allclose(loop, vectorized, rtol=1e-4, atol=1e-4 * scale)


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("layer", STYLE_LAYERS[:4])
def test_equals_the_vectorized_form_on_real_features(name, layer, encoder, content):
    features = encoder(content, (layer,))[layer]
    agree(name, features)


@pytest.mark.parametrize("name", LOOPS)
def test_equals_it_for_several_pictures(name):
    features = torch.rand(3, 7, 4, 5, generator=torch.Generator().manual_seed(0))
    assert LOOPS[name](features).shape == (3, 7, 7)
    agree(name, features)


@pytest.mark.parametrize("name", LOOPS)
def test_equals_it_where_a_channel_is_zero(name):
    features = torch.rand(1, 5, 4, 4, generator=torch.Generator().manual_seed(1))
    features[:, 2] = 0
    agree(name, features)
