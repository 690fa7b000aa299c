"""The report of the tiny run in a browser that has no network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

#: Copies go to a variable of the page, since a test has no clipboard to look at.
CATCH = """() => {
  Object.defineProperty(navigator, "clipboard", { configurable: true,
    value: { writeText: async (text) => { window.copied = text; } } });
}"""


@pytest.fixture
def page(browser, tiny_run: Path) -> Iterator[object]:
    """The report of the tiny run; any error of its script or request for another file fails."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    address = (tiny_run / "report" / "index.html").as_uri()
    opened.on(
        "request",
        lambda asked: (
            None
            if asked.url.split("#")[0] == address or asked.url.startswith("data:")
            else wrong.append(asked.url)
        ),
    )
    opened.goto(address)
    opened.evaluate(CATCH)
    yield opened
    context.close()
    assert wrong == []
