"""Runs without their report, which the tests of `eval` do not look at: it costs more than a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from dfr.network.lpips import TRUNKS, Lpips
from eval.executors.processes import LocalProcesses
from eval.runs.profiles import read_profile
from eval.runs.runner import reproduce
from eval.runs.store import RunStore
from eval.runs.tools import lpips_of
from tests.conftest import made_once, painting, photograph

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

_HEAD, *_METHODS = SMALL.split("[[methods]]")
#: The same with one pair and one method, which optimises nothing.
LEAST = f"{_HEAD.replace('styles = 2', 'styles = 1')}[[methods]]{_METHODS[-1]}"

#: What a run finds out once, beside its cells.
FOUND_ONCE = ("pictures/procedural", "audit.json", "measures", "timing.json")


def make_run(profile: Path, out: Path, workers: int = 1, **settings) -> RunStore:
    """Run a profile in this process as `dfr reproduce` does, without the report."""
    return reproduce(read_profile(profile), out, LocalProcesses(workers), **settings)


def begun_with(run: Path, out: Path, *names: str) -> Path:
    """Begin a run's folder with what another run found out once; making it costs more than cells.

    Args:
        run: on the same pictures, with the same timing section; for the timing alone the latter.
        out: the folder, which is not there yet.
        names: of files and folders of the run; all of `FOUND_ONCE` if there are none.
    """
    for name in names or FOUND_ONCE:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        if (run / name).is_dir():
            shutil.copytree(run / name, out / name)
        else:
            shutil.copy(run / name, out / name)
    return out


@pytest.fixture(scope="session")
def content() -> torch.Tensor:
    """A photograph, (1, 3, 48, 64): measures want more places than methods."""
    return photograph(48, 64)


@pytest.fixture(scope="session")
def style() -> torch.Tensor:
    """A procedural style, (1, 3, 48, 64)."""
    return painting(48, 64)


@pytest.fixture(scope="session")
def lpips() -> dict[str, Lpips]:
    """Both trunks of LPIPS, as runs in this process have them."""
    return {trunk: lpips_of(trunk, torch.device("cpu")) for trunk in TRUNKS}


@pytest.fixture(scope="session")
def least_profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("profile") / "least.toml"
    path.write_text(LEAST)
    return path


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
