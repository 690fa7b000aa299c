"""The training loop on a few small pictures: it learns, stops, and goes on to the same numbers."""

from __future__ import annotations

import csv
import dataclasses
import json

import pytest
import torch

from baselines import compact
from baselines.adain import own
from baselines.adain.own import DecoderTask, read_own
from baselines.crops import Crops
from baselines.train import task
from baselines.train.distance import distance
from baselines.train.loop import (
    CURVE,
    SETTINGS,
    SHEET,
    STATE,
    WEIGHTS,
    train,
)
from baselines.train.task import Settings
from dfr.core.errors import UserError
from dfr.core.images import load
from dfr.methods.registry import build
from eval.data.procedural_styles import draw
from tests.baselines.test_checkpoints import refused

SMALL = (512, 16, 8, 8)


def small_task(contents, styles, device):
    return DecoderTask(contents, styles, device, SMALL)


@pytest.fixture(scope="module")
def settings(tmp_path_factory, files) -> Settings:
    from PIL import Image

    folder = tmp_path_factory.mktemp("training")
    for kind in ("content", "style"):
        (folder / kind).mkdir()
    with Image.open(files / "content.png") as photograph:
        for k in range(2):
            photograph.rotate(90 * k).save(folder / "content" / f"{k}.png")
    for name in ("waves", "stained_glass"):
        draw(name).resize((64, 64)).save(folder / "style" / f"{name}.png")
    (folder / "content" / "notes.txt").write_text("no picture")
    return Settings(
        folder / "content",
        folder / "style",
        side=32,
        variants=2,
        batch=2,
        rate=0.01,
        rise=0,
    )


@pytest.fixture(scope="module", autouse=True)
def of_few_pairs():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task, "WHITENED", 6)
        yield


