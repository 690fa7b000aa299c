"""The training of LST's transform, and the network that is read from its file."""

from __future__ import annotations

import pytest
import torch

from baselines import compact
from baselines.crops import Crops
from baselines.lst.network import LEVELS, SIZE, Transform
from baselines.lst.own import TransformTask, _near_identity, read_own, style_loss
from baselines.train.loop import WEIGHTS, train
from baselines.train.whitening import WhitenedAdam, convolutions_of
from dfr.methods.registry import build
from tests.baselines.test_checkpoints import refused
from tests.baselines.test_training import curve, of_few_pairs, settings  # noqa: F401

SMALL = (512, 256, 32, 16)


def small_task(contents, styles, device):
    return TransformTask(contents, styles, device, SMALL)


def test_style_loss_by_hand():
    torch.manual_seed(0)
    found, wanted = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 6, 2)
    total = 0.0
    for a, b in zip(found, wanted, strict=True):
        rows, other = a.flatten(1), b.flatten(1)
        total += (rows.mean(1) - other.mean(1)).square().sum()
        total += (rows @ rows.T / (3 * 20) - other @ other.T / (3 * 12)).square().sum()
    torch.testing.assert_close(style_loss(found, wanted), total / 2)
    assert style_loss(found, found) == 0


@torch.no_grad()
def test_begins_near_the_identity():
    torch.manual_seed(0)
    transform = Transform(LEVELS["relu3_1"])
    _near_identity(transform, torch.linalg.qr(torch.randn(256, SIZE)).Q)
    content, style = torch.rand(1, 256, 6, 6), torch.rand(1, 256, 6, 6)
    mapped = transform(content, transform.look(style))
    basis = transform.compress.weight[:, :, 0, 0]
    kept = torch.einsum("ck,kd,dhw->chw", basis.T, basis, (content - content.mean((2, 3), True))[0])
    apart = mapped[0] - style.mean((2, 3), True)[0] - kept
    assert apart.abs().mean() < 0.2 * kept.abs().mean()


@pytest.mark.slow
def test_the_loss_of_a_fixed_batch_falls(settings):  # noqa: F811
    torch.manual_seed(0)
    crops = Crops(settings.content, 32, 2, 0), Crops(settings.style, 32, 2, 0)
    task = small_task(*crops, torch.device("cpu"))
    task.begin(0, lambda _, __: None)
    named = dict(task.trained.named_parameters())
    whitened = task.whitened(0)
    white = ((each, whitened[key]) for key, each in convolutions_of(task.decoder).items())
    optimiser = WhitenedAdam(white, task.others())
    found, before = [], named["transform.compress.weight"].detach().clone()
    for _ in range(36):
        total = sum(task.losses([0, 3], [1, 2], 1).values())
        found.append(float(total.detach()))
        optimiser.step(total, 0.01)
    assert min(found[-8:]) < 0.9 * found[0]
    assert not torch.equal(named["transform.compress.weight"].detach(), before)


def test_its_file_stylizes_and_goes_on(settings, tmp_path, encoder, content, style):  # noqa: F811
    train("lst", small_task, settings, tmp_path, 6, every=6)
    rows = curve(tmp_path)
    own = tmp_path / WEIGHTS
    assert compact.about(own)["layer"] == "relu3_1"
    assert "add --set layer=relu3_1" in refused(read_own, own, "relu4_1")
    method = build("lst", {"checkpoint": str(own), "rotations": [0, 90]})
    assert method.layer == "relu3_1"
    pictures = method.stylize(content[..., :31, :33], style, encoder).pictures
    assert {tuple(each.shape) for each in pictures.values()} == {(1, 3, 31, 33)}
    first = train("lst", small_task, settings, tmp_path / "again", 5, every=5)
    train("lst", small_task, settings, tmp_path / "again", 6, every=5)
    assert curve(tmp_path / "again") == curve(tmp_path)[:6]
    assert first["content"] == pytest.approx(float(rows[4]["content"]))
