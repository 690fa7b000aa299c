"""How long work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

#: Called after each iteration with (iterations done, iterations in all).
Progress = Callable[[int, int], None]


def silent(done: int, total: int) -> None:
    """Show no progress."""
