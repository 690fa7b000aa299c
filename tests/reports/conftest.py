"""Runs with votes and their reports."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reports.page.build import build_report
from studies.ballots.administration import close_study
from tests.conftest import made_once
from tests.reports.votes.voting import (
    bare,
    open_votes,
)

SCREEN = {"width": 1200, "height": 900}


@pytest.fixture(scope="session")
def _one_page(browser: Any) -> Iterator[Any]:
    """A page without network for one test after the other: the next report opens sooner there."""
    context = browser.new_context(viewport=SCREEN, offline=True)
    context.set_default_timeout(90_000)  # a busy machine
    yield context.new_page()
    context.close()


@pytest.fixture
def open_file(_one_page: Any) -> Iterator[Callable[..., Any]]:
    """Open a file as a page; an error of its script, or a request for another file, fails.

    With ``beside``, the file may ask for others in its folder.
    """
    page, wrong, allowed = _one_page, [], []

    def ask(request: Any) -> None:
        url = request.url.split("#")[0]
        if not url.startswith(("data:", *allowed)):
            wrong.append(url)

    listeners = {
        "pageerror": lambda error: wrong.append(str(error)),
        "console": lambda said: wrong.append(said.text) if said.type == "error" else None,
        "request": ask,
        "requestfailed": lambda request: wrong.append(request.url),
    }

    def opened(file: Path, beside: bool = False) -> Any:
        allowed.append((file.parent if beside else file).as_uri())
        page.goto(file.as_uri())
        return page

    for event, hear in listeners.items():
        page.on(event, hear)
    yield opened
    for event, hear in listeners.items():
        page.remove_listener(event, hear)
    page.goto("about:blank")
    page.set_viewport_size(SCREEN)
    page.emulate_media(color_scheme="light")
    assert wrong == []


@pytest.fixture(scope="session")
def people(tiny_run, tmp_path_factory) -> Path:
    """A run with a closed study of people, and its report."""

    def make(folder: Path) -> None:
        run = bare(tiny_run, folder / "run")
        opened = open_votes(run)
        close_study(opened.ballots, opened.key)
        build_report(run)

    return made_once(tmp_path_factory, "people", make) / "run"


@pytest.fixture(scope="session")
def rehearsal(tiny_run, tmp_path_factory) -> Path:
    """A run with a closed rehearsal on two questions, and its report."""

    def make(folder: Path) -> None:
        run = bare(tiny_run, folder / "run")
        opened = open_votes(run, voting=5, simulated=True, questions=("style", "overall"))
        close_study(opened.ballots, opened.key)
        build_report(run)

    return made_once(tmp_path_factory, "rehearsal", make) / "run"


@pytest.fixture(scope="session")
def unfinished(tiny_run, people, tmp_path_factory) -> Path:
    """A half-finished run with an open study, and its report in place of one that showed votes."""

    def make(folder: Path) -> None:
        run = bare(tiny_run, folder / "run")
        shutil.rmtree(run / "cells" / "chelsea" / "stained_glass")
        open_votes(run, voting=2)
        for shown in (people / "report").rglob("votes_*"):
            old = run / shown.relative_to(people)
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(shown, old)
        build_report(run)

    return made_once(tmp_path_factory, "unfinished", make) / "run"
