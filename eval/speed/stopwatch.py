"""How everything here is timed: warm up, take turns, wait for the device, read one clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from dfr.core.devices import synchronise
from dfr.core.memory import OutOfMemory, memory_named
from dfr.core.progress import Progress, silent

T = TypeVar("T")
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Turn(Generic[T]):
    """One timed run.

    Attributes:
        name: of what ran.
        round: from 0 on.
        seconds: that it took.
        result: what it returned.
    """

    name: str
    round: int
    seconds: float
    result: T


def take_turns(
    runs: Mapping[str, Callable[[int], T]],
    amount: int,
    rounds: int,
    device: torch.device = CPU,
    progress: Progress = silent,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[list[Turn[T]], list[str]]:
    """Time everything once in each round, after a run of amount 1 of each for warming up.

    In rounds, so that a slow minute does not fall on one alone, and two can be compared round by
    round. The order turns by one place from round to round, so that nobody is always behind
    another. What does not fit into the device's memory is left out: it should not cost the others.

    Args:
        runs: name -> does so much work, such as so many iterations.
        amount: of work in each timed run.
        rounds: how many.
        device: waited for before the clock is read.
        progress: told after every timed run.
        clock: in seconds.

    Returns:
        the timed runs in their order, and the names of what was left out.
    """
    kept, left_out = [], []
    for name, run in runs.items():
        try:
            with memory_named():
                run(1)
        except OutOfMemory:
            left_out.append(name)
        else:
            kept.append(name)
    turns: list[Turn[T]] = []
    for number in range(rounds):
        shift = number % max(1, len(kept))
        for name in [*kept[shift:], *kept[:shift]]:
            synchronise(device)
            began = clock()
            result = runs[name](amount)
            synchronise(device)
            turns.append(Turn(name, number, clock() - began, result))
            progress(len(turns), rounds * len(kept))
    return turns, left_out


class Laps:
    """A solver's progress that writes down when each iteration was done.

    Args:
        then: another progress that is told too.
        device: waited for before the clock is read.

    Attributes:
        began: when this was made, on the clock of `time.perf_counter`.
        moments: when each iteration was done, likewise.
    """

    def __init__(self, then: Progress = silent, device: torch.device = CPU) -> None:
        self.moments: list[float] = []
        self._then, self._device = then, device
        self.began = time.perf_counter()

    def __call__(self, done: int, total: int) -> None:
        """Write down that an iteration is done."""
        synchronise(self._device)
        self.moments.append(time.perf_counter())
        self._then(done, total)
