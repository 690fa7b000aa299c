"""Several calls at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Call functions at the same moment, each in a thread of its own.

    Returns:
        what each returned, in their order.

    Raises:
        what one of them raised.
    """
    ready = threading.Barrier(len(calls))

    def call(function: Callable[[], Any]) -> Any:
        ready.wait()
        return function()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))
