"""A Ray cluster: how it is reached, and how many cells it has room for.

Ray is an optional dependency (``pip install 'dfr-suite[cluster]'``). It is imported where it is
used and nowhere else, so that everything else works without it.
"""

from __future__ import annotations

import importlib
import math
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from dfr.core.devices import choose_device
from dfr.core.errors import UserError

#: Seconds in which an address must answer; Ray itself would try for two minutes.
ANSWER = 5
#: Seconds in which a program must be taken into the cluster behind that address.
WELCOME = 30
#: Connects in a process of its own, which can be ended where Ray does not come back.
_TRIAL = """
import sys
try:
    import ray
    ray.init(sys.argv[1], log_to_driver=False, logging_level="CRITICAL")
except Exception as error:
    print(" ".join(str(error).split()))
    sys.exit(1)
"""


@dataclass(frozen=True)
class Cluster:
    """A Ray cluster, and what each of its workers takes of it.

    Attributes:
        address: ``HOST:PORT``, ``auto`` for the cluster that this machine is a node of; if None,
            what ``RAY_ADDRESS`` names, else a cluster of this machine alone, begun for this run.
        workers: the most workers at a time; as many as there is room for if None.
        threads: CPU cores of each worker.
        gpus: GPUs of each worker, also a fraction; with 0 it computes on the CPU.

    Raises:
        UserError: a number that Ray cannot grant.
    """

    address: str | None = None
    workers: int | None = None
    threads: int = 1
    gpus: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what no node can grant."""
        if self.workers is not None and self.workers < 1:
            raise UserError(f"workers {self.workers}: must be at least 1")
        if self.threads < 1:
            raise UserError(f"threads of a cell {self.threads}: must be at least 1")
        if not 0 <= self.gpus < math.inf or (self.gpus > 1 and self.gpus % 1):
            raise UserError(
                f"GPUs of a cell {self.gpus:g}: write 0, a fraction such as 0.25, or a whole number"
            )

    @property
    def device(self) -> str:
        """Where the workers compute: ``cuda`` or ``cpu``."""
        return "cuda" if self.gpus else "cpu"

    def device_here(self, asked: str) -> torch.device:
        """Return where this process computes what is no cell: the workers' kind, if it is here.

        Args:
            asked: the user's ``--device``.

        Raises:
            UserError: it is of another kind than the workers'.
        """
        if asked == "auto":
            return choose_device(self.device if torch.cuda.is_available() else "cpu")
        if choose_device(asked).type != self.device:
            raise UserError(
                f"device '{asked}': the cells of this run are made on {self.device}; with "
                "--executor ray, --gpus-per-cell above 0 means cuda, and 0 means cpu"
            )
        return choose_device(asked)

    def places(self, node: Mapping[str, Any]) -> int:
        """Return how many workers have room on a node, as `ray.nodes` tells of it."""
        has = node["Resources"] if node["Alive"] else {}
        room = [int(has.get("CPU", 0) // self.threads)]
        if self.gpus:
            room.append(math.floor(has.get("GPU", 0) / self.gpus + 1e-6))
        return min(room)

    def room(self, nodes: list[dict[str, Any]]) -> int:
        """Return how many workers have room on all nodes, and are wanted."""
        room = sum(self.places(node) for node in nodes)
        return room if self.workers is None else min(room, self.workers)

    @property
    def share(self) -> str:
        """What a worker takes, in words."""
        cores = f"{self.threads} free CPU core{'s' if self.threads > 1 else ''}"
        return f"{cores} and {self.gpus:g} GPU" if self.gpus else cores

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """Connect for the block, and give Ray's module.

        What this program has begun on the cluster ends with the block, or with this process,
        however that one ends.

        Raises:
            UserError: Ray is not installed, or the cluster does not take this process in.
        """
        ray = _import_ray()
        address = self.address or os.environ.get("RAY_ADDRESS") or "local"
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "CRITICAL"}
        if address == "local":
            # A cluster for one run tells nobody of itself, and needs no page about itself.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            options["include_dashboard"] = False
        else:
            _try(address)
        try:
            ray.init(address, **options)
        except Exception as error:
            raise _refused(address, str(error)) from error
        try:
            yield ray
        finally:
            ray.shutdown()


def _import_ray() -> Any:
    # Ray is going to leave GPUs visible to workers without one; this run does not care.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise UserError(
            "Ray, which --executor ray needs, is not installed; run: "
            "pip install 'dfr-suite[cluster]' (or: pip install 'ray>=2.40')"
        ) from error


def _try(address: str) -> None:
    """Connect once with a time limit: Ray has none, and ends the process where it gives up."""
    if address != "auto":
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdecimal()) or "/" in host or int(port) > 65535:
            raise UserError(
                f"Ray address '{address}': write HOST:PORT, or auto for the cluster that this "
                "machine is a node of"
            )
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()
        except OSError as error:
            raise _refused(address, error.strerror or str(error)) from error
    try:
        trial = subprocess.run(
            [sys.executable, "-c", _TRIAL, address],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=WELCOME,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise _refused(address, "something is there, but it does not answer as Ray") from error
    if trial.returncode:
        raise _refused(address, trial.stdout)


def _refused(address: str, reason: str) -> UserError:
    short = " ".join(reason.split())[:300].rstrip(". ") or "no reason given"
    return UserError(
        f"Ray cluster '{address}': cannot be used from here ({short}); start one with `ray start "
        "--head`, and run `ray start --address HOST:PORT` on every other machine, this one too"
    )
