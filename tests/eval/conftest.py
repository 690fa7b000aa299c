"""Runs without their report, which the tests of `eval` do not look at: it costs more than a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.executors.processes import LocalProcesses
from eval.runs.profiles import read_profile
from eval.runs.runner import reproduce
from eval.runs.store import RunStore
from tests.conftest import made_once

SMALL = """
description = "As small as a run can be."
size = "32x40"
precision = "fp32"
contents = 1
styles = 2
timing = { outputs = [1], sizes = ["32x40"], iterations = 1, repeats = 1 }

[[methods]]
label = "dfr"
title = "DFR (code)"
method = "dfr"
settings = { rotations = [0, 90], iterations = 2 }

[[methods]]
label = "half"
title = "DFR, half"
method = "dfr"
settings = { rotations = [90], rotation_weight = 0.5, iterations = 2 }

[[methods]]
label = "feedforward"
title = "Feed-forward"
method = "feedforward"
"""
#: Of the run: cells, and pictures in them.
SMALL_CELLS, SMALL_OUTPUTS = 2 * 3, 2 * (2 + 1 + 1)


def make_run(profile: Path, out: Path, workers: int = 1, **settings) -> RunStore:
    """Run a profile in this process as `dfr reproduce` does, without the report."""
    return reproduce(read_profile(profile), out, LocalProcesses(workers), **settings)


@pytest.fixture(scope="session")
def small_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("profile") / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def small_run(small_profile: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; tests that change it work on a copy."""
    folder = made_once(
        tmp_path_factory, "small", lambda folder: make_run(small_profile, folder / "run")
    )
    return folder / "run"
