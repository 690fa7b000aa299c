"""What a killed process started ends with it; what it ended itself is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

PARENT = """
import subprocess, sys, time
from studies.serving.watchdog import Watchdog
watchdog = Watchdog()
children = [subprocess.Popen(["sleep", "300"]) for _ in range(3)]
watchdog.guard(children)
watchdog.guard(children[:2])
print(*(child.pid for child in children), watchdog._process.pid, flush=True)
sys.stdin.readline()
watchdog.guard([])
watchdog.close()
print("closed", flush=True)
time.sleep(300)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def begin() -> tuple[subprocess.Popen[str], list[int]]:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT,
    )  # fmt: skip
    assert parent.stdout is not None
    return parent, [int(pid) for pid in parent.stdout.readline().split()]


def test_a_killed_process_takes_along_what_it_guarded_last():
    parent, (one, other, free, watchdog) = begin()
    assert all(map(alive, (one, other, free, watchdog)))
    parent.kill()
    parent.wait()
    end = time.monotonic() + 60
    while any(map(alive, (one, other, watchdog))):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert alive(free)  # was taken off the list
    os.kill(free, signal.SIGKILL)


def test_who_closes_it_keeps_what_it_let_go_of():
    parent, (*children, watchdog) = begin()
    assert parent.stdin is not None and parent.stdout is not None
    print(file=parent.stdin, flush=True)
    assert parent.stdout.readline() == "closed\n"
    assert not alive(watchdog)
    assert all(map(alive, children))
    parent.kill()
    parent.wait()
    for child in children:
        os.kill(child, signal.SIGKILL)
