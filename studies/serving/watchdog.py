"""Ends what serves the page if the process that started it was killed, which no process can catch.

A process of its own. It reads numbers of processes, a line at a time; when there is nothing more
to read, the one that wrote is gone, and those of the last line are asked to end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import studies


class Watchdog:
    """The other end: says which processes are to end with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "studies.serving.watchdog"],
            stdin=subprocess.PIPE,
            cwd=Path(studies.__file__).parents[1],
            start_new_session=True,  # Ctrl-C, or a terminal that closes, is not for it
            text=True,
        )

    def guard(self, processes: Iterable[subprocess.Popen[bytes]]) -> None:
        """Let these processes, and no others, end with this one."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # somebody ended it; the page goes on without
            print(*(each.pid for each in processes), file=self._process.stdin, flush=True)

    def close(self) -> None:
        """End it; what it guards ends too."""
        with suppress(BrokenPipeError):
            self._process.communicate()


def main() -> None:
    """Wait until the other end is gone."""
    last = ""
    for line in sys.stdin:
        last = line
    for pid in last.split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM)


if __name__ == "__main__":
    main()
