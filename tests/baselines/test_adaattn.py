"""AdaAttN by its equations, with seeded weights: the published ones cannot be had by a program."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from baselines.adaattn import network
from baselines.adaattn.network import (
    CHANNELS,
    AdaAttN,
    AdaAttNNetwork,
    Decoder,
    Transformer,
    key,
    read_network,
    third,
)
from baselines.adain.network import EPSILON, normalised
from baselines.attention import attended
from baselines.normalised_vgg import NormalisedVGG
from dfr.core.errors import UserError
from dfr.methods.registry import build
from tests.baselines.test_checkpoints import refused


def seeded(channels: int = 6, key_channels: int = 10, most: int | None = None) -> AdaAttN:
    torch.manual_seed(0)
    return AdaAttN(channels, key_channels, most).eval().requires_grad_(False)


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def whole() -> AdaAttNNetwork:
    """The published architecture with seeded weights."""
    torch.manual_seed(0)
    encoder = NormalisedVGG("relu5_1")
    encoder.layers.to_empty(device="cpu")
    for module in encoder.layers:
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight)
            torch.nn.init.zeros_(module.bias)
    made = AdaAttNNetwork(encoder, third(), Transformer(), Decoder())
    return made.eval().requires_grad_(False)


def weighted_by_hand(attention: AdaAttN, content, content_key, style, style_key) -> np.ndarray:
    """Place by place in float64: the weighted mean and the weighted deviation about it."""

    def linear(layer, features):
        weight, bias = (each.double().numpy() for each in (layer.weight[:, :, 0, 0], layer.bias))
        return weight @ features.squeeze(0).flatten(1).double().numpy() + bias[:, None]

    queries, keys = linear(attention.f, content_key), linear(attention.g, style_key)
    values = linear(attention.h, style)
    plain = content.squeeze(0).flatten(1).double().numpy()
    deviations = np.sqrt(plain.var(axis=1, ddof=1, keepdims=True) + EPSILON)
    plain = (plain - plain.mean(axis=1, keepdims=True)) / deviations
    found = np.zeros_like(plain)
    for place in range(plain.shape[1]):
        scores = queries[:, place] @ keys
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        mean = values @ weights
        deviation = np.sqrt(((values - mean[:, None]) ** 2) @ weights)
        found[:, place] = deviation * plain[:, place] + mean
    return found


@pytest.mark.parametrize("at_once", [1, 50, 2**24])
def test_some_places_at_a_time_give_what_all_at_once_give(at_once):
    queries, keys, values = drawn(4, 20), drawn(4, 7, seed=1), drawn(3, 7, seed=2)
    found = attended(queries, keys, values, at_once)
    torch.testing.assert_close(found, values @ (queries.T @ keys).softmax(dim=1).T)


def test_gives_the_weighted_mean_and_deviation_of_each_place():
    attention = seeded()
    content, content_key = drawn(1, 6, 4, 5), drawn(1, 10, 4, 5, seed=1)
    style, style_key = drawn(1, 6, 7, 3, seed=2) + 2, drawn(1, 10, 7, 3, seed=3)
    found = attention(attention.ask(content, content_key), attention.see(style, style_key))
    assert found.shape == content.shape
    wanted = weighted_by_hand(attention, content, content_key, style, style_key)
    np.testing.assert_allclose(found.squeeze(0).flatten(1).numpy(), wanted, atol=2e-4)


def test_a_style_of_one_colour_gives_its_value_everywhere():
    attention = seeded()
    style = drawn(1, 6, 1, 1).expand(1, 6, 4, 4)
    found = attention(
        attention.ask(drawn(1, 6, 3, 3, seed=1), drawn(1, 10, 3, 3)),
        attention.see(style, normalised(torch.ones((1, 10, 4, 4)))),
    )
    value = attention.h(style)[..., :1, :1]
    torch.testing.assert_close(found, value.expand_as(found), atol=5e-3, rtol=0)


def test_many_places_are_seen_at_a_seeded_draw_of_them():
    attention = seeded(most=5)
    style, style_key = drawn(1, 6, 4, 4), drawn(1, 10, 4, 4, seed=1)
    seen, again = (attention.see(style, style_key) for _ in range(2))
    assert seen.keys.shape == (10, 5) and seen.values.shape == (6, 5)
    assert torch.equal(seen.keys, again.keys)
    every = seeded().see(style, style_key)
    torch.manual_seed(network.SEED)  # as the published test draws
    chosen = torch.randperm(16)[:5]
    assert torch.equal(seen.keys, every.keys[:, chosen])
    assert torch.equal(seen.values, every.values[:, chosen])


def test_a_key_has_every_shallower_layer_normalised():
    layers = [drawn(1, 3, 8, 8) * 4 + 1, drawn(1, 5, 4, 4, seed=1), drawn(1, 2, 2, 2, seed=2)]
    found = key(layers)
    assert found.shape == (1, 10, 2, 2)
    torch.testing.assert_close(found[:, :3], normalised(functional.interpolate(layers[0], (2, 2))))
    torch.testing.assert_close(found[:, 8:], normalised(layers[2]))
    torch.testing.assert_close(found.mean((2, 3)), torch.zeros(1, 10), atol=1e-6, rtol=0)


def test_keys_and_shapes_are_the_published_ones():
    with torch.device("meta"):
        parts = Transformer(), Decoder(), third()
    shapes = [{k: tuple(v.shape) for k, v in part.state_dict().items()} for part in parts]
    names = {f"attn_adain_{at}_1.{layer}" for at in (4, 5) for layer in "fgh"} | {"merge_conv"}
    assert set(shapes[0]) == {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}
    assert shapes[0]["attn_adain_4_1.f.weight"] == (960, 960, 1, 1)
    assert shapes[0]["attn_adain_5_1.g.weight"] == (1472, 1472, 1, 1)
    assert shapes[0]["attn_adain_5_1.h.weight"] == (512, 512, 1, 1)
    assert shapes[0]["merge_conv.weight"] == (512, 512, 3, 3)
    numbers = (1, 4, 7, 10, 14, 17, 21, 24)
    assert set(shapes[1]) == {
        f"{name}.{kind}"
        for name in ("decoder_layer_1.1", *(f"decoder_layer_2.{k}" for k in numbers))
        for kind in ("weight", "bias")
    }
    assert shapes[1]["decoder_layer_2.1.weight"] == (256, 512, 3, 3)
    assert shapes[1]["decoder_layer_2.24.weight"] == (3, 64, 3, 3)
    assert set(shapes[2]) == {f"{layer}.{kind}" for layer in "fgh" for kind in ("weight", "bias")}
    assert shapes[2]["f.weight"] == (sum(CHANNELS[:3]),) * 2 + (1, 1) == (448, 448, 1, 1)
    assert shapes[2]["h.weight"] == (256, 256, 1, 1)


@torch.no_grad()
def test_paints_any_size_and_strength_0_looks_at_the_content_alone(whole):
    content, style, other = (torch.rand(1, 3, *size) for size in ((33, 41), (20, 50), (40, 24)))
    inside = whole.look_at_content(content)
    seen, seen_other = whole.look_at_style(style), whole.look_at_style(other)
    full = whole.painted(inside, seen, 1.0)
    assert full.shape == (1, 3, 48, 48) and bool(full.isfinite().all())
    assert not torch.allclose(full, whole.painted(inside, seen_other, 1.0))
    none = whole.painted(inside, seen, 0.0)
    torch.testing.assert_close(none, whole.painted(inside, seen_other, 0.0), atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_the_decoder_gets_the_merged_layers_and_the_third(whole):
    """The whole against its parts, put together here once more."""
    content, style = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 48)
    layers = network.LAYERS
    of = [list(whole.encoder(picture, layers).values()) for picture in (content, style)]
    found = {}
    for number, attention in whole.attention.items():
        keys = [
            torch.cat(
                [normalised(functional.interpolate(each, part[number].shape[-2:]))
                 for each in part[: number + 1]], 1,
            )
            for part in of
        ]  # fmt: skip
        hand = weighted_by_hand(attention, of[0][number], keys[0], of[1][number], keys[1])
        found[number] = torch.tensor(hand, dtype=torch.float32).view_as(of[0][number])
    both = found[3] + found[4].repeat_interleave(2, 2).repeat_interleave(2, 3)
    merged = whole.transformer.merge_conv(functional.pad(both, (1, 1, 1, 1), mode="reflect"))
    first = whole.decoder.decoder_layer_1(merged)
    wanted = whole.decoder.decoder_layer_2(torch.cat([first, found[2]], 1))
    picture = whole.painted(whole.look_at_content(content), whole.look_at_style(style), 1.0)
    torch.testing.assert_close(picture, wanted, atol=1e-3, rtol=1e-3)


def test_reads_its_files_and_no_others(whole, tmp_path):
    files = {
        "vgg_normalised.pth": whole.encoder.layers,
        "latest_net_transformer.pth": whole.transformer,
        "latest_net_decoder.pth": whole.decoder,
        "latest_net_adaattn_3.pth": whole.adaattn_3,
    }
    for name, module in files.items():
        torch.save(module.state_dict(), tmp_path / name)
    found = read_network(tmp_path)
    assert torch.equal(found.transformer.merge_conv.bias, whole.transformer.merge_conv.bias)
    torch.save(whole.adaattn_3.state_dict(), tmp_path / "latest_net_decoder.pth")
    assert "is not AdaAttN's decoder" in refused(read_network, tmp_path)
    (tmp_path / "latest_net_decoder.pth").unlink()
    assert "decoder of AdaAttN is missing" in refused(read_network, tmp_path)


def test_without_weights_it_says_where_they_are(content, style, encoder):
    with pytest.raises(UserError, match=r"github\.com/Huage001/AdaAttN"):
        build("adaattn", {}).stylize(content, style, encoder)


def test_too_small_a_content_is_one_line(whole):
    with pytest.raises(UserError, match="too small for AdaAttN"):
        whole.look_at_content(torch.rand(1, 3, 16, 40))
