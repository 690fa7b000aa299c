"""``dfr votes serve``: the real page in several processes behind nginx, and a real browser."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dfr.core.errors import UserError
from studies.serving.processes import check_free, free_ports
from tests.conftest import ROOT, complaint
from tests.studies.page.pages import BREAK, STEPS, STUDY, my_votes, shown

if shutil.which("nginx", path="/usr/bin:/usr/sbin:/usr/local/sbin") is None:
    pytest.skip("nginx is not installed", allow_module_level=True)


def until(true: Callable[[], bool]) -> None:
    """Wait on a busy machine."""
    end = time.monotonic() + 180
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def pages_of(parent: int) -> list[int]:
    """The processes of the page that a process started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            after = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            if int(after[1]) == parent and b"vote.py" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return sorted(found)


@pytest.fixture
def served(tiny_run: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path, int]]:
    study = tmp_path / "page.toml"
    study.write_text(STUDY + f'run = "{tiny_run}"\n')
    (port,) = free_ports(1)
    log = tmp_path / "log"
    command = [sys.executable, "-m", "dfr.cli", "votes", "serve", "--study", study,
               "--processes", 2, "--port", port]  # fmt: skip
    with log.open("w") as stream:
        running = subprocess.Popen(
            [str(part) for part in command], stdout=stream, stderr=stream, text=True, cwd=ROOT
        )
    until(lambda: running.poll() is not None or "2 processes" in log.read_text())
    assert running.poll() is None, log.read_text()
    yield running, log, port
    running.terminate()
    running.wait(60)


@pytest.mark.slow
def test_a_visitor_is_served_through_nginx_and_goes_on_when_a_process_dies(
    served: tuple[subprocess.Popen[str], Path, int], browser: Any, tmp_path: Path
):
    running, log, port = served
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(90_000)
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}")
    page.get_by_role("button", name="I agree. Begin").click()
    page.wait_for_url("**?me=**")
    secret = page.url.split("me=")[1]
    killed = 0
    for number in range(STEPS):
        if number == BREAK:
            page.get_by_role("button", name="Go on").click()
        shown(page, number)
        if number in (2, 4):  # one process, and later the other
            os.kill(pages_of(running.pid)[0], signal.SIGKILL)
            killed += 1
            until(lambda times=killed: log.read_text().count("started again") == times)
            until(lambda: len(pages_of(running.pid)) == 2)
            page.goto(page.url)
            shown(page, number)
        page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name="Thank you!").wait_for()
    context.close()
    votes = my_votes(f"sqlite:///{tmp_path / 'votes.sqlite'}", secret)
    assert [answer for *_, answer in votes] == ["left"] * STEPS
    assert secret not in log.read_text()
    there = pages_of(running.pid)
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0
    assert "the page has ended" in log.read_text()
    assert not [each for each in there if Path(f"/proc/{each}").exists()]


@pytest.mark.slow
def test_nothing_is_left_of_what_was_killed(served: tuple[subprocess.Popen[str], Path, int]):
    running, _, port = served
    there = pages_of(running.pid)
    assert len(there) == 2
    running.kill()
    running.wait()
    until(lambda: not any(Path(f"/proc/{each}").exists() for each in there))
    until(lambda: is_free(port))  # nginx has ended too


def is_free(port: int) -> bool:
    try:
        check_free("127.0.0.1", port)
    except UserError:
        return False
    return True


def test_refuses(dfr, tmp_path, tiny_run):
    study = tmp_path / "page.toml"
    study.write_text(STUDY + 'run = "nowhere"\n')
    assert "nowhere" in complaint(dfr("votes", "serve", "--study", study))
    study.write_text(STUDY + f'run = "{tiny_run}"\n')
    said = complaint(dfr("votes", "serve", "--study", study, "--address", "192.0.2.1"))
    assert "192.0.2.1:8501" in said
