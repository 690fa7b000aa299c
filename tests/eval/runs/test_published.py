"""A run of the published pairs beside the published pictures."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.method import settings_of
from dfr.solvers.adam import Adam
from eval.data.lock import open_locked
from eval.executors.processes import LocalProcesses
from eval.runs.comparison import FILE, read_comparison, write_comparison
from eval.runs.profiles import read_profile
from eval.runs.published import compare_run, pair_names
from eval.runs.runner import reproduce
from eval.runs.store import RunStore
from tests.conftest import complaint, made_once
from tests.eval.conftest import begun_with
from tests.eval.runs.published_run import comparison_of, published_data, store_of

MINIATURE = """
description = "The published pairs, tiny."
size = "32x40"
precision = "fp32"
contents = 1
styles = 1
pairs = "published"
timing = { outputs = [1], sizes = ["32x40"], iterations = 1, repeats = 1 }

[[methods]]
label = "dfr"
title = "DFR (code)"
method = "dfr"
settings = { iterations = 1 }
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    return published_data(tmp_path_factory)


@pytest.fixture(scope="module")
def run(published, tmp_path_factory) -> Path:
    """A run that was made as published; tests that change it work on a copy."""
    return (
        made_once(
            tmp_path_factory, "published-run", lambda folder: store_of(folder / "run", published)
        )
        / "run"
    )


def made_otherwise(run: Path, folder: Path, method: DFR | None = None, **changes) -> RunStore:
    """A copy of a run that says that another method, or a changed profile, made it."""
    store = RunStore(Path(shutil.copytree(run, folder / "run")))
    told = store.description
    told["identity"]["profile"].update(changes)
    store.write_sealed("run.json", told)
    for path in store.folder.glob("cells/*/*/*/cell.json"):
        cell = RunStore(path.parent)
        row = cell.read_sealed(path.name)
        cell.write_sealed(path.name, {**row, "settings": settings_of(method or DFR())})
    return store


def test_a_run_takes_the_published_pairs_alone_and_goes_on(published, small_run, tmp_path):
    (tmp_path / "mini.toml").write_text(MINIATURE)
    profile = read_profile(tmp_path / "mini.toml")
    run = begun_with(small_run, tmp_path / "run", "timing.json")
    store = reproduce(profile, run, LocalProcesses(1), data=published)
    named = [["3063", "blue"], ["8068", "blue_sky"]]
    assert store.description["identity"]["pairs"] == named
    assert [[cell["content"], cell["style"]] for cell in store.cells()] == named
    assert all(not cell["same_as"] and len(cell["files"]) == 4 for cell in store.cells())
    shutil.rmtree(store.cell_folder("8068", "blue_sky", "dfr"))
    reproduce(profile, run, LocalProcesses(1), data=published)
    assert len(store.cells()) == 2
    with pytest.raises(UserError, match=r"size 32x40 .*; dfr: solver\.iterations 1 instead"):
        compare_run(store, published)


def test_the_published_pairs_need_their_data_folder(tmp_path, dfr):
    (tmp_path / "mini.toml").write_text(MINIATURE)
    profile = read_profile(tmp_path / "mini.toml")
    with pytest.raises(UserError, match="name it with --data"):
        reproduce(profile, tmp_path / "run", LocalProcesses(1))
    command = ("reproduce", "--profile", tmp_path / "mini.toml", "--out", tmp_path / "run")
    assert "dfr data import --published" in complaint(dfr(*command, "--data", tmp_path / "none"))
    assert "not --content" in complaint(dfr(*command, "--data", "embedded"))


def test_a_run_knows_its_pairs_by_their_pictures(published, run):
    store = RunStore(run)
    names = pair_names(store.description["identity"], open_locked(published))
    assert names == {("3063", "blue"): "3063_blue_1.0", ("8068", "blue_sky"): "8068_blue_sky_1.0"}
    identity = json.loads(json.dumps(store.description["identity"]))
    identity["styles"][0]["sha256"] = "0" * 64
    assert list(pair_names(identity, open_locked(published))) == [("8068", "blue_sky")]


@pytest.mark.parametrize("name", ["resizing", "saving"])
def test_a_run_that_resized_or_saved_in_another_way_is_not_compared(published, run, tmp_path, name):
    other = {"resizing": "antialias", "saving": "nearest"}[name]
    store = made_otherwise(run, tmp_path, **{name: other})
    with pytest.raises(UserError, match=f": {name} {other} instead of published$"):
        compare_run(store, published)


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (DFR(balanced=True), "balanced True instead of False"),
        (DFR(reading="spatial"), "reading spatial instead of code"),
        (DFR(merge=True), "merge True instead of False"),
        (DFR(solver=Adam(iterations=3000)), "solver.counter_steps 1 instead of 4"),
        (
            dataclasses.replace(DFR(), solver=Adam(iterations=100, counter_steps=4)),
            "solver.iterations 100 instead of 3000",
        ),
    ],
)
def test_a_run_made_in_another_way_is_refused_in_one_line(published, run, tmp_path, method, words):
    store = made_otherwise(run, tmp_path, method)
    with pytest.raises(UserError, match=words) as caught:
        compare_run(store, published)
    assert "not set beside the published pictures" in str(caught.value)
    assert read_comparison(store) is None


def test_a_run_of_other_pictures_is_refused(published, small_run):
    with pytest.raises(UserError, match="was not made as published"):
        compare_run(RunStore(small_run), published)


@pytest.mark.slow
def test_a_run_is_compared_and_keeps_the_tables(published, run, tmp_path, dfr):
    store = made_otherwise(run, tmp_path)
    done = dfr("published", tmp_path / "run", "--data", published, "--out", tmp_path / "tables")
    assert done.returncode == 0, done.stderr
    assert "2 of 2" in done.stdout and (tmp_path / "tables" / "pictures.csv").exists()
    found = read_comparison(store)
    assert found.data == published.resolve() and len(found.pairs) == 2
    assert (found.tables["pictures"]["lpips"] == 0).all() and len(found.tables["pictures"]) == 8
    again = dfr("published", tmp_path / "run", "--data", published)
    assert again.returncode == 0 and "comparing" not in again.stdout


def test_a_comparison_is_kept_and_sealed(published, run, tmp_path):
    store = made_otherwise(run, tmp_path)
    made = comparison_of(store, published, {"pictures": pd.DataFrame({"lpips": [0.25]})})
    write_comparison(store, made)
    found = read_comparison(store)
    assert (found.data, found.pairs) == (made.data, made.pairs)
    assert found.tables["pictures"].equals(made.tables["pictures"])
    assert found.published("3063_blue_1.0", "rot090") == (
        published / "published/3063_blue_1.0/at_30_output2.png"
    )
    text = (store.folder / FILE).read_text()
    (store.folder / FILE).write_text(text.replace("0.25", "0.15"))
    with pytest.raises(UserError, match="was changed"):
        read_comparison(store)
