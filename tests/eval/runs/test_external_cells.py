"""Other people's outputs take part in a run like any method, and gaps are listed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from eval.runs.store import RunStore
from eval.runs.tables import tables
from reports.inputs.run_data import read_run
from reports.page.notes import external_notes, not_supplied
from reports.tables.user_study import study_table
from tests.conftest import complaint
from tests.eval.conftest import LEAST, begun_with, make_run

STYLES = ("strokes", "stained_glass")
#: What is told of the outputs below.
NOTES = (
    "AdaIN: 2 outputs. Huang and Belongie, ICCV 2017",
    "1 missing (chelsea × stained_glass, b)",
    "chelsea__stained_glass__a.png (77 x 99 instead of 32 x 40)",
    "1 files that belong to no pair (dog__strokes.png)",
)


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Path:
    """The feed-forward method alone, on both pairs."""
    path = tmp_path_factory.mktemp("profile") / "one.toml"
    path.write_text(LEAST.replace("styles = 1", "styles = 2"))
    return path


@pytest.fixture
def outputs(small_run, tmp_path) -> Path:
    """AdaIN: outputs for both pairs. LST: two modes, one missing, one wrongly sized, one extra."""
    folder = tmp_path / "outputs"
    made = small_run / "cells" / "chelsea"
    (folder / "AdaIN").mkdir(parents=True)
    (folder / "lst").mkdir()
    for style in STYLES:
        picture = made / style / "dfr" / "rot000.png"
        shutil.copy(picture, folder / "AdaIN" / f"chelsea__{style}.png")
    (folder / "AdaIN" / "method.toml").write_text(
        'name = "AdaIN"\ncitation = "Huang and Belongie, ICCV 2017"\nseconds_per_output = 0.5\n'
    )
    shutil.copy(made / "strokes" / "dfr" / "rot090.png", folder / "lst" / "chelsea__strokes__a.png")
    shutil.copy(made / "strokes" / "dfr" / "rot000.png", folder / "lst" / "chelsea__strokes__b.png")
    Image.new("RGB", (99, 77)).save(folder / "lst" / "chelsea__stained_glass__a.png")
    shutil.copy(made / "strokes" / "dfr" / "rot000.png", folder / "lst" / "dog__strokes.png")
    return folder


def test_they_are_measured_like_any_method(dfr, profile, outputs, small_run, tmp_path):
    run = begun_with(small_run, tmp_path / "run")
    found = tables(make_run(profile, run, external=outputs).cells())
    theirs = found["outputs"].query("label == 'adain'").set_index("style")
    ours = tables(RunStore.open(small_run).cells())["outputs"]
    ours = ours.query("label == 'dfr' and mode == 'rot000'").set_index("style")
    for measure in ("style_loss", "content_loss", "lpips_content", "e_statistic", "c_statistic"):
        for style in STYLES:
            assert theirs.loc[style, measure] == pytest.approx(ours.loc[style, measure], rel=1e-5)
    cells = found["cells"].set_index("label")
    assert (cells.loc["adain", "seconds_per_output"] == 0.5).all()
    assert cells.loc["lst"]["seconds_per_output"] != cells.loc["lst"]["seconds_per_output"]
    assert len(found["pairs"].query("label == 'lst'")) == 1

    data = read_run(run)
    notes = "\n".join(external_notes(data))
    assert all(text in notes for text in NOTES), notes
    assert data.complete
    assert not_supplied(data) == ["SAFIN", "AdaAttN"]
    study = study_table(data).set_index("method")
    assert study.loc["AdaIN", "in this run"] == "AdaIN"
    assert study.loc["AdaIN", "E"] == pytest.approx(theirs["e_statistic"].mean())

    again = dfr("verify", run, "--cells", 9)
    assert again.returncode == 0, again.stderr
    assert "2 of 2 outputs confirmed" in again.stdout  # the feed-forward cells

    Image.new("RGB", (40, 32)).save(outputs / "AdaIN" / "chelsea__strokes.png")
    changed = dfr("reproduce", "--profile", profile, "--external", outputs, "--out", run)
    assert "holds a run with another external" in complaint(changed)


@pytest.mark.slow
def test_the_report_tells_of_them(dfr, profile, outputs, tmp_path):
    run = tmp_path / "run"
    done = dfr("reproduce", "--profile", profile, "--external", outputs, "--out", run)
    assert done.returncode == 0, done.stderr
    page = (run / "report" / "index.html").read_text()
    summary = (run / "report" / "report.md").read_text()
    for text in (page, summary):
        assert all(note in text for note in NOTES)
        assert "THE RUN IS NOT FINISHED" not in text
    assert "Not in this run: SAFIN, AdaAttN." in summary
    absent = re.findall(r'<tr class="absent"><td>(\w+)</td><td colspan="\d+">not in this run', page)
    assert absent == ["SAFIN", "AdaAttN"]
    study = pd.read_csv(run / "report" / "tables" / "user_study_methods.csv", index_col="method")
    assert study.loc["AdaIN", "in this run"] == "AdaIN"


def test_a_folder_named_like_a_method_of_the_profile(dfr, profile, outputs, tmp_path):
    (outputs / "lst").rename(outputs / "feedforward")
    done = dfr("reproduce", "--profile", profile, "--external", outputs, "--out", tmp_path / "run")
    assert "rename the folder" in complaint(done)


def test_a_missing_folder(dfr, profile, tmp_path):
    done = dfr("reproduce", "--profile", profile, "--external", tmp_path / "no", "--out",
               tmp_path / "run")  # fmt: skip
    assert "no such folder" in complaint(done)