@pytest.fixture(scope="module")
def trained(settings, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    train("adain", small_task, settings, out, 16, every=6)
    return out


def curve(out) -> list[dict[str, str]]:
    with (out / CURVE).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_loss_falls(trained):
    rows = curve(trained)
    assert [int(float(row["step"])) for row in rows] == list(range(1, 17))
    total = [float(row["content"]) + float(row["style"]) for row in rows]
    assert sum(total[-5:]) < 0.7 * sum(total[:5])


def test_the_weight_of_the_style_rises(settings, trained, tmp_path):
    train("adain", small_task, dataclasses.replace(settings, rise=4), tmp_path, 1)
    (first,), whole = curve(tmp_path), curve(trained)[0]
    assert float(first["content"]) == pytest.approx(float(whole["content"]))
    assert float(first["style"]) == pytest.approx(float(whole["style"]) / 4)


def test_the_rate_falls_in_the_end(settings, trained, tmp_path):
    train("adain", small_task, dataclasses.replace(settings, steady=2), tmp_path, 6)
    rows, before = curve(tmp_path), curve(trained)
    assert rows[:3] == before[:3]  # the third loss is what two steps led to
    assert rows[3] != before[3]


def test_a_stopped_training_goes_on_to_the_same_numbers(settings, trained, tmp_path):
    class Stop(Exception):
        pass

    def stop(step, *_):
        if step == 9:
            raise Stop

    with pytest.raises(Stop):
        train("adain", small_task, settings, tmp_path, 16, every=6, report=stop)
    assert len(curve(tmp_path)) == 6
    train("adain", small_task, settings, tmp_path, 16, every=6)
    assert curve(tmp_path) == curve(trained)
    first, again = (torch.load(out / STATE, weights_only=True) for out in (trained, tmp_path))
    for part in ("parameters", "average"):
        assert all(torch.equal(first[part][key], again[part][key]) for key in first[part])
    train("adain", small_task, settings, tmp_path, 16)
    assert len(curve(tmp_path)) == 16


def test_what_it_writes(trained, settings, encoder, content, style):
    sheet = load(trained / SHEET)
    assert sheet.shape == (1, 3, 3 * 32, 3 * 32)
    told = compact.about(trained / WEIGHTS)
    assert (told["network"], told["steps"], told["widths"]) == ("adain", 16, list(SMALL))
    assert told["training"]["pictures"]["content"] == 2
    assert str(settings.content.parent) not in json.dumps(told)
    network = read_own(trained / WEIGHTS)
    state = torch.load(trained / STATE, weights_only=True)["average"]
    for key, tensor in network.decoder.state_dict().items():
        step = state[key].flatten(1).abs().amax() / 127 if state[key].ndim > 1 else 2e-3
        assert (tensor - state[key]).abs().max() <= 0.51 * step
    method = build("adain", {"checkpoint": str(trained / WEIGHTS)})
    picture = method.stylize(content, style, encoder).pictures["adain"]
    assert picture.shape == content.shape
    odd = method.stylize(content[..., :31, :33], style, encoder).pictures["adain"]
    assert odd.shape[-2:] == (31, 33)


def test_refuses(settings, trained, tmp_path, monkeypatch):
    import dataclasses

    other = dataclasses.replace(settings, rate=1e-4)
    assert "another training" in refused(train, "adain", small_task, other, trained, 30)
    none = dataclasses.replace(settings, style=tmp_path)
    assert "no picture in it" in refused(train, "adain", small_task, none, tmp_path / "a", 3)
    none = dataclasses.replace(settings, style=tmp_path / "none")
    assert "no such folder" in refused(train, "adain", small_task, none, tmp_path / "a", 3)
    monkeypatch.setattr(own, "STYLE_WEIGHT", float("nan"))
    assert "not finite" in refused(train, "adain", small_task, settings, tmp_path / "b", 9)


def test_crops_are_the_same_whenever_they_are_asked_for(settings):
    crops, again = (Crops(settings.content, 32, 3, seed=5) for _ in range(2))
    assert len(crops) == 6
    for number in (5, 0, 3):
        assert torch.equal(crops[number], again[number])
        assert crops[number].shape == (3, 32, 32)
    assert not torch.equal(crops[0], crops[1])
    assert not torch.equal(Crops(settings.content, 32, 3, seed=6)[0], crops[0])


def test_other_files(trained, tmp_path):
    tensors = {"w": torch.ones(2)}
    compact.write(tmp_path / "a.safetensors", tensors, {"network": "lst"})
    assert "of lst, not of adain" in refused(read_own, tmp_path / "a.safetensors")
    compact.write(tmp_path / "b.safetensors", tensors, {"network": "adain"})
    assert "relu1_1" in refused(read_own, tmp_path / "b.safetensors")
    cut = tmp_path / "c.safetensors"
    cut.write_bytes((trained / WEIGHTS).read_bytes()[:-100])
    assert "cut short" in refused(read_own, cut)
    assert (trained / SETTINGS).is_file()
    with pytest.raises(UserError):
        build("adain", {"checkpoint": str(cut)}).load(torch.device("cpu"))


def test_eight_bits():
    torch.manual_seed(0)
    tensors = {
        "a.weight": torch.randn(4, 3, 3, 3),
        "a.bias": torch.randn(4),
        "z": torch.zeros(2, 2),
    }
    back = compact.unpack(compact.pack(tensors))
    assert set(back) == set(tensors)
    assert torch.equal(back["z"], tensors["z"])
    largest = tensors["a.weight"].flatten(1).abs().amax(1).view(-1, 1, 1, 1)
    assert ((back["a.weight"] - tensors["a.weight"]).abs() <= largest / 254 + 1e-7).all()
    torch.testing.assert_close(back["a.bias"], tensors["a.bias"], rtol=1e-3, atol=1e-3)


@pytest.mark.slow
def test_distance_from_other_weights(trained, settings, tmp_path):
    """Of weights from themselves it is 0; of others it is not, and losses are those of each."""
    contents, styles = (
        [next(folder.glob("*.png"))] for folder in (settings.content, settings.style)
    )
    own = trained / WEIGHTS
    same = distance("adain", own, own, contents, styles, 48)
    assert (same.pairs, same.lpips) == (1, 0)
    assert same.style == same.style_published
    tensors, told = compact.read(own, "adain")
    moved = {
        key: each * 0.9 if key.startswith("trained") else each for key, each in tensors.items()
    }
    compact.write(tmp_path / "other.safetensors", moved, told)
    other = distance("adain", own, tmp_path / "other.safetensors", contents, styles, 48)
    assert other.lpips > 0.01
    assert (other.style, other.content) == (same.style, same.content)
    assert other.style_published != same.style
