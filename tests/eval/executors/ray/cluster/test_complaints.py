"""What a person can cause on a cluster is one line and exit code 2."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

import dfr as package
from dfr.network.lpips import TRUNKS
from tests.conftest import complaint
from tests.eval.executors.ray.cluster.conftest import (
    CELLS,
    add,
    can_hide,
    elsewhere,
    kept,
    making,
)

pytest.importorskip("ray", reason="Ray is not installed (pip install 'dfr-suite[cluster]')")
pytestmark = pytest.mark.slow


def on_ray(dfr, profile_file: Path, out: Path, address: str, *options: object) -> str:
    """The one line of a run that is refused."""
    return complaint(dfr("reproduce", "--profile", profile_file, "--out", out, "--executor", "ray",
                         "--ray-address", address, *options))  # fmt: skip


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "cannot be used from here (Connection refused); start one with"),
        ("no-such-host.invalid:6379", "cannot be used from here ("),
        ("somewhere", "write HOST:PORT, or auto"),
        ("ray://127.0.0.1:10001", "write HOST:PORT, or auto"),
    ],
)
def test_no_cluster_at_an_address(dfr, profile_file, tmp_path, address, told):
    said = on_ray(dfr, profile_file, tmp_path / "run", address)
    assert f"'{address}'" in said
    assert told in said
    assert not (tmp_path / "run" / "cells").exists()


def test_something_else_at_the_address(dfr, profile_file, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        said = on_ray(dfr, profile_file, tmp_path / "run", address)
    assert "something is there, but it does not answer as Ray" in said


def test_a_cell_that_no_node_has_room_for(dfr, cluster, profile_file, tmp_path):
    add(cluster)
    said = on_ray(dfr, profile_file, tmp_path / "run", cluster.address, "--threads-per-cell", 2)
    assert "no node of the Ray cluster has 2 free CPU cores, which a cell takes" in said
    said = on_ray(dfr, profile_file, tmp_path / "gpu", cluster.address, "--gpus-per-cell", 0.5)
    assert "1 free CPU core and 0.5 GPU, which a cell takes" in said


def test_damaged_weights_on_a_node_are_told_as_they_are_here(dfr, cluster, profile_file, tmp_path):
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    for trunk in TRUNKS.values():
        (folder / trunk.url.rsplit("/", 1)[1]).write_bytes(b"not weights")
    add(cluster, env_vars={"TORCH_HOME": str(tmp_path)})
    said = on_ray(dfr, profile_file, tmp_path / "run", cluster.address)
    assert re.search(r"^dfr: /\S+\.pth: wrong SHA-256", said)


@pytest.mark.skipif(not can_hide(), reason="may not give a process its own mounts")
def test_other_code_on_a_node_is_refused(dfr, cluster, profile_file, tmp_path):
    here, other = Path(package.__file__).parent, tmp_path / "dfr"
    shutil.copytree(here, other)  # not the whole checkout: the environment may lie in it
    init = other / "core" / "version.py"
    init.write_text(init.read_text().replace(package.__version__, "0.0.7"))
    with elsewhere(cluster, f"--bind {other} {here}"):
        said = on_ray(dfr, profile_file, tmp_path / "run", cluster.address)
    assert "the node elsewhere has another version of dfr-suite (0.0.7) than this" in said


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for workers in /proc")
def test_a_cell_whose_workers_are_always_killed_is_named(cluster, begin, local_run, tmp_path):
    """One cell is missing, and every worker is killed as soon as it begins it."""
    out = Path(shutil.copytree(local_run, tmp_path / "run"))
    shutil.rmtree(out / "cells" / "chelsea" / "stained_glass" / "decormst")
    add(cluster)
    running = begin(out, "--executor", "ray", "--ray-address", cluster.address)
    while running.poll() is None:
        for worker in making():
            os.kill(worker, signal.SIGKILL)
        time.sleep(0.01)
    _, said = running.communicate()
    assert running.returncode == 2
    last = said.splitlines()[-1]
    assert last.startswith(
        "dfr: 3 workers of the Ray cluster ended in making chelsea × stained_glass: DeCorMST"
    )
    assert "the same command goes on" in last
    assert len(kept(out)) == CELLS - 1
