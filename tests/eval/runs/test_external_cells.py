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
from tests.conftest import complaint
from tests.eval.conftest import begun_with

STYLES = ("strokes", "stained_glass")


@pytest.fixture(scope="module")
def profile(profile_file, tmp_path_factory) -> Path:
    """The tiny profile with the feed-forward method alone."""
    text = profile_file.read_text()
    head, last = text.index("[[methods]]"), text.rindex("[[methods]]")
    path = tmp_path_factory.mktemp("profile") / "one.toml"
    path.write_text(text[:head] + text[last:])
    return path


@pytest.fixture
def outputs(tiny_run, tmp_path) -> Path:
    """AdaIN: outputs for both pairs. LST: two modes, one missing, one wrongly sized, one extra."""
    folder = tmp_path / "outputs"
    made = tiny_run / "cells" / "chelsea"
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


def test_they_are_measured_like_any_method(dfr, profile, outputs, tiny_run, tmp_path):
    run = begun_with(tiny_run, tmp_path / "run")
    done = dfr("reproduce", "--profile", profile, "--external", outputs, "--out", run)
    assert done.returncode == 0, done.stderr
    found = tables(RunStore.open(run).cells())
    theirs = found["outputs"].query("label == 'adain'").set_index("style")
    ours = tables(RunStore.open(tiny_run).cells())["outputs"]
    ours = ours.query("label == 'dfr' and mode == 'rot000'").set_index("style")
    for measure in ("style_loss", "content_loss", "lpips_content", "e_statistic", "c_statistic"):
        for style in STYLES:
            assert theirs.loc[style, measure] == pytest.approx(ours.loc[style, measure], rel=1e-5)
    cells = found["cells"].set_index("label")
    assert (cells.loc["adain", "seconds_per_output"] == 0.5).all()
    assert cells.loc["lst"]["seconds_per_output"] != cells.loc["lst"]["seconds_per_output"]
    assert len(found["pairs"].query("label == 'lst'")) == 1

    page = (run / "report" / "index.html").read_text()
    summary = (run / "report" / "report.md").read_text()
    for text in (page, summary):
        assert "AdaIN: 2 outputs. Huang and Belongie, ICCV 2017" in text
        assert "1 missing (chelsea × stained_glass, b)" in text
        assert "chelsea__stained_glass__a.png (77 x 99 instead of 32 x 40)" in text
        assert "1 files that belong to no pair (dog__strokes.png)" in text
        assert "THE RUN IS NOT FINISHED" not in text
    assert "Not in this run: SAFIN, AdaAttN." in summary
    absent = re.findall(r'<tr class="absent"><td>(\w+)</td><td colspan="\d+">not in this run', page)
    assert absent == ["SAFIN", "AdaAttN"]
    study = pd.read_csv(run / "report" / "tables" / "user_study_methods.csv", index_col="method")
    assert study.loc["AdaIN", "in this run"] == "AdaIN"
    assert study.loc["AdaIN", "E"] == pytest.approx(theirs["e_statistic"].mean())

    again = dfr("verify", run, "--cells", 9)
    assert again.returncode == 0, again.stderr
    assert "3 of 3 outputs confirmed" in again.stdout  # the feed-forward cells, one twice

    Image.new("RGB", (40, 32)).save(outputs / "AdaIN" / "chelsea__strokes.png")
    changed = dfr("reproduce", "--profile", profile, "--external", outputs, "--out", run)
    assert "holds a run with another external" in complaint(changed)


def test_a_folder_named_like_a_method_of_the_profile(dfr, profile, outputs, tmp_path):
    (outputs / "lst").rename(outputs / "feedforward")
    done = dfr("reproduce", "--profile", profile, "--external", outputs, "--out", tmp_path / "run")
    assert "rename the folder" in complaint(done)


def test_a_missing_folder(dfr, profile, tmp_path):
    done = dfr("reproduce", "--profile", profile, "--external", tmp_path / "no", "--out",
               tmp_path / "run")  # fmt: skip
    assert "no such folder" in complaint(done)
