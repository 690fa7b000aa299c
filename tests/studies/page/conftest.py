"""One server of the voting page for all tests of this worker, and a fresh browser context each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.studies.page.pages import STUDY
from tests.studies.server import Server


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> Path:
    """A folder with a run to show, which tests may harm and mend, and a study file."""
    folder = tmp_path_factory.mktemp("voting")
    shutil.copytree(tiny_run, folder / "run", ignore=shutil.ignore_patterns("report"))
    (folder / "page.toml").write_text(STUDY + 'run = "run"\n')
    return folder


@pytest.fixture(scope="session")
def database(place: Path) -> str:
    return f"sqlite:///{place / 'votes.sqlite'}"


@pytest.fixture(scope="session")
def server(place: Path, database: str) -> Iterator[Server]:
    running = Server(place / "log", "--study", place / "page.toml", "--database", database)
    yield running
    running.stop()


@pytest.fixture
def context(browser: Any) -> Iterator[Any]:
    opened = browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(90_000)  # a busy machine
    yield opened
    opened.close()
