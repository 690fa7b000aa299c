"""Measures look at each picture once, and the numbers are those of looking again each time."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size
from dfr.network.encoder import Encoder
from dfr.objective.objective import yardstick
from eval.measures.registry import measure
from eval.runs.cell import context_of, make_cell
from eval.runs.profiles import MethodEntry
from eval.runs.tools import Tools


@pytest.fixture(scope="module")
def made(encoder, files):
    """A cell's context, with an encoder that notes each look."""
    images = ImageSettings(Size.parse("32x40"))
    paths = files / "content.png", files / "style.png"
    tools = Tools.make(encoder.weights, "fp32", torch.device("cpu"), {}, 0, paths[:1], images)
    settings = {"rotations": [0, 90], "reading": "spatial", "iterations": 1}
    entry = MethodEntry(label="dfr", title="DFR", method="dfr", settings=settings)
    result, row = make_cell(*paths, entry, tools)
    return tools, images.load_pair(*paths), result, row


def test_each_picture_is_looked_at_once(made, monkeypatch):
    tools, pair, result, row = made
    looks = []
    preprocess = Encoder.preprocess

    def noted(self, pictures):
        looks.append(id(pictures))
        return preprocess(self, pictures)

    monkeypatch.setattr(Encoder, "preprocess", noted)
    measures = measure(context_of(*pair, result.pictures, tools))
    assert measures == row["measures"]
    assert len(looks) == len(set(looks)) == 2 + len(result.pictures)


def test_the_numbers_are_those_of_an_encoder_that_remembers_nothing(made):
    tools, pair, result, row = made
    context = context_of(*pair, result.pictures, tools)
    plain = dataclasses.replace(
        context,
        encoder=tools.ruler,
        yardstick=yardstick(context.content, context.style, tools.ruler),
    )
    assert measure(plain) == row["measures"]


def test_lpips_is_that_of_the_package(made):
    tools, _, result, row = made
    pictures = list(result.pictures.values())
    for trunk, name in (("alex", "lpips"), ("vgg", "lpips_vgg")):
        (found,) = row["measures"]["pairs"]
        assert found[name] == pytest.approx(float(tools.lpips[trunk](*pictures)), rel=1e-6)


def test_an_encoder_that_remembers_gives_layers_that_it_was_not_told_of(encoder, content):
    remembering = encoder.remembering(["block1_conv1", "block2_conv1"])
    for layers in (["block2_conv1"], ["block1_conv1", "block3_conv1"], ["block1_conv1"]):
        found, expected = remembering(content, layers), encoder(content, layers)
        assert list(found) == layers
        for layer in layers:
            assert torch.equal(found[layer], expected[layer])
    other = content.flip(3)
    assert torch.equal(
        remembering(other, ["block1_conv1"])["block1_conv1"],
        encoder(other, ["block1_conv1"])["block1_conv1"],
    )
