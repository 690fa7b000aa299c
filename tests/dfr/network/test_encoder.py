"""VGG-19 against torchvision's own definition of the network, carrying the same kernels."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch.utils.flop_counter import FlopCounterMode

from dfr.core.errors import UserError
from dfr.network.cpu.convolution import can_pack
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.network.weights import CONVOLUTIONS, load_vgg19

AFTER_RELU = {  # positions in torchvision's vgg19().features
    "block1_conv1": 1, "block2_conv1": 6, "block3_conv1": 11, "block4_conv1": 20,
    "block4_conv2": 22, "block5_conv1": 29, "block5_conv2": 31,
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(encoder):
    network = torchvision.models.vgg19(weights=None).features.eval()
    convolutions = [layer for layer in network if isinstance(layer, torch.nn.Conv2d)]
    with torch.no_grad():
        for name, layer in zip(CONVOLUTIONS, convolutions, strict=False):
            weight, bias = encoder.weights.kernels[name]
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    for index, layer in enumerate(network):
        if isinstance(layer, torch.nn.ReLU):
            network[index] = torch.nn.ReLU(inplace=False)
    return network


@torch.no_grad()
def test_features_are_vgg19s(encoder, reference, content):
    blue_green_red = content[:, [2, 1, 0]] * 255
    current = blue_green_red - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1)
    found = encoder(content, AFTER_RELU)
    for index, layer in enumerate(reference):
        current = layer(current)
        for name, position in AFTER_RELU.items():
            if position == index:
                scale = float(current.abs().max())
                assert torch.allclose(found[name], current, rtol=1e-4, atol=1e-5 * scale), name


def test_default_layers_are_the_shared_settings(encoder, content):
    assert set(encoder(content)) == {*STYLE_LAYERS, *CONTENT_LAYERS}
    assert tuple(f"block{i}_conv1" for i in range(1, 6)) == STYLE_LAYERS
    assert CONTENT_LAYERS == ("block5_conv2",)


def test_nothing_past_the_deepest_layer_is_computed(encoder, content):
    with FlopCounterMode(display=False) as counter:
        encoder(content, ["block2_conv1"])
    places = content.shape[2] * content.shape[3]
    three = 2 * 9 * places * (3 * 64 + 64 * 64 + 64 * 128 / 4)
    assert counter.get_total_flops() <= 1.01 * three


def test_only_the_picture_has_a_gradient(encoder, content):
    picture = content.clone().requires_grad_()
    encoder(picture)["block5_conv2"].sum().backward()
    assert picture.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_kernels_are_channels_last(encoder):
    weight = encoder.convolutions["block3_conv1"].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_bf16_is_near_and_returns_float32(encoder, content):
    exact = encoder(content, ["block5_conv2"])["block5_conv2"]
    rough = Encoder(encoder.weights, precision="bf16")(content, ["block5_conv2"])["block5_conv2"]
    assert rough.dtype == torch.float32
    assert not torch.equal(rough, exact)
    assert float((rough - exact).norm() / exact.norm()) < 0.05


@torch.no_grad()
def test_as_kept_is_the_same_before_it_becomes_float32(encoder, content):
    rough = torch.bfloat16 if can_pack() else torch.float32
    for precision, dtype in (("fp32", torch.float32), ("bf16", rough)):
        network = Encoder(encoder.weights, precision=precision)
        kept, given = (read(content, ["block2_conv1"]) for read in (network.as_kept, network))
        assert kept["block2_conv1"].dtype == dtype
        assert torch.equal(kept["block2_conv1"].float(), given["block2_conv1"])


def test_average_pooling_is_another_network(encoder, content):
    average = encoder.with_pooling("avg")
    assert encoder.with_pooling("max") is encoder
    same, other = (e(content, ["block1_conv2", "block2_conv1"]) for e in (encoder, average))
    assert torch.equal(same["block1_conv2"], other["block1_conv2"])
    assert not torch.allclose(same["block2_conv1"], other["block2_conv1"])


@torch.no_grad()
def test_swapped_colours_are_those_of_the_swapped_picture_and_twice_is_as_before(encoder, content):
    swapped = encoder.with_swapped_colours()
    layer = ("block1_conv1",)
    found = swapped(content, layer)["block1_conv1"]
    assert torch.equal(found, encoder(content.flip(1), layer)["block1_conv1"])
    assert not torch.equal(found, encoder(content, layer)["block1_conv1"])
    twice = swapped.with_swapped_colours()
    assert torch.equal(twice.preprocess(content), encoder.preprocess(content))
    assert torch.equal(
        swapped.preprocess(content)[0, :, 0, 0], content[0, :, 0, 0] * 255 - encoder.mean.flatten()
    )


@torch.no_grad()
def test_what_another_look_at_a_picture_saw_is_not_remembered(encoder, content):
    layer = ("block2_conv1",)
    remembering = encoder.remembering(layer)
    seen = remembering(content, layer)["block2_conv1"]
    for other in (encoder.with_swapped_colours(), encoder.with_pooling("avg")):
        assert not torch.equal(other(content, layer)["block2_conv1"], seen)
    for same, other in (
        (encoder.with_swapped_colours(), remembering.with_swapped_colours()),
        (encoder.with_pooling("avg"), remembering.with_pooling("avg")),
    ):
        expected = same(content, layer)["block2_conv1"]
        assert torch.equal(other(content, layer)["block2_conv1"], expected)


def test_float64_stays_float64_and_is_nearly_the_same(encoder, content):
    wide = Encoder(encoder.weights, precision="fp64")
    exact = wide(content.to(wide.picture_dtype))
    for layer, found in encoder(content).items():
        assert exact[layer].dtype == torch.float64
        assert torch.allclose(exact[layer].float(), found, rtol=1e-3, atol=1e-3 * found.max())


def test_kernels_are_made_again_after_a_conversion(encoder, content):
    """Also for the encoder of another pooling, which shares them."""
    used, fresh = Encoder(encoder.weights), Encoder(encoder.weights)
    layers = ["block1_conv2"]
    before = used(content, layers)["block1_conv2"]
    average = used.with_pooling("avg")
    used.half().float()
    fresh.half().float()
    expected = fresh(content, layers)["block1_conv2"]
    assert not torch.equal(before, expected)
    assert torch.equal(used(content, layers)["block1_conv2"], expected)
    assert torch.equal(average(content, layers)["block1_conv2"], expected)


@torch.no_grad()
def test_kernels_have_the_precision_also_where_a_conversion_makes_new_parameters(encoder, content):
    """Torch may change parameters in place or replace them: the features are the same."""
    layers = ["block2_conv1"]
    expected = Encoder(encoder.weights, precision="bf16")(content, layers)["block2_conv1"]
    before = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        found = Encoder(encoder.weights, precision="bf16")(content, layers)["block2_conv1"]
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(before)
    assert torch.equal(found, expected)


@pytest.mark.parametrize("side", [32, 33, 47])
def test_every_layer_has_places_at_the_least_size(encoder, side):
    features = encoder(torch.rand(1, 3, side, side))
    assert min(features["block5_conv2"].shape[2:]) >= 2


def test_unknown_names(encoder, content):
    with pytest.raises(UserError, match="did you mean block5_conv"):
        encoder(content, ["block5_conv4"])
    with pytest.raises(UserError, match="did you mean bf16"):
        Encoder(load_vgg19(), precision="bf15")
