from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from dfr.core.files import seal_of, sha256
from eval.runs.diff import diff_runs
from eval.runs.verify import verify_run
from tests.conftest import complaint


@pytest.fixture(scope="module")
def other_run(profile_file, tmp_path_factory) -> Path:
    """The tiny run with another lambda, without DeCorMST and Gatys."""
    folder = tmp_path_factory.mktemp("other")
    profile = folder / "tiny.toml"
    text = profile_file.read_text().replace("rotation_weight = 0.5", "rotation_weight = 0.25")
    profile.write_text(text[: text.index('[[methods]]\nlabel = "decormst"')])
    subprocess.run(
        [sys.executable, "-m", "dfr.cli", "reproduce", "--profile", profile, "--out",
         folder / "run"],
        check=True, capture_output=True, timeout=600,
    )  # fmt: skip
    return folder / "run"


def test_a_run_is_confirmed_to_the_byte(tiny_run):
    checks = verify_run(tiny_run, 3, device=torch.device("cpu"), seed=1)
    assert len({check.cell for check in checks}) == 3
    for check in checks:
        assert check.identical
        assert check.confirmed
        assert check.pixels == 0
        assert set(check.measures.values()) == {0}


def forge(run: Path, label: str) -> None:
    """Change a number in a cell and seal it again, as a cheat would."""
    path = run / "cells" / "chelsea" / "strokes" / label / "cell.json"
    row = json.loads(path.read_text())
    row.pop("seal")
    row["measures"]["outputs"][0]["style_loss"] *= 0.5
    row["seal"] = seal_of(row)
    path.write_text(json.dumps(row))


def test_a_resealed_lie_in_a_picture_and_its_row_is_found(tiny_run, tmp_path, dfr):
    copy = shutil.copytree(tiny_run, tmp_path / "copy")
    cell = copy / "cells" / "chelsea" / "strokes" / "half"
    shutil.copy(cell.parent / "dfr" / "rot000.png", cell / "rot090.png")
    row = json.loads((cell / "cell.json").read_text())
    row.pop("seal")
    row["files"]["rot090"]["sha256"] = sha256(cell / "rot090.png")
    row["measures"]["outputs"][0]["style_loss"] *= 0.5
    row["seal"] = seal_of(row)
    (cell / "cell.json").write_text(json.dumps(row))
    done = dfr("verify", copy, "--cells", 10)
    assert done.returncode == 1, done.stderr
    assert "NOT CONFIRMED" in done.stdout
    assert "23 of 24 outputs confirmed" in done.stdout


def test_a_resealed_lie_in_a_number_alone_is_found(tiny_run, tmp_path):
    copy = shutil.copytree(tiny_run, tmp_path / "copy")
    forge(copy, "gatys")
    for check in verify_run(copy, 10, device=torch.device("cpu")):
        assert check.identical
        assert check.confirmed == (check.cell != ("chelsea", "strokes", "gatys"))
        if not check.confirmed:
            assert check.furthest == ("style_loss", pytest.approx(0.5))


def test_verify_names_a_changed_file(tiny_run, tmp_path, dfr):
    copy = shutil.copytree(tiny_run, tmp_path / "copy")
    picture = copy / "cells" / "chelsea" / "strokes" / "half" / "rot090.png"
    picture.write_bytes(picture.read_bytes()[:-20])
    assert "rot090.png: was changed" in complaint(dfr("verify", copy))


def test_verify_wants_the_runs_own_pictures(tiny_run, files, dfr, tmp_path):
    (tmp_path / "contents").mkdir()
    shutil.copy(files / "content.png", tmp_path / "contents" / "chelsea.png")
    message = complaint(dfr("verify", tiny_run, "--content", tmp_path / "contents"))
    assert "chelsea.png: the run's picture" in message
    assert "--content" in message


def test_a_run_does_not_differ_from_itself(tiny_run, dfr):
    assert diff_runs(tiny_run, tiny_run).same
    assert dfr("diff", tiny_run, tiny_run).stdout == "nothing differs\n"


def test_diff_names_settings_numbers_and_what_is_missing(tiny_run, other_run, dfr):
    found = diff_runs(tiny_run, other_run)
    settings = found.settings.set_index("setting")
    name = "profile.methods.half.settings.rotation_weight"
    assert settings.loc[name].tolist() == ["0.5", "0.25"]
    assert settings.loc["profile.methods.gatys.label"].tolist() == ["gatys", "(absent)"]
    assert len(found.only_a) == 2 * (5 + 1 + 1)
    assert found.only_b == []
    numbers = found.numbers.set_index("measure")
    assert (numbers["outputs"] == 2 * 5).all()
    assert numbers.loc["style_loss", "equal"] == 2 * 4  # all but lambda's
    assert "half" in numbers.loc["style_loss", "where"]
    assert 0 < numbers.loc["style_loss", "largest"] < 1
    shown = dfr("diff", tiny_run, other_run).stdout
    assert "rotation_weight" in shown
    assert "only in a: 14 outputs" in shown


def test_diff_finds_a_forged_number(tiny_run, tmp_path):
    copy = shutil.copytree(tiny_run, tmp_path / "copy")
    forge(copy, "gatys")
    numbers = diff_runs(tiny_run, copy).numbers.set_index("measure")
    assert numbers.loc["style_loss", "largest"] == pytest.approx(0.5)
    assert numbers.loc["style_loss", "where"] == "chelsea × strokes, gatys, gatys"
    assert numbers.loc["content_loss", "largest"] == 0


def test_diff_of_no_run(dfr, tiny_run, tmp_path):
    assert "holds no run" in complaint(dfr("diff", tiny_run, tmp_path))


def test_a_run_on_an_imported_set_is_verified_from_it(profile_file, files, dfr, tmp_path):
    for name in ("contents", "styles"):
        (tmp_path / name).mkdir()
    shutil.copy(files / "content.png", tmp_path / "contents" / "000000000139.png")
    for number in range(2):
        shutil.copy(files / "style.png", tmp_path / "styles" / f"style{number}.png")
    data, run = tmp_path / "data", tmp_path / "run"
    for arguments in (
        ("data", "import", "--coco", tmp_path / "contents", "--style", tmp_path / "styles",
         "--to", data),
        ("reproduce", "--profile", profile_file, "--data", data, "--out", run),
    ):  # fmt: skip
        done = dfr(*arguments)
        assert done.returncode == 0, done.stderr
    assert "--content or --data" in complaint(dfr("verify", run, "--cells", 1))
    done = dfr("verify", run, "--cells", 1, "--data", data)
    assert done.returncode == 0, done.stderr
    assert "confirmed" in done.stdout
