"""Fetching published weights from a real local server, and finding them again."""

from __future__ import annotations

import dataclasses
import io

import pytest
import torch

from baselines.fetch import fetch
from baselines.official import (
    OFFICIAL,
    Official,
    OfficialFile,
    checkpoint_path,
    official_folder,
    whose_weights,
)
from dfr.core.download import Transfer
from dfr.core.errors import UserError
from dfr.core.files import sha256
from tests.conftest import complaint
from tests.eval.data import picture_server as ways

CALM = Transfer(timeout=30, retries=1, pause=0.01)


def weights(value: float) -> bytes:
    stream = io.BytesIO()
    torch.save({"w": torch.full((20,), value)}, stream)
    return stream.getvalue()


@pytest.fixture
def server():
    with ways.serving({"a.pth": weights(1), "b.pth": weights(2)}) as running:
        yield running


@pytest.fixture
def listed(server, tmp_path) -> Official:
    files = []
    for name, content in server.files.items():
        (tmp_path / name).write_bytes(content)
        files.append(OfficialFile(name, f"{server.url}/{name}", sha256(tmp_path / name)))
    return Official("It", "paper", "MIT", "page", tuple(files))


def test_fetches_what_is_missing(server, listed, tmp_path):
    folder, told = tmp_path / "kept", []
    found = fetch(listed, folder, CALM, lambda *what: told.append(what))
    assert found == listed.hashes
    assert {file.name for file in folder.iterdir()} == {"a.pth", "b.pth"}
    assert ("b.pth", 1.0) in told
    fetch(listed, folder, CALM)
    assert server.asked["a.pth"] == 1
    (folder / "a.pth").write_bytes(b"damaged")
    fetch(listed, folder, CALM)
    assert (server.asked["a.pth"], server.asked["b.pth"]) == (2, 1)
    assert (folder / "a.pth").read_bytes() == server.files["a.pth"]


@pytest.mark.parametrize("known", [True, False], ids=["hash known", "hash not known"])
def test_keeps_nothing_that_is_not_weights(server, listed, tmp_path, known):
    server.files["b.pth"] = b"<html>please sign in</html>"
    if not known:
        files = tuple(dataclasses.replace(file, sha256=None) for file in listed.files)
        listed = dataclasses.replace(listed, files=files)
    with pytest.raises(UserError, match="SHA-256" if known else "no good") as caught:
        fetch(listed, tmp_path / "kept", CALM)
    assert f"{server.url}/b.pth" in str(caught.value)
    assert [file.name for file in (tmp_path / "kept").iterdir()] == ["a.pth"]


def test_offline_and_by_hand(listed, tmp_path):
    gone = dataclasses.replace(listed.files[0], url="http://127.0.0.1:9/a.pth")
    with pytest.raises(UserError, match=r"no connection to 127.0.0.1:9; connect"):
        fetch(dataclasses.replace(listed, files=(gone,)), tmp_path / "kept", CALM)
    with pytest.raises(UserError, match="by hand: do this"):
        fetch(Official("It", "p", "l", "by hand", by_hand="do this"), tmp_path / "kept", CALM)


def test_the_command(dfr, tmp_path):
    env = {"DFR_CACHE": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}
    done = dfr("weights", "fetch", "adain", env=env)
    assert "licence: MIT" in done.stdout
    assert "vgg_normalised.pth could not be fetched" in complaint(done)
    assert not list(tmp_path.rglob("*.pth"))
    assert "did you mean adain" in complaint(dfr("weights", "fetch", "adan", env=env))
    assert "models.tar" in complaint(dfr("weights", "fetch", "lst", env=env))


def test_where_a_checkpoint_is(tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    shipped = tmp_path / "trained.safetensors"
    with pytest.raises(UserError, match=r"no weights of its own.*weights fetch adain"):
        checkpoint_path("adain", "", shipped)
    with pytest.raises(UserError, match="published weights are not here"):
        checkpoint_path("adain", "official", shipped)
    with pytest.raises(UserError, match="setting checkpoint"):
        checkpoint_path("adain", str(tmp_path / "none.pth"), shipped)
    shipped.touch()
    official_folder("adain").mkdir(parents=True)
    assert checkpoint_path("adain", "", shipped) == shipped
    assert checkpoint_path("adain", "official", shipped) == official_folder("adain")
    assert checkpoint_path("adain", str(shipped)) == shipped
    told = [whose_weights(each) for each in ("", "official", "/a/b.pth")]
    assert told == ["trained for this suite", "published", "given: b.pth"]


@pytest.mark.parametrize("name", ["microast", "wct-16x"])
def test_hashes_are_those_of_the_published_files(shared_pictures, name):
    folder = shared_pictures / "weights" / name.replace("-", "")
    if not folder.is_dir():
        pytest.skip(f"the published weights of {name} are not here")
    for file in OFFICIAL[name].files:
        assert sha256(folder / file.name) == file.sha256


def test_the_list_says_what_is_verified(dfr, tmp_path):
    folder = tmp_path / "networks" / "safin"
    folder.mkdir(parents=True)
    (folder / "decoder.pth.tar").write_bytes(weights(1))
    done = dfr("weights", env={"DFR_CACHE": str(tmp_path)})
    (line,) = [each for each in done.stdout.splitlines() if "SAFIN: decoder" in each]
    assert [part.strip() for part in line.split("│")[3:5]] == ["yes", "-"]
    (tmp_path / "networks" / "adain").mkdir()
    (tmp_path / "networks" / "adain" / "decoder.pth").write_bytes(weights(1))
    assert "wrong SHA-256" in complaint(dfr("weights", env={"DFR_CACHE": str(tmp_path)}))
