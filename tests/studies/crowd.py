"""A crowd for the voting page: real servers, one Chromium, and people who vote at once."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from studies.ballots.poll import Poll
from tests.conftest import CHROMIUM_OPTIONS, chromium_program
from tests.studies.person import Person
from tests.studies.server import Server

playwright = pytest.importorskip("playwright.async_api")


def write_study(folder: Path, run: Path, name: str = "crowd", **settings: Any) -> Path:
    """Write a study file over a run."""
    path = folder / f"{name}.toml"
    given = {"run": str(run), "simulated": True, "door": "open",
             "newcomers_per_minute": 1000, **settings}  # fmt: skip
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items()))
    return path


@contextlib.contextmanager
def servers(study: Path, database: str, folder: Path, count: int = 1) -> Iterator[list[Server]]:
    """Run some servers over one database."""
    running: list[Server] = []
    try:
        running.extend(
            Server(folder / f"server-{number}.log", "--study", study, "--database", database)
            for number in range(count)
        )
        yield running
    finally:
        for server in running:
            server.stop()


def vote_together(
    people: Sequence[Person],
    meanwhile: Callable[[], None] = lambda: None,
    at_the_end: Callable[[], None] = lambda: None,
) -> None:
    """Let people take part, each in a browser context.

    Args:
        people: who.
        meanwhile: done beside them.
        at_the_end: done when they are finished and before the browser is closed.
    """
    program = chromium_program()

    async def together() -> None:
        async with playwright.async_playwright() as started:
            browser = await started.chromium.launch(
                executable_path=program, args=list(CHROMIUM_OPTIONS)
            )
            try:
                async with asyncio.TaskGroup() as group:  # the first that fails ends the others
                    for person in people:
                        group.create_task(person.take_part(browser))
                    group.create_task(asyncio.to_thread(meanwhile))
                at_the_end()
            finally:
                await browser.close()

    # In a thread of its own: the other tests' browser has its event loop in this one.
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, together()).result()


def assert_nothing_lost_or_doubled(poll: Poll, people: Sequence[Person]) -> int:
    """Compare what everybody meant, pressed and was told with what is in the database.

    Returns:
        how many trials were answered by the second half of a double click on the one before.
        Nobody meant that, but it was pressed there.
    """
    assert len({person.link for person in people}) == len(people) == len(poll.participants)
    assert poll.participants["finished"].all()
    slips = 0
    for person in people:
        seat = person.ballots.seat(person.study, person.link)
        assert person.code == seat.code != ""
        votes = poll.votes[poll.votes["participant"] == seat.participant]
        asked = [(step.position, step.question) for step in seat.steps]
        assert list(zip(votes["position"], votes["question"], strict=True)) == asked
        for step, answer in enumerate(votes["answer"]):
            about = (person.number, person.trick, step, answer, person.pressed[step])
            assert answer in person.pressed[step], about
            if answer != person.meant.get(step):
                assert step - 1 in person.doubled, (*about, person.meant, person.told)
                slips += 1
        assert len(person.told) >= len(asked) - len(person.doubled)
    assert len(poll.votes) == sum(len(person.seat.steps) for person in people if person.seat)
    return slips
