"""The table of commands, and what holds for all of them."""

from __future__ import annotations

import os
import pkgutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer

from dfr.cli import COMMANDS, load
from tests.conftest import complaint

#: What `dfr --help` must not wait for.
HEAVY = {"torch", "torchvision", "numpy", "pandas", "matplotlib", "scipy", "streamlit", "ray"}


def test_help_tells_every_command_and_loads_nothing_heavy():
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "dfr.cli", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {line.rsplit("|", 1)[-1].strip() for line in run.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & HEAVY
    shown = "".join(run.stdout.split())  # lines are folded, also behind hyphens
    for name, entry in COMMANDS.items():
        assert name + "".join(entry.help.split()) in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_table_says_and_says_the_same_of_itself(name):
    entry = COMMANDS[name]
    found = pkgutil.resolve_name(entry.where)
    if isinstance(found, typer.Typer):
        assert found.info.help.startswith(entry.help)
    else:
        assert found.__doc__.splitlines()[0] == entry.help
    for where in entry.more.values():
        assert callable(pkgutil.resolve_name(where))
    command = load(name)
    assert command.name == name or set(entry.more) <= set(command.commands)


def test_unknown_command_and_option_exit_with_2(dfr):
    for arguments in (["stylise"], ["stylize", "--wieght", "1"]):
        assert dfr(*arguments).returncode == 2


def test_the_package_is_installed_as_a_command():
    assert (Path(sys.executable).parent / "dfr").exists()


def test_ctrl_c(files, tmp_path):
    command = [sys.executable, "-m", "dfr.cli", "stylize", files / "content.png",
               files / "style.png", "--size", "64x80", "--iterations", "100000",
               "--out", tmp_path / "out"]  # fmt: skip
    running = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "out").exists():  # made just before the work begins
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(1)
    os.kill(running.pid, signal.SIGINT)
    out, error = running.communicate(timeout=60)
    done = subprocess.CompletedProcess(command, running.returncode, out, error)
    assert "stopped" in complaint(done)
    assert not list((tmp_path / "out").iterdir())
