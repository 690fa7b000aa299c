"""Cells made by several processes are the same cells, and a lost process loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from dfr.core.errors import UserError
from eval.data.dataset import Picture
from eval.executors.pool import end_with_parent
from eval.executors.processes import LocalProcesses
from eval.runs.executor import Batch, Job, make_and_keep
from eval.runs.profiles import read_profile
from eval.runs.runner import reproduce
from eval.runs.store import RunStore
from tests.eval.conftest import SMALL_CELLS, make_run
from tests.eval.runs.test_runner import same_run

#: The row of each cell of a run.
CELLS = "cells/*/*/*/cell.json"
#: Begins a process without imports, for what computes nothing.
FORK = multiprocessing.get_context("fork")


def children(process: int) -> list[int]:
    """The processes that a process began."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if parent == process:
            found.append(int(folder.name))
    return found


def half_a_run(run: Path, folder: Path) -> Path:
    """A copy of the small run without the cells of one of its two pairs."""
    shutil.copytree(run, folder)
    shutil.rmtree(folder / "cells" / "chelsea" / "stained_glass")
    return folder


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def one_thread() -> dict[str, str]:
    # Sums over threads have another order; with one thread each, bytes can be compared.
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def begin(profile: Path, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dfr.cli", "reproduce", "--profile", profile, "--out", out,
         "--workers", "2"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=one_thread(),
    )  # fmt: skip


def wait_for(condition, running: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.02)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_lost_worker_is_told_and_the_run_goes_on_to_the_same_cells(
    small_run, small_profile, tmp_path
):
    """Two processes; one is killed when the first cell is there; this process makes the rest."""
    out = half_a_run(small_run, tmp_path / "run")
    before, there = set(children(os.getpid())), set(out.glob(CELLS))
    found: list[int] = []

    def kill_one() -> None:
        while not set(out.glob(CELLS)) - there:
            time.sleep(0.02)
        found.extend(
            process
            for process in children(os.getpid())
            if process not in before
            and b"spawn_main" in Path(f"/proc/{process}/cmdline").read_bytes()
        )
        os.kill(found[0], signal.SIGKILL)

    killer = threading.Thread(target=kill_one, daemon=True)
    killer.start()
    with pytest.raises(UserError, match="a worker process ended before its cell was made"):
        make_run(small_profile, out, workers=2)
    killer.join()
    assert len(found) == 2
    kept = {path: path.stat().st_mtime_ns for path in out.glob(CELLS)}
    assert len(there) < len(kept) < SMALL_CELLS
    make_run(small_profile, out)
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    same_run(small_run, out)
    assert RunStore.open(out).description["environments"][1]["workers"] == 2


def test_measuring_beside_gives_the_same_cells(small_run, small_profile, tmp_path):
    """This process stylizes, another one measures and writes the cells."""
    out = half_a_run(small_run, tmp_path / "run")
    before = set(out.glob(CELLS))
    reproduce(read_profile(small_profile), out, LocalProcesses(measurers=1))
    same_run(small_run, out)
    assert len(set(out.glob(CELLS)) - before) == SMALL_CELLS // 2
    (written,) = {cell["environment"]["device"] for cell in RunStore.open(out).cells()}
    assert written == RunStore.open(small_run).cells()[0]["environment"]["device"]


def begin_a_worker(told: Connection) -> None:
    worker = FORK.Process(target=end_with_parent)
    worker.start()
    told.send(worker.pid)
    time.sleep(300)


def test_what_a_process_began_ends_with_it():
    """The thread of a worker that ends it; here it is all that the worker does."""
    heard, told = FORK.Pipe(duplex=False)
    running = FORK.Process(target=begin_a_worker, args=(told,))
    running.start()
    worker = heard.recv()
    assert alive(worker)
    running.kill()
    running.join()
    deadline = time.monotonic() + 30
    while alive(worker):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_two_processes_make_the_same_cells_as_one(profile_file, dfr, tmp_path):
    for name, workers in (("one", 1), ("two", 2)):
        done = dfr("reproduce", "--profile", profile_file, "--out", tmp_path / name,
                   "--workers", workers, env=one_thread())  # fmt: skip
        assert done.returncode == 0, done.stderr
    same_run(tmp_path / "one", tmp_path / "two")
    environment = RunStore.open(tmp_path / "two").description["environments"][0]
    assert environment["workers"] == 2


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_a_killed_worker_is_told_and_the_same_command_goes_on(profile_file, dfr, tmp_path):
    out = tmp_path / "run"
    running = begin(profile_file, out)
    wait_for(lambda: list(out.glob("cells/*/*/*/cell.json")), running)
    workers = [p for p in children(running.pid) if b"spawn_main" in
               Path(f"/proc/{p}/cmdline").read_bytes()]  # fmt: skip
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 2
    assert "a worker process ended before its cell was made" in said.splitlines()[-1]
    kept = {path: path.stat().st_mtime_ns for path in out.glob("cells/*/*/*/cell.json")}
    assert kept
    done = dfr("reproduce", "--profile", profile_file, "--out", out, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert all(path.stat().st_mtime_ns == before for path, before in kept.items())
    assert len(RunStore.open(out).cells()) == 10


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for processes in /proc")
def test_workers_end_with_the_process_that_began_them(profile_file, tmp_path):
    out = tmp_path / "run"
    running = begin(profile_file, out)
    wait_for(lambda: list(out.glob("cells/*/*/*/cell.json")), running)
    workers = children(running.pid)
    assert workers
    running.kill()
    running.wait()
    deadline = time.monotonic() + 30
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_no_workers_is_refused(dfr, small_profile, tmp_path):
    done = dfr("reproduce", "--profile", small_profile, "--out", tmp_path / "run", "--workers", 0)
    assert done.returncode == 2
    assert not (tmp_path / "run").exists()
    with pytest.raises(UserError, match="workers 0: must be at least 1"):
        LocalProcesses(0)
    with pytest.raises(UserError, match="measurers 2: go with one worker"):
        LocalProcesses(3, measurers=2)


def test_a_picture_that_changes_under_a_run_is_named(small_profile, files, tmp_path):
    """The first cell already notices that the file is not the one that was hashed."""
    path = Path(shutil.copy(files / "content.png", tmp_path / "content.png"))
    picture = Picture("content", path, "0" * 64)
    job = Job(picture, picture, read_profile(small_profile).methods[0])
    with pytest.raises(UserError, match=r"content\.png: was changed while the run was going"):
        make_and_keep(Batch((job,)), None, None)  # type: ignore[arg-type]
