"""A run is resumable at any moment, and never silently uses what was changed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from dfr.core.errors import UserError
from eval.measures.coherence import c_statistic
from eval.measures.effectiveness import e_statistic
from eval.measures.pca_bases import fit_bases
from eval.measures.registry import DEFAULT_OUTPUT_COLUMNS
from eval.measures.similarity import ssim
from eval.runs.store import RunStore
from eval.runs.tables import measured, tables
from tests.conftest import complaint
from tests.eval.conftest import SMALL_CELLS, begun_with, make_run

CELLS = 10
MEASURED_TIME = ("seconds", "peak_memory", "rows_beside")


def without_time(frame: pd.DataFrame) -> pd.DataFrame:
    """Leave out the columns that a clock, the machine's memory or the batch decides."""
    return frame[[name for name in frame if not name.startswith(MEASURED_TIME)]]


def test_a_run_has_every_cell_with_its_measures(tiny_run):
    found = tables(RunStore.open(tiny_run).cells())
    assert len(found["cells"]) == CELLS
    assert len(found["outputs"]) == 2 * (4 + 1 + 5 + 1 + 1)
    assert len(found["pairs"]) == 2 * (6 + 10)
    assert len(found["curves"]) == 2 * (4 * 4 + 4 + 5 * 3 + 3)
    outputs = found["outputs"]
    for name in DEFAULT_OUTPUT_COLUMNS:
        assert outputs[name].notna().all(), name
    assert measured(outputs) == list(DEFAULT_OUTPUT_COLUMNS)
    assert found["pairs"]["pixel_distance"].between(0, 1).all()
    assert (outputs["own_total"].isna() == (outputs["label"] == "feedforward")).all()
    assert (found["cells"]["peak_memory_mb"] > 100).all()
    assert (found["cells"]["seconds"] > found["cells"]["seconds_targets"]).all()
    # Twins share the published optimiser's counter, so chance sets them apart, and no more.
    pairs = found["pairs"].query("label == 'dfr' and mode_a == 'rot090'").set_index("mode_b")
    twins, others = pairs.loc["rot270", "lpips"], pairs.loc["rot180", "lpips"]
    assert twins.max() < 0.1 * others.min()


def test_measures_are_of_the_picture_on_disk_and_in_one_yardstick(tiny_run, encoder, lpips):
    """The shared setting's losses, computed here from the files alone."""
    from dfr.core.images import load
    from dfr.objective.objective import yardstick

    store = RunStore.open(tiny_run)
    bases = fit_bases([load(store.picture_path("content", "chelsea", 32, 40))], encoder)
    cells = [cell for cell in store.cells() if cell["style"] == "strokes"]
    assert len(cells) == CELLS / 2
    for cell in cells:
        folder = store.cell_folder(cell["content"], cell["style"], cell["label"])
        content = load(store.picture_path("content", cell["content"], 32, 40))
        style = load(store.picture_path("style", cell["style"], 32, 40))
        ruler = yardstick(content, style, encoder)
        for row in cell["measures"]["outputs"]:
            picture = load(folder / f"{row['mode']}.png")
            terms = ruler(picture, encoder(picture))
            assert row["style_loss"] == pytest.approx(float(terms.style), rel=1e-4)
            assert row["content_loss"] == pytest.approx(float(terms.content), rel=1e-4)
            assert row["lpips_content"] == pytest.approx(
                float(lpips["alex"](picture, content)), rel=1e-4
            )
            assert row["ssim_content"] == pytest.approx(ssim(picture, content), rel=1e-6)
            assert row["c_statistic"] == pytest.approx(c_statistic(picture, content), rel=1e-6)
            effect = e_statistic(picture, style, bases, encoder)
            assert row["e_statistic"] == pytest.approx(effect, rel=1e-3, abs=1e-3)


