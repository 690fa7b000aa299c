"""What Python programs call: the README's example, and that it is what the commands do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import dfr
from dfr import Stylization, stylize
from dfr.core.errors import UserError
from eval import Run, load_run, measure
from eval.measures.registry import DEFAULT_OUTPUT_COLUMNS
from eval.runs.store import RunStore
from tests.conftest import ROOT

SMALL = {"rotations": [0, 90], "size": "32x40", "iterations": 1, "device": "cpu"}


@pytest.fixture(scope="module")
def made(files: Path) -> Stylization:
    return stylize(files / "content.png", str(files / "style.png"), **SMALL)


def test_the_readme_example_runs_as_it_stands(files, small_run, tmp_path, monkeypatch):
    text = (ROOT / "eval" / "README.md").read_text(encoding="utf-8")
    section = text.partition("## In a notebook")[2]
    code = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert code is not None
    for name, file in (("content", "photo.jpg"), ("style", "painting.jpg")):
        with Image.open(files / f"{name}.png") as picture:
            picture.convert("RGB").save(tmp_path / file)
    shutil.copytree(small_run, tmp_path / "runs" / "cpu")
    monkeypatch.chdir(tmp_path)
    smaller = code[1].replace("iterations=40", "iterations=1").replace('size="96"', 'size="32x40"')
    names: dict[str, object] = {}
    exec(compile(smaller, "README.md", "exec"), names)
    assert Image.open("mine.png").size == (40, 32)
    assert isinstance(names["run"], Run)


def test_it_makes_what_the_command_makes(made, files, tmp_path, dfr):
    options = ("--rotations", "0,90", "--size", "32x40", "--iterations", "1", "--device", "cpu")
    done = dfr("stylize", files / "content.png", files / "style.png", *options, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    for mode in ("rot000", "rot090"):
        with Image.open(tmp_path / f"{mode}.png") as picture:
            assert np.array_equal(np.asarray(picture), made.array(mode))


def test_every_kind_of_picture_is_the_same_picture(made, files):
    with Image.open(files / "content.png") as opened:
        image = opened.convert("RGB")
    pixels = np.asarray(image)
    tensor = torch.from_numpy(pixels.copy()).permute(2, 0, 1) / 255
    for content in (image, pixels, pixels / 255.0, tensor, tensor.unsqueeze(0)):
        again = stylize(content, files / "style.png", **SMALL)
        assert all(np.array_equal(again.array(mode), made.array(mode)) for mode in made.pictures)


def test_a_notebook_shows_all_outputs(made):
    shown = made._repr_png_()
    assert shown.startswith(b"\x89PNG") and len(shown) > 1000
    with pytest.raises(UserError, match="output of dfr: 'rot09': did you mean rot090"):
        made["rot09"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (np.zeros((40, 40, 3), dtype=np.int64), "ndarray of int64 and shape"),
        (np.full((40, 40, 3), 255.0), "values from 255 to 255"),
        (torch.zeros(40, 40, 3), r"shape \(40, 40, 3\)"),
        (torch.full((3, 40, 40), float("nan")), "values from nan"),
        (7, "int is no picture"),
        ("nothing.png", "no such file"),
    ],
)
def test_what_is_no_picture_is_told(files, content, words):
    with pytest.raises(UserError, match=words):
        stylize(content, files / "style.png", **SMALL)
    with pytest.raises(UserError, match="setting of method 'dfr'"):
        stylize(files / "content.png", files / "style.png", rotation=[0], size="32x40")


def test_measures_are_those_of_the_run(small_run: Path):
    run = load_run(small_run)
    cell = next(cell for cell in run.cells if cell["label"] == "dfr")
    store, key = RunStore(small_run), (cell["content"], cell["style"], "dfr")
    pictures = {mode: run.picture(*key, mode) for mode in cell["files"]}
    pair = [store.picture_path(k, cell[k], 32, 40) for k in ("content", "style")]
    found = measure(pictures, *pair, device="cpu")
    assert list(found.columns) == list(DEFAULT_OUTPUT_COLUMNS)
    for row in cell["measures"]["outputs"]:
        for name in found.columns:
            assert found.loc[row["mode"], name] == pytest.approx(row[name], rel=1e-4, abs=1e-6)
    two = measure(pictures, *pair, ["lpips", "pixel_distance"], device="cpu")
    for row in cell["measures"]["pairs"]:
        mine = two.loc[row["mode_a"], row["mode_b"]]
        assert mine["lpips"] == pytest.approx(row["lpips"], rel=1e-4)
    with pytest.raises(UserError, match="but not both"):
        measure(pictures, *pair, ["lpips", "cfsd"])
    with pytest.raises(UserError, match=r"one size .*, but here are a 32 x 40, b 32 x 41"):
        measure({"a": pictures["rot000"], "b": Image.new("RGB", (41, 32))}, *pair)
    with pytest.raises(UserError, match="measure over a whole run"):
        measure(pictures, *pair, ["fid"])


def test_a_run_is_read_as_tables(small_run: Path):
    run = load_run(str(small_run))
    assert repr(run).endswith("3 methods, 6 cells, 8 outputs)")
    assert len(run.rows) == 8 and len(run.controls) == 6 and len(run.cost) == 6
    table = run.summary(["e_statistic"])
    assert list(table.index) == [("dfr", "rot000"), ("dfr", "rot090"), ("half", "rot090"),
                                 ("feedforward", "feedforward")]  # fmt: skip
    rows = run.rows[(run.rows["label"] == "half")]
    assert table.loc[("half", "rot090"), ("e_statistic", "mean")] == pytest.approx(
        rows["e_statistic"].mean()
    )
    with pytest.raises(UserError, match=r"label of .* 'dfrr': did you mean dfr"):
        run.picture("chelsea", "strokes", "dfrr", "rot000")
    with pytest.raises(UserError, match=r"measure of .* 'e_stat'"):
        run.summary(["e_stat"])


def test_importing_loads_no_torch():
    code = "import dfr, eval, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"stylize", "Stylization"} <= set(dfr.__all__)
    with pytest.raises(AttributeError, match="no attribute 'styllize'"):
        _ = dfr.styllize
