"""LST by its equations, and its published encoder and decoder on real pictures."""

from __future__ import annotations

import pytest
import torch

from baselines.lst.network import (
    LEVELS,
    LSTNetwork,
    Transform,
    decoder,
    read_autoencoder,
    read_network,
)
from baselines.normalised_vgg import NormalisedVGG
from dfr.core.images import load, resize
from dfr.methods.contract import check_method
from dfr.methods.registry import build
from tests.baselines.published import weights_of
from tests.baselines.test_checkpoints import refused

#: Keys of the published transform, without weight and bias.
TRANSFORM = {
    *(f"{net}.{layer}" for net in ("snet", "cnet") for layer in
      ("convs.0", "convs.2", "convs.4", "fc")),
    "compress", "unzip",
}  # fmt: skip


@pytest.fixture(scope="session")
def weights(shared_pictures):
    return weights_of("lst", shared_pictures)


def random_transform(layer: str) -> Transform:
    torch.manual_seed(0)
    return Transform(LEVELS[layer]).eval().requires_grad_(False)


@pytest.mark.parametrize("layer", LEVELS)
def test_keys_and_shapes(layer):
    channels = LEVELS[layer].channels
    state = random_transform(layer).state_dict()
    assert set(state) == {f"{key}.{kind}" for key in TRANSFORM for kind in ("weight", "bias")}
    assert state["snet.fc.weight"].shape == (1024, 1024)
    assert state["compress.weight"].shape == (32, channels, 1, 1)
    assert state["cnet.convs.0.weight"].shape == (channels // 2, channels, 3, 3)
    with torch.device("meta"):
        made = decoder(layer)
    first = next(iter(made.state_dict().values()))
    assert first.shape == (channels // 2, channels, 3, 3)


@torch.no_grad()
def test_with_a_matrix_of_ones_the_content_gets_the_mean_of_the_style():
    transform = random_transform("relu3_1")
    for net in (transform.snet, transform.cnet):
        net.fc.weight.zero_()
        net.fc.bias.copy_(torch.eye(32).flatten())
    for layer in (transform.compress, transform.unzip):
        layer.weight.zero_()
        layer.bias.zero_()
    transform.compress.weight[:, :32, 0, 0] = torch.eye(32)
    transform.unzip.weight[:32, :, 0, 0] = torch.eye(32)
    content, style = torch.rand(1, 256, 5, 6), 3 + torch.rand(1, 256, 4, 7)
    mapped = transform(content, transform.look(style))
    mean = style.mean((2, 3), keepdim=True)
    centred = content - content.mean((2, 3), keepdim=True)
    torch.testing.assert_close(mapped[:, :32], centred[:, :32] + mean[:, :32])
    torch.testing.assert_close(mapped[:, 32:], mean[:, 32:].expand(-1, -1, 5, 6))


@torch.no_grad()
def test_the_map_is_linear_and_the_matrices_see_covariances():
    """Places change places without changing the matrix; the map takes each place alone."""
    transform = random_transform("relu3_1")
    content, style = torch.rand(1, 256, 6, 6), torch.rand(1, 256, 6, 6)
    look = transform.look(style)
    torch.testing.assert_close(transform.look(style + 5).matrix, look.matrix, rtol=1e-3, atol=1e-4)
    mapped = transform(content, look)
    centred = content - content.mean((2, 3), keepdim=True)
    matrix = look.matrix @ transform.cnet(centred)
    weight = transform.unzip.weight[:, :, 0, 0] @ matrix[0] @ transform.compress.weight[:, :, 0, 0]
    shift = transform.unzip.weight[:, :, 0, 0] @ matrix[0] @ transform.compress.bias
    shift = shift + transform.unzip.bias + look.mean.flatten()
    by_hand = torch.einsum("oc,chw->ohw", weight, centred[0]) + shift.view(-1, 1, 1)
    torch.testing.assert_close(mapped[0], by_hand, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_published_encoder_and_decoder_reconstruct(weights, shared_pictures):
    encoder, made = read_autoencoder(weights, "relu3_1")
    file = sorted((shared_pictures / "mscoco_wikiart" / "content").iterdir())[2]
    photograph = resize(load(file), 128, 160)
    features = encoder(photograph)["relu3_1"]
    assert features.shape == (1, 256, 32, 40)
    assert 0.5 < features.mean() < 1.5
    noise = -10 * (made(features).clamp(0, 1) - photograph).square().mean().log10()
    assert 20 < noise < 40


def test_a_whole_folder(weights, tmp_path, encoder):
    """The published encoder and decoder, with a transform that is not trained."""
    for name in ("vgg_r31.pth", "dec_r31.pth"):
        (tmp_path / name).write_bytes((weights / name).read_bytes())
    assert "transform of LST is missing; put r31.pth" in refused(read_network, tmp_path, "relu3_1")
    torch.save(random_transform("relu3_1").state_dict(), tmp_path / "r31.pth")
    settings = {"checkpoint": str(tmp_path), "layer": "relu3_1", "rotations": [0, 180]}
    for check in check_method("lst", {**settings, "strengths": [0, 1]}, encoder):
        assert check.kept, f"{check.what}: {check.told}"
    content, style = torch.rand(1, 3, 33, 38), torch.full((1, 3, 32, 32), 0.5)
    assert not build("lst", settings).stylize(content, style, encoder).failed
    method = build("lst", settings)
    assert "too small for relu3_1" in refused(method.stylize, content[..., :7], style, encoder)
    torch.save(random_transform("relu4_1").state_dict(), tmp_path / "r31.pth")
    assert "256 x 512 x 3 x 3, not 128 x" in refused(read_network, tmp_path, "relu3_1")
    (tmp_path / "vgg_r31.pth").write_bytes((weights / "dec_r31.pth").read_bytes())
    assert "encoder of relu3_1: 'conv1.weight' is missing" in refused(
        read_network, tmp_path, "relu3_1"
    )


@torch.no_grad()
def test_relu4_1_is_put_together():
    torch.manual_seed(0)
    encoder = NormalisedVGG("relu4_1", ceil=False)
    encoder.layers.to_empty(device="cpu")
    for each in encoder.parameters():
        torch.nn.init.normal_(each, std=0.02)
    network = LSTNetwork("relu4_1", encoder, random_transform("relu4_1"), decoder("relu4_1"))
    content = network.look_at_content(torch.rand(1, 3, 25, 30))
    assert content.shape == (1, 512, 4, 4)
    style = network.look_at_style(torch.rand(1, 3, 40, 16))
    assert network.painted(content, style, 0.5).shape == (1, 3, 32, 32)


def test_settings():
    assert "known are relu3_1, relu4_1" in refused(build, "lst", {"layer": "relu5_1"})
    assert "rotation 45" in refused(build, "lst", {"rotations": [45]})
    method = build("lst", {"checkpoint": "official"})
    pictures = torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32)

    class Encoder:
        device = torch.device("cpu")

    assert "models.tar" in refused(method.stylize, *pictures, Encoder())
