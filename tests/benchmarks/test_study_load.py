"""A user study under load, on SQLite and on PostgreSQL: `tox -e benchmark`, group "study load".

First thirty people in a real Chromium, then three hundred sessions straight at the ballots. What
was answered is compared with what was kept; latencies are printed in a table at the end and stand
in the benchmark's ``extra_info``. DFR_BENCHMARK_RUN names a run whose pictures are shown instead
of the tests' tiny one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dfr.core.provenance import cpu_name
from eval.runs.store import RunStore
from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.poll import Poll, read_poll
from studies.design.design import make_design
from studies.design.study import Study
from studies.design.trial import Stimuli
from tests.conftest import ROOT
from tests.studies.crowd import (
    assert_nothing_lost_or_doubled,
    servers,
    vote_together,
    write_study,
)
from tests.studies.databases import postgresql_server
from tests.studies.person import TRICKS, VOTERS, Person
from tests.studies.server import Server

PEOPLE = 30
#: Sessions at the ballots, over so many processes.
SESSIONS, PROCESSES = 300, 4
#: Seconds between two answers of a session; people take twice as long.
PACE = 3.0
#: What the page promises to one person, in seconds.
WANTED = 0.5

DatabaseOf = Callable[[], str]


@pytest.fixture(scope="module")
def table(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    lines: list[str] = []
    yield lines
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        print("\n\nStudy load, on", cpu_name(), "with", os.cpu_count(), "cores")
        print(*lines, sep="\n")


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Path:
    named = os.environ.get("DFR_BENCHMARK_RUN")
    return Path(named) if named else request.getfixturevalue("tiny_run")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def database_of(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseOf]:
    """Make empty databases of a kind."""
    numbers = count()
    if kind == "sqlite":
        folder = tmp_path_factory.mktemp("votes")
        yield lambda: f"sqlite:///{folder / f'{next(numbers)}.sqlite'}"
        return
    with postgresql_server(durable=True) as server:
        yield lambda: server.database(f"load{next(numbers)}")


def told(seconds: Sequence[float]) -> str:
    low, high = np.percentile(seconds, [50, 95]) * 1000
    return f"median {low:.0f} ms, p95 {high:.0f} ms ({len(seconds)})"


def browsers_cpu_seconds(apart: Sequence[Server]) -> float:
    """Return what all processes below this one have used, the servers apart."""
    parent, used = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rsplit(")", 1)[1].split()
            pid = int(path.parent.name)
            parent[pid] = int(fields[1])
            used[pid] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    left = {server.process.pid for server in apart}

    def below(pid: int) -> bool:
        return pid not in left and (parent.get(pid) == os.getpid() or below_parent(pid))

    def below_parent(pid: int) -> bool:
        return parent.get(pid, 0) > 1 and below(parent[pid])

    return sum(used[pid] for pid in parent if below(pid))


def vote(people: Sequence[Person], running: Sequence[Server]) -> float:
    """Let people take part; return the CPU seconds of their browsers."""

    used: list[float] = []
    vote_together(people, at_the_end=lambda: used.append(browsers_cpu_seconds(running)))
    return used[0]


@pytest.mark.benchmark(group="study load")
def test_thirty_people_in_chromium(
    benchmark: Any, kind: str, database_of: DatabaseOf, run: Path, tmp_path: Path, table: list[str]
):
    """600 counted votes; on PostgreSQL, the people are split over two servers."""

    def crowd(name: str, size: int) -> tuple[list[Person], Poll, int, float, list[float], float]:
        study = write_study(tmp_path, run, name, participants=size, judges=min(size, 3))
        database = database_of()
        with servers(study, database, tmp_path, 1 if kind == "sqlite" else 2) as running:
            ballots = Ballots(database)
            places = [server.address for server in running]
            together = asyncio.Barrier(size)
            people = [
                Person(
                    number,
                    places[number % len(places) :] + places[: number % len(places)],
                    ballots,
                    1,
                    trick=TRICKS[number % len(TRICKS)],
                    patience=60,
                    together=together,
                    late=number,  # Chromium is busiest when it opens a page
                )
                for number in range(size)
            ]
            began = time.perf_counter()
            browsers = vote(people, running)
            seconds = time.perf_counter() - began
            poll = read_poll(ballots, name)
            slips = assert_nothing_lost_or_doubled(poll, people)
            ballots.close()
            used = [server.cpu_seconds() for server in running]
        return people, poll, slips, browsers, used, seconds

    alone = crowd("alone", 1)[0][0]
    found = benchmark.pedantic(crowd, args=("crowd", PEOPLE), rounds=1, iterations=1)
    people, poll, slips, browsers, used, seconds = found
    assert int((poll.votes["kind"] == "vote").sum()) == PEOPLE * Study(name="x").trials
    waits = [wait for person in people for wait in person.waits.values()]
    size = RunStore.open(run).cells()[0]["size"]
    lines = {
        "one person alone": told(list(alone.waits.values()))
        + (": within" if np.median(list(alone.waits.values())) <= WANTED else ": beyond")
        + f" {WANTED:g} s",
        f"each of {PEOPLE} at once": told(waits),
        "study": f"{len(poll.votes)} votes in {seconds:.0f} s, pictures {size[0]} x {size[1]}",
        "CPU seconds": f"servers {', '.join(f'{each:.0f}' for each in used)}; browsers "
        f"{browsers:.0f} ({browsers / (browsers + sum(used)):.0%})",
        "pressed in vain": str(sum(len(person.unheard) for person in people)),
        "second clicks that hit the next trial": str(slips),
    }
    report(benchmark, table, f"Chromium, {kind}, {len(used)} server(s)", lines)


def report(benchmark: Any, table: list[str], title: str, lines: dict[str, str]) -> None:
    benchmark.extra_info.update(cpu=cpu_name(), cores=os.cpu_count(), **lines)
    table += [title, *(f"  {name:40} {value}" for name, value in lines.items())]


def stimuli() -> Stimuli:
    """As many as the published study had, with modes."""
    methods = tuple(VOTERS.strengths)
    pairs = tuple((f"c{c}", f"s{s}") for c, s in product(range(15), range(20)))
    outputs = {(*pair, method): ("a", "b") for pair in pairs for method in methods}
    return Stimuli(methods, outputs, pairs, dict.fromkeys(pairs, (methods[0], "a")))


@pytest.mark.benchmark(group="study load")
@pytest.mark.parametrize(("size", "pace"), [(SESSIONS, PACE), (4 * PROCESSES, 0.0)])
def test_sessions_at_the_ballots(
    benchmark: Any, kind: str, database_of: DatabaseOf, size: int, pace: float, table: list[str]
):
    """Many at people's pace, and a few without any pause, for the most votes a second."""
    url = database_of()
    ballots = Ballots(url)
    settings = Study(name="load", participants=size)
    design = make_design(stimuli(), **settings.design_settings)
    described = {"questions": ["overall"], "methods": dict.fromkeys(VOTERS.strengths, "")}
    study = begin_study(ballots, "load", "d", described, lambda: design)

    def crowd() -> tuple[list[dict[str, Any]], float]:
        began = time.perf_counter()
        workers = []
        share = size // PROCESSES
        try:
            for number in range(PROCESSES):
                code = "from tests.benchmarks.sessions import work; work()"
                given = [url, study, number * share, share, pace]
                workers.append(
                    subprocess.Popen([sys.executable, "-c", code, *map(str, given)],
                                     cwd=ROOT, stdout=subprocess.PIPE, text=True)
                )  # fmt: skip
            texts = [worker.communicate(timeout=1200)[0] for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
        assert [worker.returncode for worker in workers] == [0] * PROCESSES
        return [each for text in texts for each in json.loads(text)], time.perf_counter() - began

    people, seconds = benchmark.pedantic(crowd, rounds=1, iterations=1)
    poll = read_poll(ballots, "load")
    ballots.close()
    assert poll.participants["finished"].all()
    assert len({person["code"] for person in people}) == len(people) == size
    votes = {name: list(group) for name, group in poll.votes.groupby("participant")["answer"]}
    assert votes == {person["name"]: person["answers"] for person in people}
    steps = poll.trials.groupby("slot")["position"].agg(list)
    for _, group in poll.votes.groupby("participant"):
        assert group["position"].tolist() == steps[group["slot"].iloc[0]]
    seen = sum((Counter(person["seen"]) for person in people), Counter())
    casts = [each for person in people for each in person["seconds"]]
    lines = {
        "cast": told(casts),
        "votes": f"{len(poll.votes)} in {seconds:.0f} s, {len(casts) / seconds:.0f} casts a second",
        "casts that were there already": str(seen["again"]),
        "asked again because the database was away": str(seen["down"]),
    }
    report(benchmark, table, f"Ballots, {kind}, {size} sessions, pause {pace:g} s", lines)
