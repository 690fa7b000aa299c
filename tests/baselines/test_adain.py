"""AdaIN by its equations, and with its published weights on real pictures."""

from __future__ import annotations

import pytest
import torch

from baselines.adain.network import (
    AdaINNetwork,
    adain,
    decoder,
    read_network,
    statistics,
)
from baselines.normalised_vgg import NormalisedVGG
from dfr.core.errors import UserError
from dfr.core.images import load, resize
from dfr.methods.contract import check_method
from dfr.methods.registry import build
from tests.baselines.published import weights_of


@pytest.fixture(scope="session")
def weights(shared_pictures):
    return weights_of("adain", shared_pictures)


@pytest.fixture(scope="session")
def network(weights) -> AdaINNetwork:
    return read_network(weights)


@pytest.fixture(scope="session")
def photographs(shared_pictures) -> list[torch.Tensor]:
    files = sorted((shared_pictures / "mscoco_wikiart" / "content").iterdir())[2:7]
    return [resize(load(file), 128, 160) for file in files]


@pytest.fixture(scope="session")
def painting(shared_pictures) -> torch.Tensor:
    file = sorted((shared_pictures / "mscoco_wikiart" / "style").iterdir())[3]
    return resize(load(file), 128, 160)


def features(seed: int, *places: int) -> torch.Tensor:
    torch.manual_seed(seed)
    return 3 * torch.rand(2, 5, *places).relu() + seed


def test_target_has_the_statistics_of_the_style_and_the_layout_of_the_content():
    content, style = features(0, 7, 9), features(4, 5, 6)
    target = adain(content, statistics(style))
    for found, expected in zip(statistics(target), statistics(style), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    mean, deviation = style.mean((2, 3)), style.flatten(2).std(2)
    torch.testing.assert_close(statistics(style).mean.flatten(1), mean)
    torch.testing.assert_close(statistics(style).deviation.flatten(1), deviation, rtol=1e-4, atol=0)
    both = torch.stack([content.flatten(2), target.flatten(2)]).permute(1, 2, 0, 3)
    for pair in both.reshape(-1, 2, 63):
        assert torch.corrcoef(pair)[0, 1] > 0.9999


def test_shapes_and_keys():
    made = decoder((12, 6, 4, 2))
    assert made(torch.rand(1, 12, 3, 2)).shape == (1, 3, 24, 16)
    numbers = {int(key.split(".")[0]) for key in decoder().state_dict()}
    assert numbers == {1, 5, 8, 11, 14, 18, 21, 25, 28}


@torch.no_grad()
def test_published_encoder_is_normalised(network, photographs):
    means = [network.look_at_content(each).mean() for each in photographs]
    assert 0.8 < torch.stack(means).mean() < 1.2
    shallow = torch.cat([network.encoder(each, ("relu1_1",))["relu1_1"] for each in photographs])
    assert 0.8 < shallow.mean() < 1.2


@torch.no_grad()
def test_published_network_reconstructs(network, photographs):
    """With strength 0, or with the content as its own style."""
    for photograph in photographs[:2]:
        inside = network.look_at_content(photograph)
        plain = network.painted(inside, network.look_at_style(photograph), 0.0)
        own = network.painted(inside, network.look_at_style(photograph), 1.0)
        assert (plain - own).abs().max() < 1e-3
        noise = -10 * (plain.clamp(0, 1) - photograph).square().mean().log10()
        assert 17 < noise < 27


@torch.no_grad()
def test_published_network_meets_the_statistics(network, photographs, painting):
    style = network.look_at_style(painting)
    inside = network.look_at_content(photographs[0])
    target = adain(inside, style)
    torch.testing.assert_close(statistics(target).mean, style.mean, rtol=1e-3, atol=1e-4)
    vary = statistics(inside).deviation > 0.1
    torch.testing.assert_close(
        statistics(target).deviation[vary], style.deviation[vary], rtol=2e-3, atol=2e-3
    )

    def apart(picture: torch.Tensor) -> torch.Tensor:
        seen = network.look_at_style(picture)
        return sum((a - b).square().mean() for a, b in zip(seen, style, strict=True))

    painted = [network.painted(inside, style, s).clamp(0, 1) for s in (0.0, 0.5, 1.0)]
    losses = [float(apart(picture)) for picture in painted]
    assert losses[0] > 1.5 * losses[1]
    assert losses[1] > 1.2 * losses[2]


def test_keeps_the_contract(weights, encoder):
    settings = {"checkpoint": str(weights), "rotations": [0, 90], "strengths": [0.5, 1]}
    for check in check_method("adain", settings, encoder):
        assert check.kept, f"{check.what}: {check.told}"


def test_a_flat_style_gives_a_finite_picture(weights, encoder, flat_pair):
    result = build("adain", {"checkpoint": str(weights)}).stylize(*flat_pair, encoder)
    assert not result.failed
    assert result.pictures["adain"].isfinite().all()


def test_other_files(weights, shared_pictures, encoder, content, style):
    for folder, words in (("microast", "encoder of AdaIN is missing"), ("nothing", "no file")):
        method = build("adain", {"checkpoint": str(shared_pictures / "weights" / folder)})
        with pytest.raises(UserError, match=words):
            method.stylize(content, style, encoder)
    lst = shared_pictures / "weights" / "lst" / "dec_r31.pth"
    with pytest.raises(UserError, match="encoder of AdaIN is not in it"):
        read_network(lst)
    with pytest.raises(UserError, match="SHA-256"):
        read_network(weights, {"decoder.pth": "0" * 64})
    with pytest.raises(UserError, match="too small for relu4_1"):
        build("adain", {"checkpoint": str(weights)}).stylize(content, style[..., :8, :], encoder)


def test_without_weights(encoder, content, style, tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    with pytest.raises(UserError, match="dfr weights fetch adain"):
        build("adain", {"checkpoint": "official"}).stylize(content, style, encoder)


def test_encoder_ends_where_it_is_told():
    with torch.device("meta"):
        made = NormalisedVGG("relu3_1")
    assert set(made.ends) == {"relu1_1", "relu1_2", "relu2_1", "relu2_2", "relu3_1"}
    assert made.smallest == 5
    assert NormalisedVGG("relu3_1", ceil=False).smallest == 8
