"""Cells made on this machine: in this process, or in several processes beside each other."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.sharedctypes import Synchronized

import torch

from dfr.core.devices import device_of_worker
from dfr.core.errors import UserError
from eval.executors.measurers import make_cells_beside
from eval.executors.pool import CONTEXT, begun_with_parent, pool_of
from eval.runs.executor import Batch, MakeCells, Recipe, Watch, make_and_keep
from eval.runs.tools import Tools


@dataclass(frozen=True)
class LocalProcesses:
    """Makes cells on this machine.

    Attributes:
        workers: processes beside each other, each with its share of the cores, and where cells
            are made on CUDA and there are several GPUs, each in turn with another one; with 1,
            everything is done in this process.
        measurers: processes that measure beside it, see `eval.executors.measurers`; if None, where
            one process stylizes on CUDA, one for every core but one (15 at most), and else none.

    Raises:
        UserError: fewer than one worker, or several workers with measurers.
    """

    workers: int = 1
    measurers: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes nothing."""
        if self.workers < 1:
            raise UserError(f"workers {self.workers}: must be at least 1")
        if self.workers > 1 and self.measurers:
            raise UserError(
                f"measurers {self.measurers}: go with one worker; several measure what they make"
            )

    def device_of_cells(self, here: torch.device) -> torch.device:
        """Return the device of this process."""
        return here

    @contextmanager
    def begun(self) -> Iterator[MakeCells]:
        """Give what makes cells; processes begin with the first cell and end with the last."""
        yield self._make_cells

    def _make_cells(
        self, batches: Iterable[Batch], recipe: Recipe, tools: Tools, watch: Watch
    ) -> None:
        measurers = self.measurers
        if measurers is None:
            on_gpu = self.workers == 1 and tools.encoder.device.type == "cuda"
            measurers = min(15, max(1, (os.cpu_count() or 1) - 1)) if on_gpu else 0
        make_cells(batches, recipe, tools, watch, self.workers, measurers)


def make_cells(
    batches: Iterable[Batch],
    recipe: Recipe,
    tools: Tools,
    watch: Watch,
    workers: int,
    measurers: int = 0,
) -> None:
    """Make cells and keep each as soon as it is made.

    Args:
        batches: in the order in which they are begun.
        recipe: for the processes.
        tools: made of the recipe, for this process.
        watch: who is told.
        workers: how many processes; with 1, everything is done in this one.
        measurers: how many processes measure what this one stylizes, see
            `eval.executors.measurers`; 0 to measure where cells are made.

    Raises:
        UserError: a picture was changed, the disk is full, or a process was killed; cells that
            were kept stay.
    """
    if measurers:
        make_cells_beside(batches, recipe, tools, watch, measurers)
        return
    if workers == 1:
        for batch in batches:
            watch.starts(batch)
            make_and_keep(batch, recipe, tools, watch.advance, watch.tells)
            for job in batch.jobs:
                watch.ends(job)
        return
    with pool_of(workers, _begin, (recipe, CONTEXT.Value("i", 0))) as pool:
        _share_out(batches, pool, workers, watch)


def _share_out(
    batches: Iterable[Batch], pool: ProcessPoolExecutor, workers: int, watch: Watch
) -> None:
    """Keep every worker busy, and no more than that in the queue, so that a stop is quick."""
    running: dict[Future[list[str]], Batch] = {}
    left = iter(batches)
    while True:
        while len(running) < workers and (batch := next(left, None)) is not None:
            watch.starts(batch)
            running[pool.submit(_make_here, batch)] = batch
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            batch = running.pop(future)
            for line in future.result():
                watch.tells(line)
            watch.advance(batch.work)
            for job in batch.jobs:
                watch.ends(job)


#: What this process was begun with, where it is a worker's.
_here: tuple[Recipe, Tools] | None = None


def _begin(recipe: Recipe, begun: Synchronized[int]) -> None:
    """Make a worker ready; it ends with the process that began it, however that one ends.

    Args:
        recipe: what to make cells by; where there are several GPUs, this worker has its own.
        begun: how many workers were begun before this one.
    """
    global _here
    begun_with_parent(recipe.threads)
    with begun.get_lock():
        number = begun.value
        begun.value += 1
    device = device_of_worker(torch.device(recipe.device), number, torch.cuda.device_count())
    recipe = replace(recipe, device=str(device))
    _here = recipe, recipe.tools()


def _make_here(batch: Batch) -> list[str]:
    """Make a batch in this worker; return what a person should be told."""
    assert _here is not None
    told: list[str] = []
    make_and_keep(batch, *_here, tell=told.append)
    return told
