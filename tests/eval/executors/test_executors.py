"""Cells made by several processes are the same cells, and a lost process loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from eval.runs.store import RunStore
from eval.runs.tables import tables
from tests.conftest import complaint
from tests.eval.runs.test_runner import without_time


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


def test_two_processes_make_the_same_cells_as_one(profile_file, dfr, tmp_path):
    for name, workers in (("one", 1), ("two", 2)):
        done = dfr("reproduce", "--profile", profile_file, "--out", tmp_path / name,
                   "--workers", workers, env=one_thread())  # fmt: skip
        assert done.returncode == 0, done.stderr
    one, two = (tables(RunStore.open(tmp_path / name).cells()) for name in ("one", "two"))
    for name in one:
        pd.testing.assert_frame_equal(without_time(one[name]), without_time(two[name]))
    pictures = list((tmp_path / "one").glob("cells/*/*/*/*.png"))
    assert len(pictures) == 2 * 12
    for picture in pictures:
        other = tmp_path / "two" / picture.relative_to(tmp_path / "one")
        assert picture.read_bytes() == other.read_bytes()
    environment = RunStore.open(tmp_path / "two").description["environments"][0]
    assert environment["workers"] == 2


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


def test_no_workers_is_refused(dfr, profile_file, tmp_path):
    done = dfr("reproduce", "--profile", profile_file, "--out", tmp_path / "run", "--workers", 0)
    assert done.returncode == 2
    assert not (tmp_path / "run").exists()


def test_a_picture_that_changes_under_a_run_is_named(profile_file, dfr, files, tmp_path):
    """The first cell already notices that the file is not the one that was hashed."""
    import shutil

    from dfr.core.errors import UserError
    from eval.data.dataset import Picture
    from eval.runs.executor import Job, make_and_keep
    from eval.runs.profiles import read_profile

    path = Path(shutil.copy(files / "content.png", tmp_path / "content.png"))
    picture = Picture("content", path, "0" * 64)
    job = Job(picture, picture, read_profile(profile_file).methods[0])
    with pytest.raises(UserError, match=r"content\.png: was changed while the run was going"):
        make_and_keep(job, None, None)  # type: ignore[arg-type]
    assert complaint(dfr("report", tmp_path))
