"""SAFIN by its equations, with seeded weights: no published ones are here."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from baselines.adain.network import EPSILON, statistics
from baselines.safin.network import (
    SAFIN,
    SAFINNetwork,
    read_network,
)
from baselines.safin.wavelets import WaveDecoder, WaveEncoder, Wavelet
from dfr.core.errors import UserError
from dfr.methods.registry import build
from tests.baselines.test_checkpoints import refused


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def whole() -> SAFINNetwork:
    """The published architecture with seeded weights."""
    torch.manual_seed(0)
    encoder, decoder = WaveEncoder(), WaveDecoder()
    for module in (*encoder.modules(), *decoder.modules()):
        if isinstance(module, torch.nn.Conv2d) and module.groups == 1:
            torch.nn.init.kaiming_normal_(module.weight)
    made = SAFINNetwork(encoder, SAFIN(256), SAFIN(512), decoder)
    return made.eval().requires_grad_(False)


@torch.no_grad()
def test_the_wavelet_is_haars_and_its_inverse_gives_the_features_back():
    features = drawn(1, 3, 6, 8)
    bands = Wavelet(3, inverse=False).split(features)
    a, b, c, d = (features[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
    wanted = [a + b + c + d, -a + b - c + d, -a - b + c + d, a - b - c + d]
    for found, band in zip(bands, wanted, strict=True):
        torch.testing.assert_close(found, band / 2)
    torch.testing.assert_close(Wavelet(3, inverse=True).join(bands), features)
    energy = sum(float(band.square().sum()) for band in bands)
    assert energy == pytest.approx(float(features.square().sum()), rel=1e-5)


@torch.no_grad()
def test_safin_is_its_formula_place_by_place():
    torch.manual_seed(1)
    layer = SAFIN(5)
    layer.shared_weight.copy_(drawn(5))
    layer.shared_bias.copy_(drawn(5, seed=1))
    content, style = drawn(1, 5, 3, 4, seed=2), 2 + 3 * drawn(1, 5, 6, 2, seed=3)

    def linear(conv, rows: np.ndarray) -> np.ndarray:
        weight, bias = conv.weight[:, :, 0, 0].double().numpy(), conv.bias.double().numpy()
        return weight @ rows + bias[:, None]

    def rows(features: torch.Tensor, plain: bool) -> np.ndarray:
        flat = features.squeeze(0).flatten(1).double().numpy()
        if not plain:
            return flat
        deviations = np.sqrt(flat.var(axis=1, ddof=1, keepdims=True) + EPSILON)
        return (flat - flat.mean(axis=1, keepdims=True)) / deviations

    queries = linear(layer.attention.query_conv, rows(content, True))
    keys = linear(layer.attention.key_conv, rows(style, True))
    values = linear(layer.attention.value_conv, rows(style, False))
    weights = np.exp(queries.T @ keys)
    seen = values @ (weights / weights.sum(axis=1, keepdims=True)).T
    gamma, beta = (
        np.maximum(linear(conv, seen), 0) for conv in (layer.gamma_conv, layer.beta_conv)
    )
    weight, bias = (each.double().numpy()[:, None] for each in (layer.shared_weight,
                                                                layer.shared_bias))  # fmt: skip
    wanted = (rows(content, True) * weight + bias) * gamma + beta
    found = layer(content, layer.see(style))
    np.testing.assert_allclose(found.squeeze(0).flatten(1).numpy(), wanted, atol=1e-4)


def test_keys_and_shapes_are_the_published_ones():
    with torch.device("meta"):
        encoder, decoder, layer = WaveEncoder(), WaveDecoder(), SAFIN(256)
    bands = ("LL", "LH", "HL", "HH")
    convolutions = ["1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "3_4", "4_1"]
    both = {f"conv{name}.{kind}" for name in convolutions for kind in ("weight", "bias")}
    pools = {f"pool{block}.{band}.weight" for block in (1, 2, 3) for band in bands}
    state = encoder.state_dict()
    assert set(state) == both | pools | {"conv0.weight", "conv0.bias"}
    assert state["pool3.LH.weight"].shape == (256, 1, 2, 2)
    assert state["conv4_1.weight"].shape == (512, 256, 3, 3)
    state = decoder.state_dict()
    unpools = {f"recon_block{block}.{band}.weight" for block in (1, 2, 3) for band in bands}
    assert set(state) == both | unpools
    assert state["conv4_1.weight"].shape == (256, 512, 3, 3)
    assert state["conv3_1.weight"].shape == (128, 256, 3, 3)
    assert state["conv1_1.weight"].shape == (3, 64, 3, 3)
    assert state["recon_block2.HH.weight"].shape == (128, 1, 2, 2)
    parts = ("gamma_conv", "beta_conv", *(f"attention.{n}_conv" for n in ("query", "key", "value")))
    state = layer.state_dict()
    assert set(state) == {"shared_weight", "shared_bias"} | {
        f"{part}.{kind}" for part in parts for kind in ("weight", "bias")
    }
    assert state["attention.value_conv.weight"].shape == (256, 256, 1, 1)


@torch.no_grad()
def test_the_whole_is_its_parts_put_together_once_more(whole):
    """The way of the pictures, written down a second time: bands by slices, AdaIN by numbers."""
    content, style = torch.rand(1, 3, 24, 16), torch.rand(1, 3, 32, 16)
    encoder, decoder = whole.encoder, whole.decoder

    def conv(network, name, features, relu=True):
        found = network.get_submodule(name)(functional.pad(features, (1,) * 4, mode="reflect"))
        return found.relu() if relu else found

    def split(features):
        a, b, c, d = (features[..., i::2, j::2] for i in (0, 1) for j in (0, 1))
        return [(a + b + c + d) / 2, (b + d - a - c) / 2, (c + d - a - b) / 2, (a + d - b - c) / 2]

    def adain(features, like):
        def deviation(each):
            return (each.var((2, 3), keepdim=True) + EPSILON).sqrt()

        plain = (features - features.mean((2, 3), keepdim=True)) / deviation(features)
        return plain * deviation(like) + like.mean((2, 3), keepdim=True)

    def block(number, features):
        if number == 1:
            features = encoder.conv0(features)
        for layer in range(1, {1: 2, 2: 2, 3: 4}[number] + 1):
            features = conv(encoder, f"conv{number}_{layer}", features)
        return split(features)

    low, low_style, details = content, style, {}
    for number in (1, 2, 3):
        bands, like = block(number, low), block(number, low_style)
        low, low_style = adain(bands[0], like[0]), like[0]
        details[number] = [
            whole.safin3(a, whole.safin3.see(b)) if number == 3 else adain(a, b)
            for a, b in zip(bands[1:], like[1:], strict=True)
        ]
    see = whole.safin4.see(conv(encoder, "conv4_1", low_style))
    found = conv(decoder, "conv4_1", whole.safin4(conv(encoder, "conv4_1", low), see))
    for number in (3, 2, 1):
        joined = torch.zeros(*found.shape[:2], 2 * found.shape[2], 2 * found.shape[3])
        ll, lh, hl, hh = found, *details[number]
        joined[..., ::2, ::2] = (ll - lh - hl + hh) / 2
        joined[..., ::2, 1::2] = (ll + lh - hl - hh) / 2
        joined[..., 1::2, ::2] = (ll - lh + hl - hh) / 2
        joined[..., 1::2, 1::2] = (ll + lh + hl + hh) / 2
        found = joined
        for layer in range({1: 2, 2: 2, 3: 4}[number], 0, -1):
            found = conv(decoder, f"conv{number}_{layer}", found, relu=(number, layer) != (1, 1))
    picture = whole.painted(whole.look_at_content(content), whole.look_at_style(style), 1.0)
    torch.testing.assert_close(picture, found, atol=1e-3, rtol=1e-3)


@torch.no_grad()
def test_the_shallow_bands_have_the_styles_statistics(whole):
    content, style = torch.rand(1, 3, 32, 40), torch.rand(1, 3, 48, 32).sqrt()
    look, inside = whole.look_at_style(style), whole.look_at_content(content)
    for found, wanted in zip(whole._transferred(1, inside.first, look), look.bands[1], strict=True):
        got = statistics(found)
        torch.testing.assert_close(got.mean, wanted.mean, atol=1e-3, rtol=1e-3)
        torch.testing.assert_close(got.deviation, wanted.deviation, atol=2e-3, rtol=2e-2)


@torch.no_grad()
def test_paints_any_size_and_strength_mixes_the_deepest_layer(whole):
    content, style = torch.rand(1, 3, 19, 30), torch.rand(1, 3, 16, 35)
    inside, look = whole.look_at_content(content), whole.look_at_style(style)
    full, half, none = (whole.painted(inside, look, strength) for strength in (1.0, 0.5, 0.0))
    assert full.shape == (1, 3, 24, 32)
    apart = [float((one - full).abs().mean()) for one in (half, none)]
    assert 0 < apart[0] < apart[1]
    flat = whole.look_at_style(torch.full_like(style, 0.5))
    assert bool(whole.painted(inside, flat, 1.0).isfinite().all())


def test_reads_its_files_and_no_others(whole, tmp_path):
    torch.save(whole.encoder.state_dict(), tmp_path / "vgg_normalised.pth")
    tables = {
        "decoder_state_dict": whole.decoder.state_dict(),
        "safin4_state_dict": whole.safin4.state_dict(),
        "safin3_state_dict": whole.safin3.state_dict(),
    }
    torch.save(tables, tmp_path / "decoder.pth.tar")
    found = read_network(tmp_path)
    assert torch.equal(found.safin4.gamma_conv.weight, whole.safin4.gamma_conv.weight)
    assert torch.equal(found.decoder.conv4_1.bias, whole.decoder.conv4_1.bias)
    tables["safin4_state_dict"] = tables["safin3_state_dict"]
    torch.save(tables, tmp_path / "decoder.pth.tar")
    assert "is not SAFIN's safin4" in refused(read_network, tmp_path)
    del tables["safin4_state_dict"]
    torch.save(tables, tmp_path / "decoder.pth.tar")
    assert "the safin4_state_dict of SAFIN is not in it" in refused(read_network, tmp_path)
    torch.save({"decoder_state_dict": whole.decoder.state_dict()}, tmp_path / "decoder.pth.tar")
    assert "none of its tables" in refused(read_network, tmp_path)
    (tmp_path / "decoder.pth.tar").unlink()
    assert "trained of SAFIN is missing" in refused(read_network, tmp_path)


def test_without_weights_it_says_how_to_get_them(content, style, encoder):
    with pytest.raises(UserError, match="dfr weights fetch safin"):
        build("safin", {}).stylize(content, style, encoder)


def test_too_small_pictures_are_one_line(whole):
    with pytest.raises(UserError, match="content of 8 x 40 is too small for SAFIN"):
        whole.look_at_content(torch.rand(1, 3, 8, 40))
    with pytest.raises(UserError, match="style of 15 x 40 is too small for SAFIN"):
        whole.look_at_style(torch.rand(1, 3, 15, 40))
