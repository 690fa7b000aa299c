"""Methods with networks in a run: those without weights are left out, the others say whose."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from baselines.checkpoints import SUFFIXES
from baselines.microast.network import PARTS, MicroASTNetwork
from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.runs.checkpoints import check_checkpoints, checkpoints_of, supplied
from eval.runs.profiles import read_profile
from eval.runs.store import RunStore
from tests.conftest import complaint


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """MicroAST's files with weights that are not trained."""
    folder = tmp_path_factory.mktemp("microast")
    torch.manual_seed(0)
    network = MicroASTNetwork()
    for part in PARTS:
        torch.save(getattr(network, part.name).state_dict(), folder / part.files[0])
    (folder / "README.txt").write_text("no weights")
    return folder


@pytest.fixture(scope="module")
def profile(folder, tmp_path_factory) -> Path:
    text = f"""
description = "Networks."
size = "32x40"
precision = "fp32"
contents = 1
styles = 1
timing = {{ outputs = [1], sizes = ["32x40"], iterations = 1, repeats = 1 }}

[[methods]]
label = "microast"
title = "MicroAST"
method = "microast"
settings = {{ checkpoint = "{folder}", rotations = [0, 90] }}

[[methods]]
label = "lst"
title = "LST, of nobody"
method = "lst"
settings = {{ checkpoint = "official" }}
"""
    path = tmp_path_factory.mktemp("profile") / "networks.toml"
    path.write_text(text)
    return path


def test_methods_without_weights_are_left_out(profile):
    kept, without = supplied(read_profile(profile))
    assert [entry.label for entry in kept.methods] == ["microast"]
    assert list(without) == ["LST, of nobody"]
    assert "models.tar" in without["LST, of nobody"]


def test_weights_of_this_suite_are_marked(profile, tmp_path):
    text = profile.read_text().replace('settings = { checkpoint = "official" }', "")
    (tmp_path / "own.toml").write_text(text)
    used = checkpoints_of(read_profile(tmp_path / "own.toml"))
    assert used["lst"]["own"] is True
    assert "own" not in used["microast"]
    steps = used["lst"]["whose"].removeprefix("trained for this suite (").removesuffix(" steps)")
    assert int(steps) > 300


def test_other_weights_than_a_run_was_made_with(profile, folder):
    kept, _ = supplied(read_profile(profile))
    used = checkpoints_of(kept)
    assert used == {
        "microast": {
            "whose": f"given: {folder.name}",
            "files": {
                file.name: sha256(file) for file in folder.iterdir() if file.name.endswith(SUFFIXES)
            },
        }
    }
    check_checkpoints(Path("run"), used, kept)
    check_checkpoints(Path("run"), {}, kept)
    decoder = folder / "decoder.pth.tar"
    before = decoder.read_bytes()
    torch.save({**torch.load(decoder, weights_only=True)}, decoder, pickle_protocol=3)
    with pytest.raises(UserError, match="run: 'microast' was made with other weights"):
        check_checkpoints(Path("run"), used, kept)
    decoder.write_bytes(before)


@pytest.mark.slow
def test_a_run_goes_on_without_them_and_says_whose_weights_it_used(dfr, profile, folder, tmp_path):
    run = tmp_path / "run"
    done = dfr("reproduce", "--profile", profile, "--out", run, env={"DFR_CACHE": str(tmp_path)})
    assert done.returncode == 0, done.stderr
    assert "not supplied: LST, of nobody;" in done.stderr
    store = RunStore.open(run)
    identity = store.description["identity"]
    assert set(identity["not_supplied"]) == {"LST, of nobody"}
    assert identity["checkpoints"] == checkpoints_of(supplied(read_profile(profile))[0])
    (cell,) = store.cells()
    assert [row["mode"] for row in cell["measures"]["outputs"]] == ["rot000", "rot090"]
    page = (run / "report" / "report.md").read_text()
    assert "LST, of nobody: not supplied: lst: its published weights" in page
    html = (run / "report" / "index.html").read_text()
    assert f"Weights: given: {folder.name}; content_encoder.pth.tar" in html
    assert dfr("verify", run, "--cells", "1").returncode == 0


def test_no_method_is_left(dfr, profile, tmp_path):
    text = profile.read_text()
    head, last = text.index("[[methods]]"), text.rindex("[[methods]]")
    alone = tmp_path / "alone.toml"
    alone.write_text(text[:head] + text[last:])
    said = complaint(dfr("reproduce", "--profile", alone, "--out", tmp_path / "run"))
    assert "no method has its weights here" in said
