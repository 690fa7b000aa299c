"""Many people at once: one PostgreSQL, four processes of the page, nginx with a sticky cookie.

`dfr votes serve` is started as an administrator starts it. The people are the light clients of
`tests.benchmarks.streamlit_client`, so that two cores are the server's and not a hundred
browsers'; each looks at a trial for six seconds on average. Timed is from the press until the next
trial with its pictures is there. `tox -e benchmark`, group "study load".
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dfr.core.provenance import cpu_name
from studies.ballots.ballots import Ballots
from studies.ballots.opening import open_study
from studies.ballots.poll import read_poll
from studies.design.study import read_study
from tests.benchmarks.streamlit_client import Visitor
from tests.conftest import ROOT
from tests.studies.crowd import write_study
from tests.studies.databases import free_port, postgresql_server

#: Seconds that people look at a trial, on average; and within which they come.
LOOK, ARRIVING = 6.0, 30.0
PROCESSES = 4


@pytest.fixture
def database() -> Iterator[str]:
    with postgresql_server(durable=True) as server:
        yield server.database("crowd")


def served(study: Path, database: str, folder: Path, port: int) -> subprocess.Popen[str]:
    """Start the page as an administrator does, and wait until it answers."""
    log = folder / "serve.log"
    with log.open("w") as stream:
        running = subprocess.Popen(
            [sys.executable, "-m", "dfr.cli", "votes", "serve", "--study", str(study),
             "--database", database, "--processes", str(PROCESSES), "--port", str(port)],
            stdout=stream, stderr=stream, text=True, cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
    until = time.monotonic() + 300
    while f"{PROCESSES} processes" not in log.read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.2)
    return running


def crowd(address: str, secrets: list[str], look: float) -> list[Visitor]:
    """Let people take part; return them."""
    with ThreadPoolExecutor(16) as threads:
        visitors = [Visitor(address, secret, threads) for secret in secrets]

        async def one(number: int, visitor: Visitor) -> None:
            random = np.random.default_rng([7, number])
            await asyncio.sleep(random.uniform(0, ARRIVING))
            await visitor.take_part(
                lambda: look * random.uniform(0.5, 1.5),
                lambda labels: labels[random.integers(len(labels))],
            )

        async def together() -> None:
            async with asyncio.TaskGroup() as group:
                for number, visitor in enumerate(visitors):
                    group.create_task(one(number, visitor))

        asyncio.run(together())
    return visitors


@pytest.mark.benchmark(group="study load")
@pytest.mark.parametrize("people", [50, 100])
def test_people_behind_nginx(
    benchmark: Any, capsys: Any, database: str, people: int, tiny_run: Path, tmp_path: Path
):
    study = write_study(tmp_path, tiny_run, "crowd", participants=people, judges=3)
    ballots = Ballots(database)
    opened = open_study(read_study(study), tmp_path, database)
    secrets = [ballots.join(opened.key) for _ in range(people)]
    port = free_port()
    running = served(study, database, tmp_path, port)
    try:
        visitors = benchmark.pedantic(
            crowd, args=(f"http://127.0.0.1:{port}", secrets, LOOK), rounds=1, iterations=1
        )
    finally:
        running.terminate()
        running.wait(60)
    poll = read_poll(ballots, "crowd")
    ballots.close()
    assert poll.participants["finished"].all()
    assert len(poll.votes) == people * opened.study.screens
    homes = {visitor.cookie.split("; ")[0] for visitor in visitors}
    assert len(homes) == people  # everybody has a cookie of their own
    waits = np.concatenate([visitor.waits for visitor in visitors])
    middle, high, longest = np.percentile(waits, [50, 95, 100]) * 1000
    told = f"median {middle:.0f} ms, p95 {high:.0f} ms, longest {longest:.0f} ms ({len(waits)})"
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    with capsys.disabled():
        print(f"\n{people} people, {PROCESSES} processes, on {cpu_name()} with {os.cpu_count()} "
              f"cores (load {load}): next trial {told}")  # fmt: skip
    benchmark.extra_info.update(cpu=cpu_name(), cores=os.cpu_count(), load=load, next_trial=told)
