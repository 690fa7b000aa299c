"""Real weights and real pictures for every test, made once for all workers where they are dear."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers with two threads each on two cores hinder each other; one thread each does not.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Without this, a run that names no pictures asks the internet for them.
os.environ.setdefault("DFR_DATA", "embedded")

import pytest
import torch
from hypothesis import HealthCheck, settings
from PIL import Image
from skimage import data as photographs

from dfr.core.images import from_image, resize
from dfr.network.encoder import Encoder
from dfr.network.weights import load_vgg19
from dfr.objective.objective import Objective, shared_objective
from eval.data.procedural_styles import draw

Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).parents[1]

# The same few examples each time, so that a change is what makes a test fail; `tox -e slow` looks
# for new ones with --hypothesis-profile=thorough. Slow machines draw slowly: no test is about that.
_ANY_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", _ANY_MACHINE, max_examples=20, derandomize=True)
settings.register_profile("thorough", _ANY_MACHINE, max_examples=200)
settings.load_profile("ci")


@pytest.hookimpl(trylast=True)  # when slow tests are deselected
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker waits for the other one.

    That is the group of tests that have a browser and a server to themselves, on one worker; they
    make `tiny_run`. Then comes a test that makes `small_run`, on another.
    """

    def rank(item: pytest.Item) -> int:
        groups = [mark.kwargs.get("name") for mark in item.iter_markers("xdist_group")]
        return 0 if "browser" in groups else 1 if item is maker else 2

    users = (item for item in items if "small_run" in getattr(item, "fixturenames", ()))
    maker = next((item for item in users if "benchmark" not in item.fixturenames), None)
    items.sort(key=rank)  # keeps the order of what is alike


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that the first worker to come fills, and that all workers share.

    Args:
        factory: pytest's own.
        name: of the folder.
        make: fills the empty folder; called once for all workers.
    """
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    return Encoder(load_vgg19())


def photograph(height: int, width: int) -> torch.Tensor:
    """A photograph, (1, 3, height, width)."""
    return resize(from_image(Image.fromarray(photographs.chelsea())), height, width)


def painting(height: int, width: int) -> torch.Tensor:
    """A procedural style, (1, 3, height, width)."""
    return resize(from_image(draw("stained_glass")), height, width)


@pytest.fixture(scope="session")
def content() -> torch.Tensor:
    """A photograph, (1, 3, 32, 40)."""
    return photograph(32, 40)


@pytest.fixture(scope="session")
def style() -> torch.Tensor:
    """A procedural style, (1, 3, 32, 40)."""
    return painting(32, 40)


def styled_by(
    content: torch.Tensor, style: torch.Tensor, encoder: Encoder, *amounts: float
) -> Objective:
    """The shared objective with an output for each amount of the style's Gram matrices."""
    shared = shared_objective(content, style, encoder)
    return dataclasses.replace(
        shared,
        style={
            layer: torch.cat([amount * target for amount in amounts])
            for layer, target in shared.style.items()
        },
        terms=shared.terms * len(amounts),
    )


@pytest.fixture(params=["flat content", "flat style", "black and white"])
def flat_pair(
    request: pytest.FixtureRequest, content: torch.Tensor, style: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """A content and a style of which at least one has no variation at all."""
    flat = torch.full_like(content, 0.5)
    return {
        "flat content": (flat, style),
        "flat style": (content, flat),
        "black and white": (torch.zeros_like(content), torch.ones_like(style)),
    }[request.param]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with content.png and style.png."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.fromarray(photographs.chelsea()).resize((160, 120)).save(folder / "content.png")
    draw("waves").resize((160, 120)).save(folder / "style.png")
    return folder


@pytest.fixture(scope="session")
def shared_pictures() -> Path:
    """The folder of real pictures beside a checkout, where there is one."""
    folder = Path(
        os.environ.get("DFR_TEST_PICTURES") or Path(__file__).parents[2] / "shared" / "data"
    )
    if not folder.is_dir():
        pytest.skip("no folder of real pictures here (set DFR_TEST_PICTURES to one)")
    return folder


@contextlib.contextmanager
def _process_state(env: Mapping[str, str] | None, cwd: Path | str | None) -> Iterator[None]:
    """Set environment and folder as a process would have them; put back what a command changes."""
    environment, folder = dict(os.environ), Path.cwd()
    threads, deterministic = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    try:
        if env is not None:
            os.environ.clear()
            os.environ.update(env)
            if "OMP_NUM_THREADS" in env:  # a process of its own would read it as it begins
                torch.set_num_threads(int(env["OMP_NUM_THREADS"]))
        if cwd is not None:
            os.chdir(cwd)
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(deterministic)


def run_here(
    *arguments: object, env: Mapping[str, str] | None = None, cwd: Path | str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the `dfr` command in this process: the same `main`, without 5 s of imports."""
    from dfr.cli import main

    words = [str(argument) for argument in arguments]
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        _process_state(env, cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.fixture
def dfr() -> Run:
    """Run the `dfr` command in this process; see `run_here`."""
    return run_here


@pytest.fixture
def dfr_process() -> Run:
    """Run the `dfr` command in a process of its own, as a user does."""

    def run(*arguments: object, **keywords) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dfr.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=600,
            **keywords,
        )

    return run


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a refused command, after checking that it is one."""
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("dfr: ")
    return lines[0]


PROFILE = """
description = "A tiny run for the tests."
size = "32x40"
precision = "fp32"
contents = 1
styles = 2
floor_pairs = 1
timing = { outputs = [1, 2], sizes = ["32x40", "40x48"], iterations = 1, repeats = 1 }

[[methods]]
label = "dfr"
title = "DFR (code)"
method = "dfr"
settings = { reading = "code", rotations = [0, 90, 180, 270], iterations = 3 }

[[methods]]
label = "half"
title = "DFR, half"
method = "dfr"
settings = { rotations = [90], rotation_weight = 0.5, iterations = 3 }

[[methods]]
label = "decormst"
title = "DeCorMST"
method = "decormst"
settings = { iterations = 2 }

[[methods]]
label = "gatys"
title = "Gatys et al."
method = "gatys"
settings = { iterations = 2 }

[[methods]]
label = "feedforward"
title = "Feed-forward"
method = "feedforward"
"""


@pytest.fixture(scope="session")
def profile_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile of a whole run, tiny."""
    path = tmp_path_factory.mktemp("profile") / "tiny.toml"
    path.write_text(PROFILE)
    return path


@pytest.fixture(scope="session")
def tiny_run(profile_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its report; tests that change it work on a copy."""

    def make(folder: Path) -> None:
        done = run_here("reproduce", "--profile", profile_file, "--out", folder / "tiny")
        assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "run", make) / "tiny"


def chromium_program() -> str:
    """Return the path of the system's Chromium; skip the test where there is none."""
    path = os.environ.get("DFR_CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if path is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    return path


#: What Chromium needs in a container.
CHROMIUM_OPTIONS = ("--no-sandbox", "--disable-gpu")


#: All tabs in one process, which has read a page's scripts when the next tab asks for them.
_ONE_PROCESS = ("--process-per-site", "--renderer-process-limit=1")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium without a window, for the tests of all pages."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium_program()
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(
            executable_path=path, args=[*CHROMIUM_OPTIONS, *_ONE_PROCESS]
        )
        yield running
        running.close()
