"""Files of weights that are what they should be, and files that are not."""

from __future__ import annotations

import collections
import io
import pickle
import tarfile
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from baselines.checkpoints import Part, fill, read_parts, read_tensors
from baselines.normalised_vgg import NormalisedVGG, load_encoder
from dfr.core.errors import UserError
from dfr.core.files import sha256

PARTS = (Part("encoder", ("vgg.pth", "encoder.pth.tar")), Part("decoder", ("decoder.pth",)))


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3))


def refused(call, *arguments, **options) -> str:
    with pytest.raises(UserError) as caught:
        call(*arguments, **options)
    (line,) = str(caught.value).splitlines()
    return line


def same(found, expected) -> bool:
    return set(found) == set(expected) and all(torch.equal(found[k], expected[k]) for k in found)


@pytest.mark.parametrize("old", [True, False], ids=["old format", "zip"])
@pytest.mark.parametrize("name", ["w.pth", "w.pt", "w.pth.tar"])
def test_reads_what_torch_saves(tmp_path, name, old):
    state = small().state_dict()
    torch.save(state, tmp_path / name, _use_new_zipfile_serialization=not old)
    assert same(read_tensors(tmp_path / name, sha256(tmp_path / name)), state)


def test_reads_safetensors_and_tables_in_tables(tmp_path):
    state = dict(small().state_dict())
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    torch.save({"epoch": 20, "model": state}, tmp_path / "w.pth")
    torch.save({"encoder": state, "decoder": state}, tmp_path / "two.pth")
    assert same(read_tensors(tmp_path / "w.safetensors"), state)
    assert same(read_tensors(tmp_path / "w.pth"), state)
    assert set(read_parts(tmp_path / "two.pth", PARTS, "It")) == {"encoder", "decoder"}


def test_halves_become_floats(tmp_path):
    torch.save({"w": torch.ones(2, dtype=torch.float16)}, tmp_path / "w.pth")
    assert read_tensors(tmp_path / "w.pth")["w"].dtype == torch.float32


