"""A run that resizes, saves and swaps channels as the published code does, at the native size."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from dfr.core.errors import UserError
from dfr.core.files import seal_of
from dfr.core.images import load, resize, save
from dfr.objective.objective import yardstick
from eval.runs.store import RunStore
from eval.runs.verify import verify_run
from tests.conftest import made_once
from tests.eval.conftest import begun_with, make_run

PROFILE = """
description = "As published, tiny."
size = "native"
resizing = "published"
saving = "published"
precision = "fp32"
contents = 1
styles = 1
timing = { outputs = [1], sizes = ["32x40"], iterations = 1, repeats = 1 }

[[methods]]
label = "decormst"
title = "DeCorMST"
method = "decormst"
settings = { statistics = ["gram"], iterations = 1 }
"""


@pytest.fixture(scope="session")
def published_run(files, small_run, tmp_path_factory) -> Path:
    """Holds ``run``, ``contents``, ``styles`` and ``published.toml``; tests work on a copy."""

    def make(folder: Path) -> None:
        for kind in ("contents", "styles"):
            (folder / kind).mkdir()
        shutil.copy(files / "style.png", folder / "styles")
        # A content of 40 x 53 pixels, and a style of 120 x 160.
        save(resize(load(files / "content.png"), 40, 53), folder / "contents" / "content.png")
        (folder / "published.toml").write_text(PROFILE)
        begun_with(small_run, folder / "run", "timing.json")
        again(folder)

    return made_once(tmp_path_factory, "published-settings", make)


def again(folder: Path) -> RunStore:
    return make_run(
        folder / "published.toml", folder / "run",
        content=folder / "contents", style=folder / "styles",
    )  # fmt: skip


def check(folder: Path) -> list:
    return verify_run(
        folder / "run", 1, content=folder / "contents", style=folder / "styles",
        device=torch.device("cpu"),
    )  # fmt: skip


def test_settings_are_in_the_run_and_in_every_result(published_run):
    store = RunStore.open(published_run / "run")
    profile = store.description["identity"]["profile"]
    assert (profile["size"], profile["resizing"], profile["saving"]) == (
        "native", "published", "published",
    )  # fmt: skip
    (cell,) = store.cells()
    assert (cell["size"], cell["resizing"], cell["saving"]) == ([40, 53], "published", "published")
    assert cell["settings"] == profile["methods"][0]["settings"]
    assert cell["settings"]["channels"] == "published"


def test_pictures_are_kept_and_measured_as_published(published_run, encoder):
    """The yardstick stays that of the correct channels."""
    store = RunStore.open(published_run / "run")
    (cell,) = store.cells()
    content, style = (load(store.picture_path(kind, kind, 40, 53)) for kind in ("content", "style"))
    raw = resize(load(published_run / "styles" / "style.png"), 40, 53, antialias=False)
    assert torch.equal(style, (raw * 255).floor() / 255)
    output = load(store.cell_folder("content", "style", "decormst") / "gram.png")
    terms = yardstick(content, style, encoder)(output, encoder(output))
    (row,) = cell["measures"]["outputs"]
    assert row["style_loss"] == pytest.approx(float(terms.style), rel=1e-4)


def test_it_is_verified_to_the_byte(published_run):
    (found,) = check(published_run)
    assert found.identical
    assert found.confirmed


def forget_channels(run: Path) -> None:
    """Make a run look as one of a version without the setting, whose channels were correct."""
    store = RunStore(run)
    told = store.description
    del told["identity"]["profile"]["methods"][0]["settings"]["channels"]
    store.write_sealed("run.json", told)
    path = store.cell_folder("content", "style", "decormst") / "cell.json"
    row = json.loads(path.read_text())
    row.pop("seal")
    del row["settings"]["channels"]
    path.write_text(json.dumps({**row, "seal": seal_of(row)}))


def test_a_run_from_before_a_default_changed_is_neither_gone_on_with_nor_confirmed(
    published_run, tmp_path
):
    copy = Path(shutil.copytree(published_run, tmp_path / "copy"))
    forget_channels(copy / "run")
    with pytest.raises(UserError, match="holds a run with another profile"):
        again(copy)
    with pytest.raises(UserError, match="was made with other settings than this version has"):
        check(copy)
