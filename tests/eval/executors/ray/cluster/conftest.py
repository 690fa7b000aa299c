"""Real clusters of several nodes, on this machine."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from eval.runs.store import RunStore
from eval.runs.tables import tables
from tests.eval.executors.test_executors import alive, one_thread
from tests.eval.runs.test_runner import without_time

#: The tiny profile's cells: five methods on two pairs, and again on one of them for the floor.
CELLS = 15
MODES = 36  # pictures in them


def ray_processes(title: bytes) -> set[int]:
    """Workers of Ray that are at this: Ray writes it into their title."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cmdline").read_bytes().startswith(title):
                found.add(int(folder.name))
        except OSError:
            continue
    return found


def making() -> set[int]:
    return ray_processes(b"ray::Worker.make")


def until(condition: Callable[[], Any], running: subprocess.Popen[str] | None = None) -> Any:
    """Wait for something to come true while a command runs."""
    deadline = time.monotonic() + 300
    while not (found := condition()):
        assert time.monotonic() < deadline
        if running is not None and running.poll() is not None:
            raise AssertionError(running.communicate()[1])
        time.sleep(0.01)
    return found


def gone(processes: set[int]) -> None:
    until(lambda: not any(alive(process) for process in processes))


def kept(run: Path) -> list[Path]:
    return list(run.glob("cells/*/*/*/cell.json"))


def same_cells(one: Path, two: Path, pictures: int = MODES) -> None:
    """Both runs hold the same cells: bytes of pictures, and rows but for time and memory."""
    whole, other = (tables(RunStore.open(run).cells()) for run in (one, two))
    for name in whole:
        pd.testing.assert_frame_equal(without_time(whole[name]), without_time(other[name]))
    files = sorted(file.relative_to(one) for file in one.glob("cells/*/*/*/*.png"))
    assert len(files) == pictures
    assert files == sorted(file.relative_to(two) for file in two.glob("cells/*/*/*/*.png"))
    for file in files:
        assert (one / file).read_bytes() == (two / file).read_bytes(), file
    assert not list(two.glob("cells/.partial-*"))


@pytest.fixture
def cluster() -> Iterator[Any]:
    """A cluster whose head makes no cells; tests add nodes with ``num_cpus``."""
    testing = pytest.importorskip("ray.cluster_utils", reason="Ray is not installed")
    head = {"num_cpus": 0, "include_dashboard": False, "object_store_memory": 2**28}
    made = testing.Cluster(initialize_head=True, head_node_args=head)
    yield made
    made.shutdown()


def add(cluster: Any, **settings: Any) -> Any:
    return cluster.add_node(**{"num_cpus": 1, "object_store_memory": 2**28, **settings})


@pytest.fixture
def begin(profile_file: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begin a run and come back at once; what a test leaves running is ended."""
    started = []

    def start(out: Path, *options: object) -> subprocess.Popen[str]:
        running = subprocess.Popen(
            [sys.executable, "-m", "dfr.cli", "reproduce", "--profile", str(profile_file),
             "--out", str(out), *map(str, options)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=one_thread(),
        )  # fmt: skip
        started.append(running)
        return running

    yield start
    for running in started:
        if running.poll() is None:
            running.terminate()
            running.communicate()


@pytest.fixture(scope="session")
def local_run(profile_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny run, made here with one thread, without Ray."""
    folder = tmp_path_factory.mktemp("local") / "run"
    done = subprocess.run(
        [sys.executable, "-m", "dfr.cli", "reproduce", "--profile", profile_file, "--out", folder],
        capture_output=True, text=True, env=one_thread(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder


def living(cluster: Any) -> int:
    """How many nodes the cluster has, whoever began them."""
    return sum(node["Alive"] for node in cluster.global_state.node_table())


def can_hide() -> bool:
    """Whether this user may give a process its own mounts and its own host name."""
    try:
        done = subprocess.run(["unshare", "-mu", "mount", "-t", "tmpfs", "none", "/mnt"],
                              capture_output=True)  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


@contextmanager
def elsewhere(cluster: Any, mount: str) -> Iterator[None]:
    """Add a node that has the host name ``elsewhere`` and sees something else at some folder.

    Args:
        cluster: to which.
        mount: arguments of the command ``mount``, which only this node sees.
    """
    script = (
        f"hostname elsewhere && mount {mount} && exec {sys.executable} -m ray.scripts.scripts "
        f"start --address {cluster.address} --num-cpus 1 --object-store-memory {2**28} --block"
    )
    node = subprocess.Popen(["unshare", "-mu", "sh", "-c", script],
                            stdout=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        until(lambda: living(cluster) == 2, node)
        yield
    finally:
        node.terminate()
        node.wait()
