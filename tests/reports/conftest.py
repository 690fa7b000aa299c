"""Runs with votes and their reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reports.page.build import build_report
from studies.ballots.administration import close_study
from tests.conftest import made_once
from tests.reports.votes.voting import (
    bare,
    open_votes,
)


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
