"""The voting page as it is really served, for a browser to look at."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from studies.serving.processes import serves
from tests.conftest import ROOT
from tests.studies.databases import free_port


class Server:
    """One process of ``streamlit run studies/vote.py``, on a port of its own."""

    def __init__(self, log: Path, *arguments: object, port: int | None = None, **environment: str):
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log, self._environment = log, environment
        self._command = [
            sys.executable, "-m", "streamlit", "run", "studies/vote.py",
            "--server.port", str(self.port), "--server.address", "127.0.0.1",
            "--", *map(str, arguments),
        ]  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it, also once more after it was ended, and wait until it answers."""
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                self._command, cwd=ROOT, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                env={**_plain_environment(), "OMP_NUM_THREADS": "1", **self._environment},
            )  # fmt: skip
        until = time.monotonic() + 120
        try:
            while not serves("127.0.0.1", self.port):
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < until, "the page's server does not start"
                time.sleep(0.1)
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _plain_environment() -> dict[str, str]:
    """Return the environment without what would choose another study or let an administrator in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DFR_STUDY")}
