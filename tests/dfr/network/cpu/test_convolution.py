"""Our convolutions against torch's own, in float64."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.network.cpu import integers
from dfr.network.cpu.convolution import Convolution, can_pack
from dfr.network.cpu.winograd import Winograd, pays
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.network.precisions import cheap_precision, check_precision
from dfr.network.weights import CONVOLUTIONS
from dfr.objective.gradients import loss_and_gradient
from tests.conftest import styled_by

needs_vnni = pytest.mark.skipif(bool(integers.missing()), reason=f"int8: {integers.missing()}")


@pytest.fixture(autouse=True)
def _same_numbers():
    torch.manual_seed(0)


def layer(inputs: int, outputs: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    weight = torch.randn(outputs, inputs, 3, 3, generator=chance) / (9 * inputs) ** 0.5
    return weight.contiguous(memory_format=torch.channels_last), torch.randn(
        outputs, generator=chance
    ) / 10


def far(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float((found.detach().double() - exact.detach()).norm() / exact.detach().norm())


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_winograd_does_not_mind_how_its_input_lies(order):
    weight, bias = layer(128, 8)
    back = [order.index(axis) for axis in range(4)]
    maps = torch.rand([(2, 128, 9, 14)[axis] for axis in order]).permute(back)
    assert maps.shape == (2, 128, 9, 14)
    exact = nn.functional.conv2d(maps.double(), weight.double(), bias.double(), padding=1)
    assert far(Winograd(weight)(maps, bias), exact) < 5e-6


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
def test_features_and_gradients_are_torchs(shape, pooled):
    inputs, outputs, height, width = shape
    weight, bias = layer(inputs, outputs)
    ours = Convolution(weight, bias)
    maps = torch.rand(2, inputs, height, width).requires_grad_()
    found = ours.pooled(maps) if pooled else ours(maps)
    precise = maps.detach().double().requires_grad_()
    before = nn.functional.conv2d(precise, weight.double(), bias.double(), padding=1)
    exact = nn.functional.max_pool2d(before.relu(), 2) if pooled else before.relu()
    assert far(found, exact) < 5e-6
    gradient = torch.randn(exact.shape) * away_from_kinks(before.detach(), pooled)
    (back,) = torch.autograd.grad((found * gradient).sum(), maps)
    (exact_back,) = torch.autograd.grad((exact * gradient).sum(), precise)
    assert far(back, exact_back) < 1e-5


@pytest.fixture(params=["in bfloat16", "in float32"])
def computed(request, monkeypatch):
    """Bfloat16 as a processor computes that has it, and as one that does not."""
    if request.param == "in float32":
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    elif not can_pack():
        pytest.skip("this processor does not compute with bfloat16")


@pytest.mark.usefixtures("computed")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_features_and_gradients_of_bfloat16_are_torchs(shape, pooled, count):
    inputs, outputs, height, width = shape
    weight, bias = (part.bfloat16() for part in layer(inputs, outputs))
    maps = torch.rand(count, inputs, height, width).bfloat16().requires_grad_()
    ours = Convolution(weight, bias)
    found = ours.pooled(maps) if pooled else ours(maps)
    precise = maps.detach().double().requires_grad_()
    before = nn.functional.conv2d(precise, weight.double(), bias.double(), padding=1)
    exact = nn.functional.max_pool2d(before.relu(), 2) if pooled else before.relu()
    assert found.dtype == torch.bfloat16
    assert found.shape == exact.shape
    assert far(found, exact) < 2**-8  # half of a unit in the last place
    # Gradients from where bfloat16 cannot change which activations and places count.
    gradient = torch.randn(exact.shape) * away_from_kinks(before.detach(), pooled, 2**-5)
    gradient = gradient.bfloat16()
    (back,) = torch.autograd.grad((found * gradient).sum(), maps)
    (exact_back,) = torch.autograd.grad((exact * gradient.double()).sum(), precise)
    assert far(back, exact_back) < 2**-8


@pytest.mark.usefixtures("computed")
def test_bf16_is_near_fp32_on_every_processor(encoder, content):
    pictures = content.clone().requires_grad_()

    def slope_of(network: Encoder) -> torch.Tensor:
        found = network(pictures, STYLE_LAYERS)
        return torch.autograd.grad(sum(each.mean() for each in found.values()), pictures)[0]

    near = slope_of(Encoder(encoder.weights, precision="bf16"))
    assert 0 < far(near, slope_of(encoder).double()) < 0.15


def test_statistics_are_of_float32_where_a_processor_has_no_bfloat16(encoder, content, monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    network = Encoder(encoder.weights, precision="bf16")
    found = network.as_kept(content, STYLE_LAYERS)
    assert {each.dtype for each in found.values()} == {torch.float32}
    # Their values are bfloat16's all the same.
    assert all(torch.equal(each, each.bfloat16().float()) for each in found.values())


def away_from_kinks(before: torch.Tensor, pooled: bool, margin: float = 1e-4) -> torch.Tensor:
    """Say where rounding cannot change which activations and places count."""
    if not pooled:
        return before.abs() > margin
    height, width = before.shape[2] // 2 * 2, before.shape[3] // 2 * 2
    places = [before[:, :, y:height:2, x:width:2] for y in (0, 1) for x in (0, 1)]
    second, first = torch.stack(places).sort(dim=0).values[-2:]
    return (first < -margin) | ((first > margin) & (first - second.clamp_min(0) > margin))


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
    (gradient,) = torch.autograd.grad(Convolution(weight, bias).pooled(maps).sum(), maps)
    expected = torch.zeros(1, 1, 5, 6)
    expected[:, :, 0:4:2, 0::2] = 1  # the fifth row is in no window
    assert torch.equal(gradient, expected)


def plain(encoder, pictures, layers, pooling):
    """VGG-19 in float64, written out with torch's own parts."""
    current, block, found = encoder.preprocess(pictures), "block1", {}
    for name in CONVOLUTIONS:
        if not name.startswith(block):
            block = name.split("_")[0]
            current = getattr(nn.functional, f"{pooling}_pool2d")(current, 2)
        weight, bias = (part.double() for part in encoder.weights.kernels[name])
        current = nn.functional.conv2d(current, weight, bias, padding=1).relu()
        if name in layers:
            found[name] = current
    return found


