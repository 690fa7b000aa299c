"""Sessions of simulated participants at the ballots, without a page."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from studies.ballots.ballots import Ballots, Outcome
from studies.ballots.database import BallotsDown
from studies.ballots.seats import Refused, Seat, Step
from studies.design.trial import ANSWERS, Answer
from tests.studies.person import VOTERS

#: Seconds within which they come.
ARRIVING = 10.0
T = TypeVar("T")


class Session:
    """One simulated participant without a page.

    Attributes:
        seen: what became of the casts; ``down`` counts what had to be asked again.
        seconds: of each cast that was answered.
        answers: kept, in order.
    """

    def __init__(self, url: str, ballots: Ballots, study: int, number: int, pace: float) -> None:
        self.url, self.ballots, self.study, self.pace = url, ballots, study, pace
        self.random = np.random.default_rng([13, number])
        self.voter = VOTERS.one(self.random)
        self.seen: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.answers: list[Answer] = []

    def take_part(self) -> dict[str, Any]:
        """Join and answer everything, with double casts, old and new steps, and new engines."""
        time.sleep(self.random.uniform(0, ARRIVING) if self.pace else 0)
        self.link = self.insist(lambda: self.ballots.join(self.study))
        seat = self.insist(lambda: self.ballots.seat(self.study, self.link))
        while seat.step is not None:
            time.sleep(self.random.exponential(self.pace))
            seat = self.answer(seat.step)
        return {"name": seat.participant, "answers": self.answers, "seconds": self.seconds,
                "seen": self.seen, "code": seat.code}  # fmt: skip

    def answer(self, step: Step) -> Seat:
        answer = self.voter.answer(step.trial, self.random)
        number, chance = step.number, self.random.random()
        if chance < 0.1:  # two tabs at once
            other = ANSWERS[ANSWERS.index(answer) - 1]
            with ThreadPoolExecutor(2) as tabs:
                tries = [tabs.submit(self.cast, number, each) for each in (answer, other)]
                (first, seat), (second, _) = (each.result() for each in tries)
            assert {first, second} == {"kept", "again"} or self.seen["down"]
            self.answers.append(answer if first == "kept" else other)
            return seat
        if chance < 0.2 and number:  # an old page
            assert self.cast(int(self.random.integers(number)), answer)[0] == "again"
        elif chance < 0.25:  # a forged one
            with contextlib.suppress(Refused):
                self.cast(number + 1, answer)
                raise AssertionError("a step that is not their turn was taken")
        elif chance < 0.27:  # another server
            door = self.insist(lambda: Ballots(self.url))
            _, seat = self.cast(number, answer, door)
            door.close()
            self.answers.append(answer)
            return seat
        _, seat = self.cast(number, answer)
        self.answers.append(answer)
        return seat

    def cast(self, number: int, answer: str, door: Ballots | None = None) -> tuple[Outcome, Seat]:
        def once() -> tuple[Outcome, Seat]:
            began = time.perf_counter()
            done = (door or self.ballots).cast(self.study, self.link, number, answer, 1.0)
            self.seconds.append(time.perf_counter() - began)
            self.seen[done[0]] += 1
            return done

        return self.insist(once)

    def insist(self, action: Callable[[], T]) -> T:
        """Try again while the database is away, as the page asks people to."""
        while True:
            try:
                return action()
            except BallotsDown:
                self.seen["down"] += 1


def work() -> None:
    """Run some sessions in this process; write what they did to standard output."""
    url, study, first, size, pace = sys.argv[1], *map(int, sys.argv[2:5]), float(sys.argv[5])
    ballots = Ballots(url)
    with ThreadPoolExecutor(size) as threads:
        done = threads.map(
            lambda number: Session(url, ballots, study, number, pace).take_part(),
            range(first, first + size),
        )
        print(json.dumps(list(done)))
