"""One server of the voting page, and one page in a browser, for all tests of this worker."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studies.ballots.opening import open_study
from studies.design.study import read_study
from tests.studies.page.pages import STUDY
from tests.studies.page.tasks import study_of
from tests.studies.server import Server

SCREEN = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> Path:
    """A folder with a run to show, which tests may harm and mend, and a study file."""
    folder = tmp_path_factory.mktemp("voting")
    shutil.copytree(tiny_run, folder / "run", ignore=shutil.ignore_patterns("report"))
    (folder / "page.toml").write_text(STUDY + 'run = "run"\n')
    return folder


@pytest.fixture(scope="session")
def database(place: Path) -> str:
    """The ballots of the study, which is open: people may join before anybody saw the page."""
    address = f"sqlite:///{place / 'votes.sqlite'}"
    open_study(read_study(place / "page.toml"), place, address).ballots.close()
    return address


@pytest.fixture(scope="session")
def server(place: Path, database: str) -> Iterator[Server]:
    running = Server(place / "log", "--study", place / "page.toml", "--database", database)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def _one_page(browser: Any) -> Iterator[Any]:
    """A page for one test after the other: reading Streamlit's scripts anew takes seconds."""
    context = browser.new_context(viewport=SCREEN)
    context.set_default_timeout(90_000)  # a busy machine
    yield context.new_page()
    context.close()


@pytest.fixture
def page(_one_page: Any) -> Iterator[Any]:
    """An empty page of a browser in which nobody has been: without cookies, and the only one."""
    yield _one_page
    for other in _one_page.context.pages[1:]:
        other.close()
    _one_page.goto("about:blank")
    _one_page.set_viewport_size(SCREEN)
    _one_page.context.clear_cookies()


@pytest.fixture
def context(page: Any) -> Any:
    """The browser of that page, for a test that opens others as it goes."""
    return page.context


@pytest.fixture
def tab(context: Any) -> Any:
    """Another page beside it, for a test that changes how it listens or talks."""
    return context.new_page()


@pytest.fixture
def asked(place: Path, tmp_path: Path, request: Any) -> Iterator[tuple[Server, str]]:
    """The server and the ballots of a study; the parameter is its task, and pictures or marks."""
    (tmp_path / "several.toml").write_text(
        f"{study_of(*request.param)}run = {str(place / 'run')!r}\n"
    )
    database = f"sqlite:///{tmp_path / 'votes.sqlite'}"
    running = Server(tmp_path / "log", "--study", tmp_path / "several.toml", "--database", database)
    yield running, database
    running.stop()