@pytest.mark.parametrize("pooling", ["max", "avg"])
@pytest.mark.parametrize("size", [(33, 47), (40, 64)])
def test_the_network_is_vgg19_ahead_and_back(encoder, content, style, pooling, size):
    layers = ["block2_conv1", "block2_conv2", "block5_conv2"]  # one of them before a pooling
    pictures = resize(torch.cat([content, style]), *size).requires_grad_()
    precise = pictures.detach().double().requires_grad_()
    found = encoder.with_pooling(pooling)(pictures, layers)
    exact = plain(encoder, precise, layers, pooling)
    assert all(far(found[name], exact[name]) < 2e-5 for name in layers)
    (back,) = torch.autograd.grad(sum(each.square().mean() for each in found.values()), pictures)
    (exact_back,) = torch.autograd.grad(
        sum(each.square().mean() for each in exact.values()), precise
    )
    # Of the many activations, some lie so near 0 that rounding decides.
    assert far(back, exact_back) < 0.02


def test_networks_of_two_poolings_share_their_kernels(encoder):
    other = encoder.with_pooling("avg")
    assert other.convolutions["block3_conv1"].weight is encoder.convolutions["block3_conv1"].weight
    assert (other.pooling, encoder.pooling) == ("avg", "max")


@needs_vnni
@pytest.mark.parametrize("pooled", [False, True])
def test_rounded_gradients_are_near(pooled):
    weight, bias = layer(128, 64)
    maps = torch.rand(1, 128, 17, 12).requires_grad_()
    exact, rounded = (
        (each.pooled if pooled else each)(maps)
        for each in (Convolution(weight, bias), Convolution(weight, bias, rounded=True))
    )
    assert torch.equal(exact, rounded)
    gradient = torch.randn(exact.shape)
    expected, found = (
        torch.autograd.grad((each * gradient).sum(), maps)[0] for each in (exact, rounded)
    )
    assert 0 < far(found, expected.double()) < 0.02


@needs_vnni
def test_int8_has_the_features_of_fp32_and_gradients_near_it(encoder, content, style):
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
        # With the range of the other, its gradient would be 20 % off, or lost.
        assert far(both[1][row], alone[1][0].double()) < 0.01


def test_int8_is_refused_where_it_cannot_be_had(encoder, monkeypatch):
    with pytest.raises(UserError, match="int8 is for the CPU: add --device cpu"):
        check_precision("int8", torch.device("cuda"))
    monkeypatch.setattr(integers, "missing", lambda: "this processor has no VNNI")
    with pytest.raises(UserError, match="precision int8: this processor has no VNNI; use bf16"):
        Encoder(encoder.weights, precision="int8")
    assert cheap_precision() == "fp32"


def test_a_processor_without_vnni_is_told_so(monkeypatch):
    monkeypatch.setattr(integers.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True}, raising=False)
    assert integers.missing() == "this processor has no VNNI"
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert "cannot say whether the processor has VNNI" in integers.missing()
    monkeypatch.setattr(integers.platform, "machine", lambda: "arm64")
    assert "this is arm64" in integers.missing()


@needs_vnni
def test_the_cheap_precision_follows_the_processor(monkeypatch):
    for found, expected in (({}, "int8"), ({"amx_bf16": True}, "bf16")):
        told = {"avx512_vnni": True, **found}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda told=told: told)
        assert cheap_precision() == expected


@needs_vnni
def test_a_slope_that_is_not_finite_stays_so():
    weight, bias = layer(64, 64)
    maps = torch.rand(1, 64, 6, 6).requires_grad_()
    found = Convolution(weight, bias, rounded=True)(maps)
    gradient = torch.ones_like(found)
    gradient[0, 0, 0, 0] = float("nan")
    (back,) = torch.autograd.grad((found + 1).mul(gradient).sum(), maps)
    assert not back.isfinite().all()
