"""Our convolutions against torch's own, in float64."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from dfr import integers
from dfr.convolution import Convolution
from dfr.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.errors import UserError
from dfr.evaluation import loss_and_gradient
from dfr.winograd import Winograd, pays
from tests.conftest import styled_by

needs_vnni = pytest.mark.skipif(not integers.available(), reason="this processor has no VNNI")


def layer(inputs: int, outputs: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, 3, 3, generator=chance) / (9 * inputs) ** 0.5
    return weight.contiguous(memory_format=torch.channels_last), torch.randn(
        outputs, generator=chance
    ) / 10


def far(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found.detach().double() - exact.detach()).norm() / exact.detach().norm())


@settings(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 5), height=st.integers(1, 23), width=st.integers(1, 70),
    inputs=st.sampled_from((1, 3, 128)), seed=st.integers(0, 99),
)  # fmt: skip
def test_winograd_is_the_convolution(count, height, width, inputs, seed):
    weight, bias = layer(inputs, 8, seed)
    chance = torch.Generator().manual_seed(seed)
    maps = torch.rand(count, inputs, height, width, generator=chance)
    exact = nn.functional.conv2d(maps.double(), weight.double(), bias.double(), padding=1)
    found = Winograd(weight)(maps, bias)
    assert found.shape == exact.shape
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert far(found, exact) < 5e-6


#: Channels in, out, height and width; by Winograd's method ahead and back, ahead alone, or not.
SHAPES = [(128, 128, 21, 30), (128, 64, 17, 12), (64, 96, 9, 11), (128, 128, 4, 5)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pooled", [False, True])
def test_features_and_slopes_are_torchs(shape, pooled):
    inputs, outputs, height, width = shape
    weight, bias = layer(inputs, outputs)
    ours = Convolution(weight, bias)
    maps = torch.rand(2, inputs, height, width).requires_grad_()
    found = ours.pooled(maps) if pooled else ours(maps)
    precise = maps.detach().double().requires_grad_()
    exact = nn.functional.conv2d(precise, weight.double(), bias.double(), padding=1).relu()
    if pooled:
        exact = nn.functional.max_pool2d(exact, 2)
    assert far(found, exact) < 5e-6
    slope = torch.randn(exact.shape)
    (back,) = torch.autograd.grad((found * slope).sum(), maps)
    (exact_back,) = torch.autograd.grad((exact * slope).sum(), precise)
    assert far(back, exact_back) < 1e-5


def test_the_shapes_take_every_way():
    ways = {
        (pays(inputs, height, width), pays(outputs, height, width))
        for inputs, outputs, height, width in SHAPES
    }
    assert ways == {(True, True), (True, False), (False, False)}


def test_of_equal_places_the_first_has_the_slope():
    weight, bias = torch.zeros(1, 1, 3, 3), torch.ones(1)
    weight[0, 0, 1, 1] = 1
    maps = torch.full((1, 1, 5, 6), 2.0, requires_grad=True)
    (slope,) = torch.autograd.grad(Convolution(weight, bias).pooled(maps).sum(), maps)
    expected = torch.zeros(1, 1, 5, 6)
    expected[:, :, 0:4:2, 0::2] = 1  # the fifth row is in no window
    assert torch.equal(slope, expected)


@needs_vnni
@pytest.mark.parametrize("pooled", [False, True])
def test_rounded_slopes_are_near(pooled):
    weight, bias = layer(128, 64)
    maps = torch.rand(1, 128, 17, 12).requires_grad_()
    exact, rounded = (
        (each.pooled if pooled else each)(maps)
        for each in (Convolution(weight, bias), Convolution(weight, bias, rounded=True))
    )
    assert torch.equal(exact, rounded)
    slope = torch.randn(exact.shape)
    expected, found = (
        torch.autograd.grad((each * slope).sum(), maps)[0] for each in (exact, rounded)
    )
    assert 0 < far(found, expected.double()) < 0.02


@needs_vnni
def test_int8_has_the_features_of_fp32_and_slopes_near_it(encoder, content, style):
    rounded = Encoder(encoder.weights, precision="int8")
    layers = [*STYLE_LAYERS, *CONTENT_LAYERS]
    expected, found = (each(content, layers) for each in (encoder, rounded))
    assert all(torch.equal(found[name], expected[name]) for name in layers)
    objective = styled_by(content, style, encoder, 1.0)
    picture = content.lerp(style, 0.5)
    exact, near = (loss_and_gradient(picture, objective, each) for each in (encoder, rounded))
    assert torch.equal(near[0], exact[0])
    assert 0 < far(near[1], exact[1].double()) < 0.08


@needs_vnni
def test_int8_rounds_each_picture_to_its_own_range(encoder, content, style):
    rounded = Encoder(encoder.weights, precision="int8")
    pictures = torch.cat([content.lerp(style, 0.5), content])
    both = loss_and_gradient(pictures, styled_by(content, style, encoder, 1.0, 100.0), rounded)
    for row, amount in enumerate((1.0, 100.0)):
        alone = loss_and_gradient(
            pictures[row : row + 1], styled_by(content, style, encoder, amount), rounded
        )
        assert torch.equal(both[1][row : row + 1], alone[1])


def test_int8_is_refused_where_the_processor_lacks_it(encoder, monkeypatch):
    monkeypatch.setattr(integers, "available", lambda: False)
    with pytest.raises(UserError, match="precision int8: this processor has no VNNI; use bf16"):
        Encoder(encoder.weights, precision="int8")


@needs_vnni
def test_a_slope_that_is_not_finite_stays_so():
    weight, bias = layer(64, 64)
    maps = torch.rand(1, 64, 6, 6).requires_grad_()
    found = Convolution(weight, bias, rounded=True)(maps)
    slope = torch.ones_like(found)
    slope[0, 0, 0, 0] = float("nan")
    (back,) = torch.autograd.grad((found + 1).mul(slope).sum(), maps)
    assert not back.isfinite().all()