class Evil:
    """Leaves a file behind if its pickle is opened without care."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_runs_no_code(tmp_path):
    trace = tmp_path / "trace"
    torch.save({"w": torch.ones(2), "x": Evil(trace)}, tmp_path / "w.pth")
    plain = pickle.dumps(collections.OrderedDict(x=Evil(trace)), protocol=2)
    (tmp_path / "old.pth").write_bytes(plain)
    torch.save({"x": Evil(trace)}, tmp_path / "v.pth", _use_new_zipfile_serialization=False)
    for name in ("w.pth", "old.pth", "v.pth"):
        assert "not opened" in refused(read_tensors, tmp_path / name), name
    (tmp_path / "new.pth").write_bytes(pickle.dumps({"x": Evil(trace)}, protocol=4))
    assert "cannot be read" in refused(read_tensors, tmp_path / "new.pth")
    torch.save(small(), tmp_path / "whole.pth")
    assert "state_dict" in refused(read_tensors, tmp_path / "whole.pth")
    assert not trace.exists()


def test_refuses_the_oldest_format(tmp_path):
    with tarfile.open(tmp_path / "w.pth.tar", "w") as tar:
        for name in ("storages", "tensors", "pickle"):
            info, content = tarfile.TarInfo(name), pickle.dumps(1)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    assert "old" in refused(read_tensors, tmp_path / "w.pth.tar")


@pytest.mark.parametrize("old", [True, False], ids=["old format", "zip"])
def test_truncated(tmp_path, old):
    file = tmp_path / "w.pth"
    torch.save(small().state_dict(), file, _use_new_zipfile_serialization=not old)
    whole = file.read_bytes()
    for length in (0, 1, 30, len(whole) // 2, len(whole) - 20):
        file.write_bytes(whole[:length])
        assert str(file) in refused(read_tensors, file), length


def test_truncated_safetensors(tmp_path):
    file = tmp_path / "w.safetensors"
    safetensors.torch.save_file(dict(small().state_dict()), file)
    file.write_bytes(file.read_bytes()[:-10])
    assert "cut short" in refused(read_tensors, file)


def test_files_that_are_no_weights(tmp_path):
    assert "no such file" in refused(read_tensors, tmp_path / "none.pth")
    (tmp_path / "w.t7").write_bytes(b"1")
    assert "convert" in refused(read_tensors, tmp_path / "w.t7")
    (tmp_path / "page.pth").write_text("<html>sign in</html>")
    assert "another kind" in refused(read_tensors, tmp_path / "page.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    assert "no tensors" in refused(read_tensors, tmp_path / "list.pth")
    torch.save({"w": torch.tensor([1.0, torch.nan])}, tmp_path / "nan.pth")
    assert "not finite" in refused(read_tensors, tmp_path / "nan.pth")
    assert "SHA-256" in refused(read_tensors, tmp_path / "nan.pth", "0" * 64)


def test_another_network(tmp_path):
    network, state = small(), dict(small().state_dict())
    say = lambda tensors: refused(fill, network, tensors, "the small one", tmp_path)  # noqa: E731
    assert "is not the small one: '0.weight' and 3 more missing; it has 'w'" in say(
        {"w": torch.ones(1)}
    )
    assert "'2.bias' missing" in say({k: v for k, v in state.items() if k != "2.bias"})
    assert "'4.bias' not of" in say({**state, "4.bias": torch.ones(1)})
    assert "4 x 3 x 5 x 5, not 4 x 3 x 3 x 3" in say({**state, "0.weight": torch.ones(4, 3, 5, 5)})


def test_filled_network_is_a_constant(tmp_path):
    network, state = small(), {k: v + 1 for k, v in small().state_dict().items()}
    fill(network, {**state, "extra": torch.ones(1)}, "it", tmp_path, spare=("extra",))
    assert same(network.state_dict(), state)
    assert not network.training
    assert not any(each.requires_grad for each in network.parameters())


def test_parts_of_a_folder(tmp_path):
    state = small().state_dict()
    torch.save(state, tmp_path / "encoder.pth.tar")
    assert "decoder.pth" in refused(read_parts, tmp_path, PARTS, "It")
    torch.save(state, tmp_path / "decoder.pth")
    for path in (tmp_path, tmp_path / "decoder.pth"):
        found = read_parts(path, PARTS, "It")
        assert list(found) == ["encoder", "decoder"]
        assert same(found["decoder"], state)
    wrong = {"decoder.pth": "0" * 64}
    assert "SHA-256" in refused(read_parts, tmp_path, PARTS, "It", wrong)
    assert "no such" in refused(read_parts, tmp_path / "none", PARTS, "It")


def test_parts_of_one_file(tmp_path):
    state = dict(small().state_dict())
    file = tmp_path / "it.safetensors"
    both = {f"{part}.{key}": each for part in ("encoder", "decoder") for key, each in state.items()}
    safetensors.torch.save_file({k: v.clone() for k, v in both.items()}, file)
    assert same(read_parts(file, PARTS, "It")["encoder"], state)
    safetensors.torch.save_file({f"encoder.{key}": each for key, each in state.items()}, file)
    assert "decoder of It is not in it" in refused(read_parts, file, PARTS, "It")


def test_encoder_has_the_published_keys(shared_pictures):
    file = shared_pictures / "weights" / "adain" / "vgg_normalised_to_relu4_1.pth"
    if not file.is_file():
        pytest.skip("AdaIN's encoder is not here")
    stored = read_tensors(file)
    assert set(stored) == set(NormalisedVGG("relu4_1").layers.state_dict())
    encoder = load_encoder(stored, file)
    picture = torch.rand(1, 3, 40, 56, generator=torch.Generator().manual_seed(0))
    found = encoder(picture, ("relu1_1", "relu3_1", "relu4_1"))
    assert [tuple(each.shape) for each in found.values()] == [
        (1, 64, 40, 56), (1, 256, 10, 14), (1, 512, 5, 7),
    ]  # fmt: skip
    assert "too small for relu4_1" in refused(encoder, picture[..., :8])
    assert encoder(picture[..., :9, :9])["relu4_1"].shape[-2:] == (2, 2)
    deeper = NormalisedVGG("relu4_2").layers.to_empty(device="cpu").state_dict()
    assert "missing" in refused(load_encoder, stored, file, "relu5_1")
    assert set(deeper) - set(stored) == {"32.weight", "32.bias"}
    load_encoder({**deeper, **stored}, file)
