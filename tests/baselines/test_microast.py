"""MicroAST with its published weights on real pictures."""

from __future__ import annotations

import pytest
import torch

from baselines.microast.network import MicroASTNetwork, read_network
from baselines.official import OFFICIAL
from dfr.core.errors import UserError
from dfr.core.images import load, resize
from dfr.methods.contract import check_method
from dfr.methods.registry import build
from dfr.objective.objective import yardstick
from tests.baselines.published import weights_of


@pytest.fixture(scope="session")
def weights(shared_pictures):
    return weights_of("microast", shared_pictures)


@pytest.fixture(scope="session")
def network(weights) -> MicroASTNetwork:
    return read_network(weights, OFFICIAL["microast"].hashes)


@pytest.fixture(scope="session")
def real_pair(shared_pictures) -> list[torch.Tensor]:
    folder = shared_pictures / "mscoco_wikiart"
    return [
        resize(load(sorted((folder / kind).iterdir())[3]), 128, 160)
        for kind in ("content", "style")
    ]


def test_size():
    with torch.device("meta"):
        network = MicroASTNetwork()
    assert sum(each.numel() for each in network.parameters()) == pytest.approx(472e3, rel=0.02)


@torch.no_grad()
def test_shapes(network):
    picture = torch.rand(1, 3, 45, 38, generator=torch.Generator().manual_seed(0))
    inside, style = network.look_at_content(picture), network.look_at_style(picture)
    assert inside.shape == (1, 64, 12, 10)
    assert [tuple(each.shape) for each in (*style.weights, *style.biases)] == [(1, 64, 1, 1)] * 4
    assert network.painted(inside, style, 1.0).shape == (1, 3, 48, 40)


def test_stylizes_a_real_pair(weights, real_pair, encoder):
    """Its style loss is well below the content's, and its content well above the style's."""
    content, style = real_pair
    method = build("microast", {"checkpoint": str(weights)})
    picture = method.stylize(content, style, encoder).pictures["microast"]
    ruler = yardstick(content, style, encoder)
    found, at_start, at_style = (
        ruler(each, encoder(each, ruler.layers)) for each in (picture, content, style)
    )
    assert found.style < 0.7 * at_start.style
    assert found.content < 0.7 * at_style.content


def test_turned_styles_and_mixtures(weights, real_pair, encoder):
    settings = {"checkpoint": str(weights), "rotations": [0, 90], "strengths": [0, 1]}
    pictures = build("microast", settings).stylize(*real_pair, encoder).pictures
    assert (pictures["rot000-strength100"] - pictures["rot090-strength100"]).abs().mean() > 0.005
    assert (pictures["rot000-strength100"] - pictures["rot000-strength000"]).abs().mean() > 0.02


def test_keeps_the_contract(weights, encoder):
    for check in check_method("microast", {"checkpoint": str(weights)}, encoder):
        assert check.kept, f"{check.what}: {check.told}"


def test_a_flat_style_gives_a_finite_picture(weights, encoder, flat_pair):
    result = build("microast", {"checkpoint": str(weights)}).stylize(*flat_pair, encoder)
    assert not result.failed


def test_refuses(weights, network, tmp_path):
    for name in ("content_encoder", "modulator", "decoder"):
        (tmp_path / f"{name}.pth.tar").write_bytes((weights / f"{name}.pth.tar").read_bytes())
    with pytest.raises(UserError, match=r"style_encoder of MicroAST is missing"):
        read_network(tmp_path)
    other = (weights / "decoder.pth.tar").read_bytes()
    (tmp_path / "style_encoder.pth.tar").write_bytes(other)
    with pytest.raises(UserError, match=r"is not MicroAST's style encoder: 'enc1\.0"):
        read_network(tmp_path)
    with pytest.raises(UserError, match="5 pixels"):
        network.look_at_content(torch.zeros(1, 3, 4, 40))
