"""Databases for tests: a PostgreSQL server of this test run, which tests may kill."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

# Below the ports that the system gives away by itself, and other ones in each process: nobody
# takes a port between the moment it is found free and the moment a server opens it.
_ports = count(10_000 + os.getpid() * 50 % 20_000)


def free_port() -> int:
    for port in _ports:
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port
    raise AssertionError


class PostgreSQL:
    """A server in a folder of its own, as the system's user `postgres` where we are root.

    Args:
        programs: folder of initdb and pg_ctl.
        folder: an empty folder.
        durable: whether a committed transaction is on the disk. Writing everything to the disk
            takes minutes for many databases, so only tests that kill the server ask for it.
    """

    def __init__(self, programs: Path, folder: Path, durable: bool) -> None:
        self.programs, self.folder, self.durable = programs, folder, durable
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        self.run("initdb", "-D", folder / "data", "-U", "tester", "-A", "trust", "-E", "UTF8",
                 "--no-sync")  # fmt: skip
        self.start()

    def run(self, program: str, *arguments: object) -> None:
        command = [str(self.programs / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = [
                "setpriv",
                "--reuid=postgres",
                "--regid=postgres",
                "--clear-groups",
                *command,
            ]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=120,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        # pg_ctl's child keeps the pipes, so its output goes to a file.
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        if not self.durable:
            options += " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        self.run("pg_ctl", "-D", self.folder / "data", "-l", self.folder / "log", "-w",
                 "-o", options, "start")  # fmt: skip

    def stop(self) -> None:
        """End it at once: nobody reads its files again."""
        self.run("pg_ctl", "-D", self.folder / "data", "-m", "immediate", "-w", "stop")

    def kill(self) -> None:
        """End the server as a power cut would; its children follow when they see it is gone."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, signal.SIGSTOP)  # or it would make new children while we count
        children = subprocess.run(
            ["pgrep", "-P", str(pid)], capture_output=True, text=True
        ).stdout.split()
        for one in (pid, *map(int, children)):
            os.kill(one, signal.SIGKILL)
        while any(_alive(one) for one in (pid, *map(int, children))):
            time.sleep(0.02)
        # Where nobody reaps the dead, their numbers look alive to the server that starts next.
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        for left in self.folder.glob(".s.PGSQL.*"):
            left.unlink()

    def database(self, name: str) -> str:
        server = f"postgresql://tester@127.0.0.1:{self.port}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"{server}/{name}"


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@contextlib.contextmanager
def postgresql_server(durable: bool = False) -> Iterator[PostgreSQL]:
    """Run a server; skip the test where there is no PostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and not on_path:
        pytest.skip("no PostgreSQL here (Debian: apt-get install postgresql)")
    program = found[-1] if found else Path(str(on_path)).resolve()
    # Not below pytest's own folder, which other users may not enter; and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="dfr-pg-"))
    try:
        server = PostgreSQL(program.parent, folder, durable)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


#: For a test of a refusal in which the kind of database has no part: SQLite alone.
one_database = pytest.mark.parametrize("url", ["sqlite"], indirect=True)
