"""The voting page as it is really served, for a browser to look at."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from tests.studies.conftest import free_port

ROOT = Path(__file__).parents[2]


class Server:
    """One process of ``streamlit run studies/vote.py``."""

    def __init__(self, log: Path, *arguments: object, port: int | None = None, **environment: str):
        self.port = port or free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-m", "streamlit", "run", "studies/vote.py",
                    "--server.port", str(self.port), "--server.address", "127.0.0.1",
                    "--", *map(str, arguments),
                ],
                cwd=ROOT, stdout=stream, stderr=stream, stdin=subprocess.DEVNULL,
                env={**_plain_environment(), "OMP_NUM_THREADS": "1", **environment},
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def _plain_environment() -> dict[str, str]:
    """Return the environment without what would choose another study or let a keeper in."""
    return {name: value for name, value in os.environ.items() if not name.startswith("DFR_STUDY")}
