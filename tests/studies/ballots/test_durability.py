"""Killing the writer or the database at any moment loses no vote that was acknowledged."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.database import BallotsDown
from studies.ballots.poll import read_poll
from tests.studies.ballots.people import SETTINGS
from tests.studies.databases import PostgreSQL, postgresql_server

#: Casts votes as fast as it can, and says each once it is acknowledged.
WRITER = """
import sys
from studies.ballots.ballots import Ballots
url, study, link = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ballots = Ballots(url)
seat = ballots.seat(study, link)
while seat.step is not None:
    number = seat.step.number
    outcome, seat = ballots.cast(study, link, number, "left" if number % 2 else "right", 1.0)
    print(number, flush=True)
"""


@pytest.mark.parametrize(
    ("url", "kills"),
    [
        ("sqlite", 1),
        pytest.param("sqlite", 4, marks=pytest.mark.slow),
        pytest.param("postgresql", 4, marks=pytest.mark.slow),
    ],
    indirect=["url"],
)
def test_killing_the_writer_loses_nothing_it_was_told_is_kept(url: str, design, kills: int):
    ballots = Ballots(url)
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(people=1, trials=998))
    link = ballots.join(study)
    chance = random.Random(0)
    for _ in range(kills):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(study), link],
            stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3],
        )  # fmt: skip
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(chance.randint(1, 40))]
        writer.kill()
        told += [int(line) for line in writer.stdout.read().splitlines() if line.strip()]
        writer.wait()
        votes = read_poll(ballots, "s").votes
        kept = votes["position"].tolist()
        assert kept == list(range(len(kept)))
        assert set(told) <= set(kept)
        assert len(kept) - max(told) <= 2  # at most the one that was under way
        expected = ["left" if number % 2 else "right" for number in kept]
        assert votes["answer"].tolist() == expected
    assert ballots.cast(study, link, len(kept), "tie", 1.0)[0] == "kept"


@pytest.fixture
def own_postgresql() -> Iterator[PostgreSQL]:
    with postgresql_server(durable=True) as server:
        yield server


@pytest.mark.parametrize("kills", [1, pytest.param(3, marks=pytest.mark.slow)])
def test_killing_postgresql_loses_no_acknowledged_vote_and_voting_goes_on(
    own_postgresql: PostgreSQL, design, kills: int
):
    ballots = Ballots(own_postgresql.database("s"))
    study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(people=1, trials=998))
    link = ballots.join(study)
    told: list[int] = []
    refused = threading.Event()
    stop = threading.Event()

    def vote() -> None:
        number = 0
        while not stop.is_set():
            try:
                ballots.cast(study, link, number, "left", 1.0)
            except BallotsDown:
                refused.set()
                time.sleep(0.05)
                continue  # the voter is asked again
            told.append(number)
            number += 1

    def wait_for(count: int) -> None:
        until = time.monotonic() + 60
        while len(told) < count:
            assert time.monotonic() < until, f"{len(told)} of {count} votes after a minute"
            time.sleep(0.01)

    voter = threading.Thread(target=vote)
    voter.start()
    try:
        for _ in range(kills):
            wait_for(len(told) + 30)
            own_postgresql.kill()
            assert refused.wait(10)
            own_postgresql.start()
            refused.clear()
        wait_for(len(told) + 5)
    finally:
        stop.set()
        voter.join()
    kept = read_poll(ballots, "s").votes["position"].tolist()
    assert kept == told == list(range(len(told)))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_refuses_the_vote_and_keeps_those_before(tmp_path: Path, design):
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk])
    if done.returncode != 0:
        pytest.skip("no small file system can be mounted here")
    try:
        ballots = Ballots(f"sqlite:///{disk / 'votes.sqlite'}")
        study = begin_study(ballots, "s", "d", SETTINGS, lambda: design(people=1, trials=98))
        link = ballots.join(study)
        kept = 0
        filler = disk / "filler"
        ballots.cast(study, link, 0, "left", 1.0)
        with pytest.raises(OSError), filler.open("wb") as stream:
            while True:
                stream.write(b"x" * 4096)
                stream.flush()
        with pytest.raises(BallotsDown, match="full"):
            for kept in range(1, 100):
                ballots.cast(study, link, kept, "left", 1.0)
        filler.unlink()
        assert ballots.seat(study, link).done == kept
        assert ballots.cast(study, link, kept, "right", 1.0)[0] == "kept"
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_locked_database_is_waited_for_and_then_told(tmp_path: Path, design):
    import sqlite3

    path = tmp_path / "x.sqlite"
    ballots = Ballots(f"sqlite:///{path}")
    study = begin_study(ballots, "s", "d", SETTINGS, design)
    link = ballots.join(study)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Event()

    def vote() -> None:
        ballots.cast(study, link, 0, "left", 1.0)
        done.set()

    voter = threading.Thread(target=vote)
    voter.start()
    assert not done.wait(0.3)
    other.execute("COMMIT")
    assert done.wait(10)
    voter.join()
    other.close()
    assert ballots.seat(study, link).done == 1
