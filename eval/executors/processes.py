"""Where cells are made: in this process, or in several processes beside each other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing.connection import wait as wait_for
from pathlib import Path
from typing import Any

import torch

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.core.images import Size
from dfr.network.weights import load_vgg19
from eval.data.dataset import Picture
from eval.runs.cell import Tools, make_cell, work_of
from eval.runs.profiles import MethodEntry
from eval.runs.store import RunStore


@dataclass(frozen=True)
class Job:
    """One cell to make.

    Attributes:
        content: the content picture.
        style: the style picture.
        entry: the method.
    """

    content: Picture
    style: Picture
    entry: MethodEntry

    def __str__(self) -> str:
        """Tell it in a few words."""
        return f"{self.content.name} × {self.style.name}: {self.entry.title}"


@dataclass(frozen=True)
class Recipe:
    """What a process needs in order to make cells: plain values, so that it can be sent.

    Attributes:
        folder: of the run.
        weights: source of VGG-19, see `dfr.network.weights.load_vgg19`.
        precision: of the encoder that stylizes.
        device: where to compute.
        environment: stands in every cell, see `dfr.core.provenance.environment`.
        seed: of everything random.
        contents: files of the run's content pictures.
        size: working size.
        threads: of each process.
    """

    folder: Path
    weights: str
    precision: str
    device: str
    environment: Mapping[str, Any]
    seed: int
    contents: tuple[Path, ...]
    size: Size
    threads: int

    def tools(self) -> Tools:
        """Load everything that cells share."""
        return Tools.make(
            load_vgg19(self.weights),
            self.precision,
            torch.device(self.device),
            self.environment,
            self.seed,
            self.contents,
            self.size,
        )


@dataclass
class Watch:
    """Who is told what happens; each does nothing unless it is set.

    Attributes:
        starts: told the job that begins.
        advance: told the work that was done, in the unit of `eval.runs.cell.work_of`.
        ends: told the job whose cell is kept.
        tells: told, in a line, of what a person should know and need not mend.
    """

    starts: Callable[[Job], None] = field(default=lambda _: None)
    advance: Callable[[float], None] = field(default=lambda _: None)
    ends: Callable[[Job], None] = field(default=lambda _: None)
    tells: Callable[[str], None] = field(default=lambda _: None)


def make_cells(
    jobs: Iterable[Job], recipe: Recipe, tools: Tools, workers: int, watch: Watch
) -> None:
    """Make cells and keep each as soon as it is made.

    Args:
        jobs: in the order in which they are begun.
        recipe: for the processes.
        tools: made of the recipe, for this process.
        workers: how many processes; with 1, everything is done in this one.
        watch: who is told.

    Raises:
        UserError: a picture was changed, the disk is full, or a process was killed; cells that
            were kept stay.
    """
    if workers == 1:
        for job in jobs:
            watch.starts(job)
            _make(job, recipe, tools, watch.advance)
            watch.ends(job)
        return
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(recipe,),
    )
    try:
        _share_out(list(jobs), pool, workers, watch)
        pool.shutdown()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process ended before its cell was made (killed, or out of memory); run "
            "the same command again to go on, with fewer --workers if memory was short"
        ) from error
    finally:
        _stop(pool)


def _share_out(jobs: list[Job], pool: ProcessPoolExecutor, workers: int, watch: Watch) -> None:
    """Keep every worker busy, and no more than that in the queue, so that a stop is quick."""
    running: dict[Future[None], Job] = {}
    left = iter(jobs)
    while True:
        while len(running) < workers and (job := next(left, None)) is not None:
            watch.starts(job)
            running[pool.submit(_make_here, job)] = job
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            job = running.pop(future)
            future.result()
            watch.advance(work_of(job.entry.build()))
            watch.ends(job)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the processes at once: what they were making is not kept, by the store's own rule."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def _make(
    job: Job, recipe: Recipe, tools: Tools, advance: Callable[[float], None] = lambda _: None
) -> None:
    for picture in (job.content, job.style):
        if sha256(picture.path) != picture.sha256:
            raise UserError(f"{picture.path}: was changed while the run was going")
    result, row = make_cell(
        job.content.path, job.style.path, job.entry, recipe.size, tools, advance
    )
    store = RunStore(recipe.folder)
    store.save_cell(job.content.name, job.style.name, job.entry.label, result, row)


#: What this process was begun with, where it is a worker's.
_here: tuple[Recipe, Tools] | None = None


def _begin(recipe: Recipe) -> None:
    """Make a worker ready; it ends with the process that began it, however that one ends."""
    global _here
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(recipe.threads)
    _here = recipe, recipe.tools()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)


def _make_here(job: Job) -> None:
    assert _here is not None
    _make(job, *_here)
