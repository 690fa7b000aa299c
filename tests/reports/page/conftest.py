"""The report of the tiny run in a browser that has no network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

#: Copies go to a variable of the page, since a test has no clipboard to look at.
CATCH = """() => {
  Object.defineProperty(navigator, "clipboard", { configurable: true,
    value: { writeText: async (text) => { window.copied = text; } } });
}"""


@pytest.fixture
def page(open_file: Callable[..., Any], tiny_run: Path) -> Any:
    """The report of the tiny run."""
    opened = open_file(tiny_run / "report" / "index.html")
    opened.evaluate(CATCH)
    return opened
