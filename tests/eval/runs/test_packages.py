"""Methods, solvers and measures of another package in a run, as dfr/methods/ADDING.md tells it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
import torch
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.plugins import plugin
from eval.executors.processes import LocalProcesses
from eval.measures.registry import brought, measured_by
from eval.runs.profiles import read_profile
from eval.runs.runner import reproduce
from eval.runs.store import RunStore
from eval.runs.verify import verify_run
from tests.conftest import complaint
from tests.eval.conftest import begun_with
from tests.packages import blocks, example, example_site, package

__all__ = ["example", "example_site", "package"]

LABELS = ["dfr", "recolour", "blur", "brightness"]
PACKAGES = {
    "method recolour": "dfr-example 0.1.0",
    "method blur": "dfr-example 0.1.0",
    "method brightness": "dfr-example 0.1.0",
    "solver descent": "dfr-example 0.1.0",
}


@pytest.fixture
def profile(tmp_path):
    """The page's profile."""
    path = tmp_path / "mine.toml"
    path.write_text(blocks("toml")[1])
    return path


@pytest.fixture
def outputs(tmp_path):
    """The page's folder of pictures."""
    for line in blocks("text")[0].split():
        path = tmp_path / line
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".png":
            Image.effect_noise((40, 32), 50).convert("RGB").save(path)
        else:
            path.write_text(blocks("toml")[2])
    return tmp_path / "outputs"


@pytest.mark.usefixtures("example")
def test_the_rows_stand_beside_dfrs_and_name_their_package(profile, outputs, small_run, tmp_path):
    folder = begun_with(small_run, tmp_path / "run")
    store = reproduce(read_profile(profile), folder, LocalProcesses(), external=outputs)
    assert store.description["identity"]["packages"] == PACKAGES
    cells = {cell["label"]: cell for cell in store.cells()}
    assert list(cells) == [*LABELS, "mine"]
    assert cells["mine"]["title"] == "Mine (pictures)"
    assert list(cells["mine"]["files"]) == ["hard", "soft"]
    assert cells["mine"]["cost"]["seconds_per_output"] == 1.5
    assert cells["dfr"]["packages"] == {}
    assert cells["brightness"]["packages"] == {
        what: name for what, name in PACKAGES.items() if "brightness" in what or "solver" in what
    }
    assert [row["mode"] for row in cells["blur"]["measures"]["outputs"]] == ["once", "twice"]
    assert all(cell["measures"]["outputs"][0]["style_loss"] > 0 for cell in cells.values())
    # Its cells can be made again, where the package is the same.
    checks = verify_run(folder, 1, data="embedded", device=torch.device("cpu"), seed=0)
    assert checks[0].cell[2] == "brightness" and checks[0].identical and checks[0].confirmed
    described = store.description
    described["identity"]["packages"]["method blur"] = "dfr-example 0.0.9"
    store.write_sealed("run.json", described)
    with pytest.raises(
        UserError, match=r"method blur of dfr-example 0\.0\.9, but here is that of .* 0\.1\.0"
    ):
        verify_run(folder, 1, data="embedded", device=torch.device("cpu"))
    with pytest.raises(UserError, match="holds a run with another packages"):
        reproduce(read_profile(profile), folder, LocalProcesses())
    described["identity"]["packages"] = {"method gone": "dfr-gone 1.0"}
    store.write_sealed("run.json", described)
    with pytest.raises(UserError, match=r"but here is none; install dfr-gone 1\.0"):
        verify_run(folder, 1, data="embedded", device=torch.device("cpu"))


def test_what_a_package_raises_stops_the_run_in_one_line_and_keeps_its_cells(
    dfr, package, profile, tmp_path
):
    package("bad", {"dfr.methods": {"bad": "bad"}}, "def bad(content, style): return 1 / 0\n")
    text = blocks("toml")[1].partition('[[methods]]\nlabel = "recolour"')[0]
    profile.write_text(f'{text}[[methods]]\nlabel = "bad"\ntitle = "Bad"\nmethod = "bad"\n')
    done = dfr("reproduce", "--profile", profile, "--out", tmp_path / "run", "--one-by-one")
    told = complaint(
        subprocess.CompletedProcess([], done.returncode, "", done.stderr.splitlines()[-1])
    )
    assert "method 'bad' of bad 0.1.0 failed: ZeroDivisionError" in told
    assert [cell["label"] for cell in RunStore.open(tmp_path / "run").cells()] == ["dfr"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return {'a': 1.0}", r"numbers for a, and not for a, b"),
        ("return 1 / 0", r"measure 'odd' of odd 0\.1\.0 failed: ZeroDivisionError"),
        ("return {'a': 'dark', 'b': 1}", r"failed: ValueError: could not convert"),
    ],
)
def test_a_measure_that_breaks_its_contract_is_one_line(package, body, words):
    package("odd", {"dfr.measures": {"odd": "odd"}}, f"def odd(context):\n    {body}\n")
    context: Any = SimpleNamespace(outputs={"a": None, "b": None})
    with pytest.raises(UserError, match=words):
        measured_by(plugin("measure", "odd", ()), context)


def test_a_measure_of_a_name_that_is_taken_is_refused(package):
    package("odd", {"dfr.measures": {"cfsd": "odd", "fid": "odd"}}, "def odd(context): pass\n")
    for name in ("cfsd", "fid"):
        with pytest.raises(
            UserError, match=f"measure '{name}' is brought by this suite and by odd"
        ):
            brought(name)
    assert brought("kid") is None


@pytest.mark.slow
def test_the_whole_page(example_site, profile, tmp_path):
    """With the report, and a measure that is added: in processes of their own, as users do it."""
    path = os.pathsep.join([str(example_site), *sys.path])

    def run(*words: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "dfr.cli", *map(str, words)],
            capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": path, "DFR_DATA": "embedded"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    folder = tmp_path / "run"
    run("reproduce", "--profile", profile, "--out", folder)
    run("measure", folder, "darkness")
    page = run("report", folder) and (folder / "report" / "index.html").read_text()
    assert "Of the package dfr-example 0.1.0." in page
    added = json.loads((folder / "measures" / "darkness.json").read_text())
    assert added["package"] == "dfr-example 0.1.0"
    table = pd.read_csv(folder / "report" / "tables" / "outputs.csv")
    assert len(table["darkness"].dropna()) == 6
    blurred = [cell for cell in RunStore.open(folder).cells() if cell["label"] == "blur"]
    least = min(row["darkness"] for row in blurred[0]["measures"]["outputs"])
    assert re.search(rf"Blurred, best of 2((?!</tr>).)*>\s*{least:.4g}\s*<", page, re.DOTALL)
    outputs = [row for row in added["rows"] if row["label"] in LABELS]
    assert len(outputs) == 6 and all(0 < row["darkness"] < 1 for row in outputs)
