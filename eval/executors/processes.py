"""Cells made on this machine: in this process, or in several processes beside each other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import wait as wait_for
from multiprocessing.sharedctypes import Synchronized

import torch

from dfr.core.devices import device_of_worker
from dfr.core.errors import UserError
from eval.runs.cell import Tools
from eval.runs.executor import Batch, MakeCells, Recipe, Watch, make_and_keep


@dataclass(frozen=True)
class LocalProcesses:
    """Makes cells on this machine.

    Attributes:
        workers: processes beside each other, each with its share of the cores, and where cells
            are made on CUDA and there are several GPUs, each in turn with another one; with 1,
            everything is done in this process.

    Raises:
        UserError: fewer than one.
    """

    workers: int = 1

    def __post_init__(self) -> None:
        """Refuse what makes nothing."""
        if self.workers < 1:
            raise UserError(f"workers {self.workers}: must be at least 1")

    def device_of_cells(self, here: torch.device) -> torch.device:
        """Return the device of this process."""
        return here

    @contextmanager
    def begun(self) -> Iterator[MakeCells]:
        """Give what makes cells; processes begin with the first cell and end with the last."""
        yield partial(make_cells, workers=self.workers)


def make_cells(
    batches: Iterable[Batch], recipe: Recipe, tools: Tools, watch: Watch, workers: int
) -> None:
    """Make cells and keep each as soon as it is made.

    Args:
        batches: in the order in which they are begun.
        recipe: for the processes.
        tools: made of the recipe, for this process.
        watch: who is told.
        workers: how many processes; with 1, everything is done in this one.

    Raises:
        UserError: a picture was changed, the disk is full, or a process was killed; cells that
            were kept stay.
    """
    if workers == 1:
        for batch in batches:
            watch.starts(batch)
            make_and_keep(batch, recipe, tools, watch.advance, watch.tells)
            for job in batch.jobs:
                watch.ends(job)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(
        workers,
        mp_context=context,
        initializer=_begin,
        initargs=(recipe, context.Value("i", 0)),
    )
    try:
        _share_out(batches, pool, workers, watch)
        pool.shutdown()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process ended before its cell was made (killed, or out of memory); run "
            "the same command again to go on, with fewer --workers if memory was short"
        ) from error
    finally:
        _stop(pool)


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


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the processes at once: what they were making is not kept, by the store's own rule."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


#: What this process was begun with, where it is a worker's.
_here: tuple[Recipe, Tools] | None = None


def _begin(recipe: Recipe, begun: Synchronized[int]) -> None:
    """Make a worker ready; it ends with the process that began it, however that one ends.

    Args:
        recipe: what to make cells by; where there are several GPUs, this worker has its own.
        begun: how many workers were begun before this one.
    """
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(recipe.threads)
    with begun.get_lock():
        number = begun.value
        begun.value += 1
    device = device_of_worker(torch.device(recipe.device), number, torch.cuda.device_count())
    recipe = replace(recipe, device=str(device))
    _here = recipe, recipe.tools()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)


def _make_here(batch: Batch) -> list[str]:
    """Make a batch in this worker; return what a person should be told."""
    assert _here is not None
    told: list[str] = []
    make_and_keep(batch, *_here, tell=told.append)
    return told
