"""StyleID's set, of which 35 files are known by their hashes: packed, checked, and refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from dfr.core.files import sha256
from eval.submissions.entry_file import EntryFile
from eval.submissions.folder import check_folder
from eval.submissions.sets import named_sets
from tests.eval.conftest import SMALL, make_run
from tests.eval.submissions.conftest import FORM

CONTENTS, STYLES = ("00.png", "14.png"), ("03.png", "37.png")


def test_the_known_hashes_are_those_of_the_files(shared_pictures: Path):
    named = named_sets()["styleid"]
    assert (len(named.contents), len(named.styles)) == (20, 40)
    for files, folder in ((named.contents, "content"), (named.styles, "style")):
        here = {file.name for file in (shared_pictures / "mscoco_wikiart" / folder).glob("*.png")}
        assert {name for name, known in files.items() if known} == here
    for files, folder, name in (
        (named.contents, "content", CONTENTS[1]),
        (named.styles, "style", STYLES[1]),
    ):
        assert files[name] == sha256(shared_pictures / "mscoco_wikiart" / folder / name)


@pytest.mark.slow  # short: the case styleid of test_checking.py
def test_a_part_of_the_set_is_packed_and_checked(shared_pictures, tmp_path, dfr):
    folders = {}
    for kind, names in (("content", CONTENTS), ("style", STYLES)):
        folders[kind] = tmp_path / "mine" / kind
        folders[kind].mkdir(parents=True)
        for name in names:
            shutil.copy(shared_pictures / "mscoco_wikiart" / kind / name, folders[kind])
    profile = tmp_path / "small.toml"
    methods = SMALL.split("[[methods]]")
    profile.write_text(f"{methods[0]}[[methods]]{methods[-1]}")  # feed-forward alone
    make_run(profile, tmp_path / "run", content=folders["content"], style=folders["style"])
    board = tmp_path / "board"
    board.mkdir()
    out = board / "mine.zip"
    done = dfr("submit", tmp_path / "run", "--method", "feedforward", *FORM, "--out", out)
    assert done.returncode == 0, done.stderr
    assert EntryFile.read(out).entry.pictures.name == "styleid"

    sets = board / "sets" / "styleid"
    shutil.copytree(folders["content"], sets / "contents")
    shutil.copytree(folders["style"], sets / "styles")
    found = check_folder(board, 1, device=torch.device("cpu"))
    assert found.refused == {} and len(found.entries) == 1

    Image.new("RGB", (64, 64)).save(sets / "styles" / STYLES[0])
    refused = check_folder(board, 1, device=torch.device("cpu")).refused["mine.zip"]
    assert f"{STYLES[0]} is not the set's picture" in refused
