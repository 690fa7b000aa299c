from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from baselines.wct.network import KINDS, LEVELS, Decoder, Encoder, load_networks
from dfr.core.errors import UserError
from dfr.core.images import Size, load_pair
from tests.baselines.wct.seeded_weights import save_weights

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return save_weights(tmp_path_factory.mktemp("wct"), "16x", (2, 1))


def decibels(found: torch.Tensor, wanted: torch.Tensor) -> float:
    return float(-10 * torch.log10((found - wanted).square().mean()))


def test_original_keys_and_shapes_are_those_of_vgg_19():
    kind = KINDS["original"]
    shapes = {key: tuple(value.shape) for key, value in Encoder(kind, 5).state_dict().items()}
    widths = {1: 64, 2: 128, 3: 256, 4: 512, 5: 512}
    names = ["11", "12", "21", "22", "31", "32", "33", "34", "41", "42", "43", "44", "51"]
    ins = [3, *(widths[int(name[0])] for name in names[:-1])]
    wanted = {"conv0.weight": (3, 3, 1, 1), "conv0.bias": (3,)}
    for name, before in zip(names, ins, strict=True):
        wanted[f"conv{name}.weight"] = (widths[int(name[0])], before, 3, 3)
        wanted[f"conv{name}.bias"] = (widths[int(name[0])],)
    assert shapes == wanted
    decoder = Decoder(kind, 5).state_dict()
    assert tuple(decoder["conv41.weight"].shape) == (256, 512, 3, 3)
    assert tuple(decoder["conv11.weight"].shape) == (3, 64, 3, 3)
    assert len(decoder) == 26


@torch.no_grad()
def test_computes_what_the_layers_in_a_row_compute():
    torch.manual_seed(0)
    for kind in KINDS.values():
        encoder, decoder = Encoder(kind, 2), Decoder(kind, 2)
        pad = nn.ReflectionPad2d(1)
        by_hand = nn.Sequential(
            encoder.conv0,
            *(pad, encoder.conv11, nn.ReLU()), *(pad, encoder.conv12, nn.ReLU()),
            nn.MaxPool2d(2, 2),
            *(pad, encoder.conv21, nn.ReLU()),
        )  # fmt: skip
        picture = torch.rand((1, 3, 12, 10))
        features = encoder(picture)
        torch.testing.assert_close(features, by_hand(picture))
        assert features.shape == (1, kind.widths[1], 6, 5)
        back = nn.Sequential(
            *(pad, decoder.conv21, nn.ReLU()), nn.UpsamplingNearest2d(scale_factor=2),
            *(pad, decoder.conv12, nn.ReLU()), *(pad, decoder.conv11),
            nn.ReLU() if kind.ends_with_relu else nn.Identity(),
        )  # fmt: skip
        torch.testing.assert_close(decoder(features), back(features))


def test_reads_the_networks_of_the_levels_that_are_asked_for(weights):
    found = load_networks(weights, (2, 1), CPU)
    assert found.kind == "16x"
    assert set(found.encoders) == set(found.decoders) == {2, 1}
    stored = torch.load(weights / "2SE.pth", weights_only=True)["model"]
    assert torch.equal(found.encoders[2].conv21.weight, stored["conv21.weight"])
    assert not any(weight.requires_grad for weight in found.encoders[2].parameters())


def test_original_networks_are_known_by_their_files(tmp_path):
    folder = save_weights(tmp_path, "original", (1,))
    assert load_networks(folder, (1,), CPU).kind == "original"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "2SD.pth").unlink(), "decoder 2"),
        (lambda folder: shutil.copy(folder / "1SE.pth", folder / "2SE.pth"), "'conv12.weight'"),
        (lambda folder: shutil.copy(folder / "2SD.pth", folder / "2SE.pth"), "conv0"),
        (lambda folder: (folder / "1SD.pth").write_bytes(b"abc"), "1SD.pth"),
        (lambda folder: [file.unlink() for file in folder.iterdir()], "holds no networks of WCT"),
        (shutil.rmtree, "no such folder"),
    ],
)
def test_weights_that_cannot_be_used_are_one_line(weights, tmp_path, damage, said):
    folder = tmp_path / "broken"
    shutil.copytree(weights, folder)
    damage(folder)
    with pytest.raises(UserError) as error:
        load_networks(folder, (2, 1), CPU)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_statistics_of_a_style_are_computed_once(weights):
    networks = load_networks(weights, (2, 1), CPU)
    style = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    first = networks.of_style(style, (2, 1))
    assert networks.of_style(style.clone(), (2, 1))[2] is first[2]
    assert networks.of_style(1 - style, (2, 1))[2] is not first[2]


@torch.no_grad()
def test_distilled_networks_give_a_photograph_back(shared_pictures):
    folder = shared_pictures / "weights" / "wct16x"
    if not folder.is_dir():
        pytest.skip("the distilled networks of WCT are not here")
    picture, _ = load_pair(
        shared_pictures / "dfp" / "content" / "1.jpg",
        shared_pictures / "dfp" / "style" / "1.jpg",
        Size(longest=192),
    )
    networks = load_networks(folder, LEVELS, CPU)
    found = {
        level: decibels(networks.decoders[level](networks.encoders[level](picture)), picture)
        for level in LEVELS
    }
    # Deeper features know less of the places. At 512 pixels: 24, 29, 34, 33 and 51 dB.
    least = {5: 19, 4: 24, 3: 29, 2: 30, 1: 45}
    assert all(found[level] > least[level] for level in LEVELS), found
    assert found[5] < found[4] < found[3] < found[1]
