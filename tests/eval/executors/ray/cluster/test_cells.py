"""Cells of a cluster are the cells of this machine, whatever is lost on the way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from eval.runs.store import RunStore
from tests.eval.executors.ray.cluster.conftest import (
    CELLS,
    add,
    can_hide,
    elsewhere,
    gone,
    kept,
    making,
    ray_processes,
    same_cells,
    until,
)
from tests.eval.executors.test_executors import one_thread

pytest.importorskip("ray", reason="Ray is not installed (pip install 'dfr-suite[cluster]')")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for workers in /proc"),
]


def finished(running: subprocess.Popen[str]) -> str:
    _, said = running.communicate(timeout=600)
    assert running.returncode == 0, said
    return said


def test_a_lost_worker_and_a_lost_node_lose_no_cell(cluster, begin, local_run, tmp_path):
    """One worker is killed while it makes a cell, later a whole node, with no other after it."""
    out = tmp_path / "run"
    nodes = [add(cluster) for _ in range(3)]
    running = begin(out, "--executor", "ray", "--ray-address", cluster.address)
    first = until(making, running).pop()
    os.kill(first, signal.SIGKILL)
    until(lambda: len(kept(out)) >= 2 and making(), running)
    cluster.remove_node(nodes[0], allow_graceful=False)
    said = finished(running)
    assert "a worker was lost; another one will make" in said
    assert said.count(f"[{CELLS}/{CELLS}]") == 1
    same_cells(local_run, out)


def test_all_nodes_are_lost_and_a_new_one_goes_on(cluster, begin, local_run, tmp_path):
    out = tmp_path / "run"
    node = add(cluster)
    running = begin(out, "--executor", "ray", "--ray-address", cluster.address)
    until(lambda: kept(out) and making(), running)
    cluster.remove_node(node, allow_graceful=False)
    add(cluster)
    finished(running)
    same_cells(local_run, out)


@pytest.mark.skipif(not can_hide(), reason="may not give a process its own mounts")
def test_machines_that_share_no_folder(cluster, dfr, profile_file, files, tmp_path):
    """The cells' own machine has another name, and sees neither the run nor the pictures."""
    shared = tmp_path / "shared"
    for kind in ("content", "style"):
        (shared / kind).mkdir(parents=True)
        shutil.copy(files / f"{kind}.png", shared / kind)
    command = ["--profile", profile_file, "--content", shared / "content",
               "--style", shared / "style"]  # fmt: skip
    done = dfr("reproduce", *command, "--out", shared / "local", env=one_thread())
    assert done.returncode == 0, done.stderr
    with elsewhere(cluster, f"-t tmpfs none {shared}"):
        done = dfr("reproduce", *command, "--out", shared / "ray", "--executor", "ray",
                   "--ray-address", cluster.address, env=one_thread())  # fmt: skip
    assert done.returncode == 0, done.stderr
    same_cells(shared / "local", shared / "ray", pictures=24)
    store = RunStore.open(shared / "ray")
    for cell in store.cells():
        there = cell["environment"]
        assert (there["node"], there["executor"]) == ("elsewhere", "ray")
        assert (there["threads"], there["workers"]) == (1, 1)
    here, workers = store.description["environments"]
    assert "executor" not in here
    assert workers == {key: there[key] for key in there if key != "node"}
    assert (shared / "ray" / "report" / "index.html").is_file()


def test_begun_here_and_gone_on_with_ray(begin, local_run, tmp_path):
    out = tmp_path / "run"
    running = begin(out)
    until(lambda: len(kept(out)) >= 3, running)
    running.kill()
    running.wait()
    before = {cell: cell.stat().st_mtime_ns for cell in kept(out)}
    assert "going on: " in finished(begin(out, "--executor", "ray", "--workers", 1))
    assert all(cell.stat().st_mtime_ns == time for cell, time in before.items())
    same_cells(local_run, out)
    store = RunStore.open(out)
    cells = [*store.cells(), *store.cells_again()]
    made = [cell["environment"].get("executor") for cell in cells]
    assert made.count("ray") == CELLS - len(before)


def test_begun_with_ray_stopped_and_gone_on_here(begin, local_run, tmp_path):
    """Ctrl-C ends workers and the cluster that was begun for the run, and says one line."""
    out = tmp_path / "run"
    others = ray_processes(b"ray::")
    running = begin(out, "--executor", "ray", "--workers", 2)
    until(lambda: len(kept(out)) >= 2 and making(), running)
    workers = ray_processes(b"ray::") - others
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 2, said
    assert said.splitlines()[-1].startswith("dfr: stopped; what was finished is kept")
    assert "Traceback" not in said
    gone(workers)
    assert not list(out.glob("cells/.partial-*"))
    assert len(kept(out)) < CELLS
    assert "going on: " in finished(begin(out))
    same_cells(local_run, out)


def test_workers_end_with_the_command_however_it_ends(cluster, begin, tmp_path):
    """The cluster goes on, and has all its room for the next run."""
    add(cluster)
    running = begin(tmp_path / "run", "--executor", "ray", "--ray-address", cluster.address)
    workers = until(making, running)
    running.kill()
    running.wait()
    gone(workers)
    again = begin(tmp_path / "run", "--executor", "ray", "--ray-address", cluster.address)
    until(making, again)
