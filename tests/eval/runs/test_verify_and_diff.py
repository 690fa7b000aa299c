from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from dfr.core.files import seal_of, sha256
from eval.runs.diff import diff_runs
from eval.runs.verify import verify_run
from tests.conftest import complaint, made_once
from tests.eval.conftest import FOUND_ONCE, begun_with, make_run


@pytest.fixture(scope="session")
def other_run(small_run, small_profile, tmp_path_factory) -> Path:
    """The small run with another lambda, without the feed-forward method."""

    def make(folder: Path) -> None:
        profile = folder / "small.toml"
        text = small_profile.read_text().replace("rotation_weight = 0.5", "rotation_weight = 0.25")
        profile.write_text(text[: text.index('[[methods]]\nlabel = "feedforward"')])
        same = [f"cells/chelsea/{style}/dfr" for style in ("strokes", "stained_glass")]
        make_run(profile, begun_with(small_run, folder / "run", *FOUND_ONCE, *same))

    return made_once(tmp_path_factory, "other", make) / "run"


def test_a_run_is_confirmed_to_the_byte(small_run):
    checks = verify_run(small_run, 3, device=torch.device("cpu"), seed=1)
    assert len({check.cell for check in checks}) == 3
    for check in checks:
        assert check.identical
        assert check.confirmed
        assert check.pixels == 0
        assert set(check.measures.values()) == {0}


def copy_of_a_pair(run: Path, folder: Path) -> Path:
    """A copy with the cells of one pair and the two methods that optimise: three outputs."""
    copy = Path(shutil.copytree(run, folder / "copy"))
    shutil.rmtree(copy / "cells" / "chelsea" / "stained_glass")
    shutil.rmtree(copy / "cells" / "chelsea" / "strokes" / "feedforward")
    return copy


def forge(run: Path, label: str) -> None:
    """Change a number in a cell and seal it again, as a cheat would."""
    path = run / "cells" / "chelsea" / "strokes" / label / "cell.json"
    row = json.loads(path.read_text())
    row.pop("seal")
    row["measures"]["outputs"][0]["style_loss"] *= 0.5
    row["seal"] = seal_of(row)
    path.write_text(json.dumps(row))


def test_a_resealed_lie_in_a_picture_and_its_row_is_found(small_run, tmp_path, dfr):
    copy = copy_of_a_pair(small_run, tmp_path)
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
    assert "2 of 3 outputs confirmed" in done.stdout


def test_a_resealed_lie_in_a_number_alone_is_found(small_run, tmp_path):
    copy = copy_of_a_pair(small_run, tmp_path)
    forge(copy, "dfr")
    checks = verify_run(copy, 10, device=torch.device("cpu"))
    assert len(checks) == 3
    for check in checks:
        assert check.identical
        lie = (check.cell, check.mode) == (("chelsea", "strokes", "dfr"), "rot000")
        assert check.confirmed != lie
        if lie:
            assert check.furthest == ("style_loss", pytest.approx(0.5))


def test_verify_names_a_changed_file(small_run, tmp_path, dfr):
    copy = shutil.copytree(small_run, tmp_path / "copy")
    picture = copy / "cells" / "chelsea" / "strokes" / "half" / "rot090.png"
    picture.write_bytes(picture.read_bytes()[:-20])
    assert "rot090.png: was changed" in complaint(dfr("verify", copy))


def test_verify_wants_the_runs_own_pictures(small_run, files, dfr, tmp_path):
    (tmp_path / "contents").mkdir()
    shutil.copy(files / "content.png", tmp_path / "contents" / "chelsea.png")
    message = complaint(dfr("verify", small_run, "--content", tmp_path / "contents"))
    assert "chelsea.png: the run's picture" in message
    assert "--content" in message


def test_a_run_does_not_differ_from_itself(small_run, dfr):
    assert diff_runs(small_run, small_run).same
    assert dfr("diff", small_run, small_run).stdout == "nothing differs\n"


def test_diff_names_settings_numbers_and_what_is_missing(small_run, other_run, dfr):
    found = diff_runs(small_run, other_run)
    settings = found.settings.set_index("setting")
    name = "profile.methods.half.settings.rotation_weight"
    assert settings.loc[name].tolist() == ["0.5", "0.25"]
    assert settings.loc["profile.methods.feedforward.label"].tolist() == ["feedforward", "(absent)"]
    assert len(found.only_a) == 2
    assert found.only_b == []
    numbers = found.numbers.set_index("measure")
    assert (numbers["outputs"] == 2 * 3).all()
    assert numbers.loc["style_loss", "equal"] == 2 * 2  # all but lambda's
    assert "half" in numbers.loc["style_loss", "where"]
    assert 0 < numbers.loc["style_loss", "largest"] < 1
    shown = dfr("diff", small_run, other_run).stdout
    assert "rotation_weight" in shown
    assert "only in a: 2 outputs" in shown


def test_diff_finds_a_forged_number(small_run, tmp_path):
    copy = shutil.copytree(small_run, tmp_path / "copy")
    forge(copy, "dfr")
    numbers = diff_runs(small_run, copy).numbers.set_index("measure")
    assert numbers.loc["style_loss", "largest"] == pytest.approx(0.5)
    assert numbers.loc["style_loss", "where"] == "chelsea × strokes, dfr, rot000"
    assert numbers.loc["content_loss", "largest"] == 0


def test_diff_of_no_run(dfr, small_run, tmp_path):
    assert "holds no run" in complaint(dfr("diff", small_run, tmp_path))


def test_a_run_on_an_imported_set_is_verified_from_it(
    small_run, least_profile, files, dfr, tmp_path
):
    for name in ("contents", "styles"):
        (tmp_path / name).mkdir()
    shutil.copy(files / "content.png", tmp_path / "contents" / "000000000139.png")
    shutil.copy(files / "style.png", tmp_path / "styles")
    data, run = tmp_path / "data", begun_with(small_run, tmp_path / "run", "timing.json")
    done = dfr("data", "import", "--coco", tmp_path / "contents", "--style", tmp_path / "styles",
               "--to", data)  # fmt: skip
    assert done.returncode == 0, done.stderr
    make_run(least_profile, run, data=data)
    assert "--content or --data" in complaint(dfr("verify", run, "--cells", 1))
    done = dfr("verify", run, "--cells", 1, "--data", data)
    assert done.returncode == 0, done.stderr
    assert "confirmed" in done.stdout
