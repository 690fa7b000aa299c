"""A pool of processes that end with this one, however it ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import wait as wait_for
from typing import Any

import torch

from dfr.core.errors import UserError

#: How processes are begun: a fork would take over CUDA and the threads of this one.
CONTEXT = multiprocessing.get_context("spawn")


@contextmanager
def pool_of(
    workers: int, begin: Callable[..., None], arguments: tuple[Any, ...]
) -> Iterator[ProcessPoolExecutor]:
    """Give a pool for the block.

    Args:
        workers: how many processes.
        begin: what each does first; it calls `begun_with_parent`.
        arguments: of ``begin``.

    Raises:
        UserError: a process was killed.
    """
    pool = ProcessPoolExecutor(workers, mp_context=CONTEXT, initializer=begin, initargs=arguments)
    try:
        yield pool
        pool.shutdown()
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process ended before its cell was made (killed, or out of memory); run "
            "the same command again to go on, with fewer --workers if memory was short"
        ) from error
    finally:
        _stop(pool)


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the processes at once: what they were making is not kept, by the store's own rule."""
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    for process in processes:
        process.join()


def begun_with_parent(threads: int) -> None:
    """Make this process a worker: it ends with its parent, and leaves Ctrl-C to that one.

    Args:
        threads: that it computes with.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)


def end_with_parent() -> None:
    """Wait for the end of the process that began this one, and end too."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for([parent.sentinel])
    os._exit(1)
