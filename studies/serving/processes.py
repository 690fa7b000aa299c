"""Several processes of the page, started, watched, and started again when one ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import studies
from dfr.core.errors import UserError
from studies.ballots.location import DATABASE

#: Seconds within which a process has to answer after its start.
_PATIENCE = 180.0
#: Seconds between two looks at what runs.
_LOOK = 0.5
#: A process that ended so often within a minute is not started again.
_MOST_ENDS = 5
#: Seconds for what is asked to end, before it is ended.
_GRACE = 10.0

#: `urllib.request.urlopen` would ask a proxy for what is on this machine.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

Tell = Callable[[str], None]


class Page:
    """One process of ``streamlit run studies/vote.py``, which starts at once.

    Args:
        study: the study's file or folder.
        database: URL of the ballots; it goes by the environment, where other users of the machine
            do not see its password.
        address: it listens there.
        port: it listens there.
    """

    def __init__(self, study: Path, database: str, address: str, port: int) -> None:
        self.address, self.port = address, port
        self._database = database
        script = Path(studies.__file__).parent / "vote.py"
        self._command = [
            sys.executable, "-m", "streamlit", "run", str(script),
            "--server.address", address, "--server.port", str(port), "--server.headless", "true",
            "--", "--study", str(study.resolve()),
        ]  # fmt: skip
        self._ends: list[float] = []
        self.start()

    def start(self) -> None:
        """Start it, in the folder where Streamlit finds the page's settings."""
        self.process = subprocess.Popen(
            self._command,
            cwd=Path(studies.__file__).parents[1],
            env={**os.environ, DATABASE: self._database},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # the log goes to standard error
        )

    def answers(self) -> bool:
        """Say whether it serves pages."""
        return serves("127.0.0.1" if self.address in ("0.0.0.0", "::") else self.address, self.port)

    def start_again(self, tell: Tell) -> None:
        """Start it again after it ended.

        Raises:
            UserError: it ended too often for that.
        """
        now = time.monotonic()
        self._ends = [end for end in self._ends if now - end < 60] + [now]
        code = self.process.returncode
        if len(self._ends) >= _MOST_ENDS:
            raise UserError(
                f"the page's process on port {self.port} ended {_MOST_ENDS} times within a minute "
                f"(exit code {code}): its own messages above say why"
            )
        tell(f"the process on port {self.port} ended (exit code {code}): started again")
        self.start()


def serves(address: str, port: int) -> bool:
    """Say whether a process of the page answers at an address and port."""
    try:
        with _DIRECT.open(f"http://{address}:{port}/_stcore/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody uses."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def check_free(address: str, port: int) -> None:
    """Raise UserError where nobody can listen at an address and port."""
    try:
        with socket.create_server((address, port)):
            pass
    except OSError as error:
        said = (error.strerror or str(error)).split(" (", 1)[0]  # Python adds the address again
        raise UserError(f"{address}:{port}: {said}; choose another --port") from error


def wait_until_all_answer(pages: Sequence[Page]) -> None:
    """Wait for processes that were started.

    Raises:
        UserError: one ended, or does not answer.
    """
    until = time.monotonic() + _PATIENCE
    for page in pages:
        while not page.answers():
            if page.process.poll() is not None:
                raise UserError(f"the page does not start (exit code {page.process.returncode})")
            if time.monotonic() > until:
                raise UserError(f"the page does not answer after {_PATIENCE:.0f} s")
            time.sleep(0.2)


def watch(
    pages: Sequence[Page],
    proxy: subprocess.Popen[bytes] | None,
    tell: Tell,
    guard: Callable[[], object],
) -> None:
    """Keep the processes running until this one is asked to end.

    Args:
        pages: processes of the page.
        proxy: nginx, if there is one.
        tell: told what was started again.
        guard: called after that.

    Raises:
        UserError: nginx ended, or a process of the page ends again and again.
    """
    while True:
        for page in pages:
            if page.process.poll() is not None:
                page.start_again(tell)
                guard()
        if proxy is not None and proxy.poll() is not None:
            raise UserError(f"nginx ended (exit code {proxy.returncode})")
        time.sleep(_LOOK)


def end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """End processes: by asking first."""
    for each in processes:
        each.terminate()
    until = time.monotonic() + _GRACE
    for each in processes:
        with suppress(subprocess.TimeoutExpired):
            each.wait(max(0.1, until - time.monotonic()))
        each.kill()
        each.wait()
