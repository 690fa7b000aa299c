"""Sets that other people published: fetched by address and hash, and what runs make of them."""

from __future__ import annotations

import dataclasses
import hashlib
import socket
from pathlib import Path

import pytest
import torch

from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.data.chosen import choose_data
from eval.data.fetch import fetch
from eval.data.listed import ListedSet, listed_set
from eval.data.lock import open_locked
from eval.runs.profiles import choose_profile
from tests.eval.data import picture_server as ways
from tests.eval.data.served_set import CALM, picture_bytes

FILES = ("content/1.jpg", "content/2.jpg", "style/1.jpg")


@pytest.fixture
def listed() -> ListedSet:
    bytes_of = {file: picture_bytes(k) for k, file in enumerate(FILES)}
    digests = {file: hashlib.sha256(each).hexdigest() for file, each in bytes_of.items()}
    return dataclasses.replace(listed_set("dfp"), title="three pictures", listed=digests)


@pytest.fixture
def server():
    with ways.serving({}) as running:
        running.by_path = {f"data/{file}": picture_bytes(k) for k, file in enumerate(FILES)}
        yield running


def test_is_fetched_and_locked_by_the_listed_hashes(listed, server, tmp_path):
    urls = {"url": f"{server.url}/data/"}
    done = fetch(listed, tmp_path / "data", urls=urls, transfer=CALM)
    assert list(done.lock.files) == ["contents/1.jpg", "contents/2.jpg", "styles/1.jpg"]
    assert open_locked(tmp_path / "data") == done.lock
    assert done.lock.contents_from == "contents of three pictures"
    entry = done.lock.files["styles/1.jpg"]
    assert (entry.sha256, entry.licence) == (listed.listed["style/1.jpg"], "MIT")


def test_another_file_at_the_address_is_refused(listed, server, tmp_path):
    server.by_path["data/style/1.jpg"] = picture_bytes(99)
    with pytest.raises(
        UserError, match=r"another file \(another SHA-256\) than the published"
    ) as said:
        fetch(listed, tmp_path / "data", urls={"url": f"{server.url}/data"}, transfer=CALM)
    assert "styles/1.jpg" in str(said.value) and "2 are there and kept" in str(said.value)
    assert not (tmp_path / "data/styles/1.jpg").exists()


def test_no_network_is_one_line_that_says_what_else(listed, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(UserError, match="no network") as said:
            fetch(listed, tmp_path / "data", urls={"url": url}, transfer=CALM)
    assert "\n" not in str(said.value) and "--content and --style" in str(said.value)


def test_the_command_refuses_an_unknown_set(dfr, tmp_path):
    done = dfr("data", "fetch", "--set", "dpf", "--to", tmp_path / "data")
    assert done.returncode == 2
    assert "unknown set of pictures 'dpf'" in done.stderr and "dfp" in done.stderr


def test_the_evaluation_data_of_deep_feature_perturbation():
    listed = listed_set("dfp")
    files = listed.files()
    assert len(listed.hashes("content")) == len(listed.hashes("style")) == 6
    assert files[0].url == (
        "https://raw.githubusercontent.com/EndyWon/Deep-Feature-Perturbation/master/"
        "evaluation_data/content/1.jpg"
    )
    assert files[11].file == "styles/6.jpg" and files[11].sha256 in listed.hashes("style")


def test_the_command_fetches_the_real_pictures(dfr, shared_pictures, tmp_path):
    folder = shared_pictures / "dfp"
    if not folder.is_dir():
        pytest.skip("the evaluation data of Deep Feature Perturbation is not here")
    with ways.serving({}) as running:
        running.by_path = {
            str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*.jpg")
        }
        done = dfr("data", "fetch", "--set", "dfp", "--set-url", running.url,
                   "--to", tmp_path / "data")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "12 files" in done.stdout


def test_which_pictures_the_profile_takes(listed, server, tmp_path, monkeypatch):
    profile = choose_profile("dfp", torch.device("cpu"))
    assert (profile.pictures, profile.contents, profile.styles) == ("dfp", 6, 6)
    assert profile.methods[0].build().modes == ("noise0", "noise1", "noise2", "noise3")
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    for asked, said in (("auto", "dfr data fetch --set dfp"), ("embedded", "not the embedded set")):
        with pytest.raises(UserError, match=said):
            choose_data(asked, 6, 6, pictures="dfp")
    fetch(listed, tmp_path / "dfp", urls={"url": f"{server.url}/data"}, transfer=CALM)
    folder, told = choose_data("auto", 6, 6, pictures="dfp")
    assert folder == tmp_path / "dfp" and "evaluation data" in told
    assert choose_data("auto", 6, 6, folders=True, pictures="dfp") == (None, "")


def test_a_run_is_of_the_set_by_the_hashes_of_its_pictures(listed, tmp_path):
    file = tmp_path / "other_name.jpg"
    file.write_bytes(picture_bytes(0))
    identity = {
        "contents": [{"name": "x", "sha256": sha256(Path(file))}],
        "styles": [{"name": "y", "sha256": listed.listed["style/1.jpg"]}],
    }
    assert listed.holds(identity)
    assert not listed_set("dfp").holds(identity)
    assert not listed.holds({**identity, "styles": identity["contents"]})