def killed(profile: Path, out: Path, cells_first: int) -> None:
    """Run in a process of its own, and kill it a moment after so many cells are there."""
    running = subprocess.Popen(
        [sys.executable, "-m", "dfr.cli", "reproduce", "--profile", str(profile), "--out",
         str(out)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 300
    while not (out / "cells").is_dir() or len(list(out.glob("cells/*/*/*"))) < cells_first:
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.02)
    time.sleep(0.3 if cells_first else 0)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    assert not (out / "report").exists()


def same_run(whole: Path, resumed: Path) -> None:
    """Both hold the same tables, but for time and memory, and the same bytes of every picture."""
    tables_of = [tables(RunStore.open(folder).cells()) for folder in (whole, resumed)]
    for name in tables_of[0]:
        pd.testing.assert_frame_equal(*(without_time(found[name]) for found in tables_of))
    assert not list(resumed.glob("cells/.partial-*"))
    pictures = sorted(file.relative_to(whole) for file in whole.glob("cells/*/*/*/*.png"))
    assert pictures
    assert pictures == sorted(
        file.relative_to(resumed) for file in resumed.glob("cells/*/*/*/*.png")
    )
    for picture in pictures:
        assert (whole / picture).read_bytes() == (resumed / picture).read_bytes(), picture


def test_killed_once_then_gone_on_with_gives_the_same_bytes(
    small_run, small_profile, tmp_path, capsys
):
    out = shutil.copytree(small_run, tmp_path / "run")
    for style in ("stained_glass", "strokes/half"):
        shutil.rmtree(out / "cells" / "chelsea" / style)
    killed(small_profile, out, cells_first=3)
    make_run(small_profile, out)
    assert "going on:" in capsys.readouterr().err
    same_run(small_run, out)


@pytest.mark.slow
@pytest.mark.parametrize("cells_first", [0, 3, 7])
def test_kill_9_then_the_same_command_gives_the_same_tables(
    tiny_run, profile_file, dfr, tmp_path, cells_first
):
    out = tmp_path / "run"
    killed(profile_file, out, cells_first)
    done = dfr("reproduce", "--profile", profile_file, "--out", out)
    assert done.returncode == 0, done.stderr
    assert ("going on:" in done.stderr) == (cells_first > 0)
    same_run(tiny_run, out)


@pytest.fixture
def copy(small_run, tmp_path) -> Path:
    return Path(shutil.copytree(small_run, tmp_path / "copy"))


def a_cell(run: Path) -> Path:
    return run / "cells" / "chelsea" / "strokes" / "dfr"


def test_a_finished_run_is_not_computed_again(copy, small_profile, capsys):
    before = {file: file.stat().st_mtime_ns for file in copy.glob("cells/**/*.*")}
    make_run(small_profile, copy)
    assert f"{SMALL_CELLS} of {SMALL_CELLS} cells are there" in capsys.readouterr().err
    assert before == {file: file.stat().st_mtime_ns for file in copy.glob("cells/**/*.*")}


def test_a_changed_picture_is_named(copy):
    picture = a_cell(copy) / "rot090.png"
    Image.new("RGB", (40, 32)).save(picture)
    with pytest.raises(UserError, match=r"rot090\.png: was changed"):
        RunStore.open(copy).cells()


def test_a_deleted_picture_is_named(copy, dfr):
    (a_cell(copy) / "rot090.png").unlink()
    assert "rot090.png: was changed, damaged or deleted" in complaint(dfr("report", copy))


def test_a_hand_edited_row_is_named(copy, dfr, small_profile):
    row = a_cell(copy) / "cell.json"
    told = json.loads(row.read_text())
    told["measures"]["outputs"][0]["style_loss"] *= 0.9
    row.write_text(json.dumps(told))
    message = complaint(dfr("reproduce", "--profile", small_profile, "--out", copy))
    assert "cell.json: was changed" in message
    shutil.rmtree(a_cell(copy))  # what the message tells to do
    make_run(small_profile, copy)
    assert len(RunStore.open(copy).cells()) == SMALL_CELLS


def test_another_run_in_the_same_folder_is_refused(copy, dfr, small_profile):
    message = complaint(dfr("reproduce", "--profile", small_profile, "--out", copy, "--seed", 5))
    assert "holds a run with another seed" in message


def test_two_processes_cannot_work_on_one_run(copy, dfr, small_profile):
    with RunStore(copy).locked():
        message = complaint(dfr("reproduce", "--profile", small_profile, "--out", copy))
    assert "another process is working on this run" in message


def test_folders_of_anyone(files, small_run, least_profile, tmp_path):
    """Names with spaces, dots and non-Latin letters become safe folder names."""
    contents, styles = tmp_path / "contents", tmp_path / "styles"
    contents.mkdir()
    styles.mkdir()
    shutil.copy(files / "content.png", contents / "my photo (1).png")
    shutil.copy(files / "content.png", contents / "..evil..png")
    shutil.copy(files / "style.png", styles / "絵.png")
    (styles / "notes.txt").write_text("not a picture")
    out = begun_with(small_run, tmp_path / "run", "timing.json")
    make_run(least_profile, out, content=contents, style=styles)
    names = sorted(folder.name for folder in (out / "cells").iterdir())
    assert names == ["evil", "my-photo-1"]
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("which", ["--content", "--style"])
def test_a_bad_picture_in_a_folder_is_told_before_the_work(
    dfr, files, profile_file, tmp_path, which
):
    folder = tmp_path / "pictures"
    folder.mkdir()
    shutil.copy(files / "content.png", folder / "a.png")
    (folder / "b.png").write_bytes(b"nothing")
    done = dfr("reproduce", "--profile", profile_file, which, folder, "--out", tmp_path / "run")
    assert "b.png: not a picture" in complaint(done)
    assert not (tmp_path / "run" / "cells").exists()


def test_folders_without_pictures(dfr, tmp_path, profile_file):
    for folder, message in ((tmp_path, "no picture files"), (tmp_path / "no", "no such folder")):
        done = dfr("reproduce", "--profile", profile_file, "--content", folder, "--out",
                   tmp_path / "run")  # fmt: skip
        assert message in complaint(done)
