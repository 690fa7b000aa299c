"""Runs with votes and their reports."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from reports.inputs.run_data import read_run
from reports.page.build import build_report
from reports.votes.section import vote_section
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
def unfinished(tiny_run, tmp_path_factory) -> Path:
    """A half-finished run with a study that was closed, shown and opened again; and its report."""

    def make(folder: Path) -> None:
        run = bare(tiny_run, folder / "run")
        shutil.rmtree(run / "cells" / "chelsea" / "stained_glass")
        (run / "timing.json").unlink()
        opened = open_votes(run, voting=2)
        close_study(opened.ballots, opened.key)
        vote_section(read_run(run), run / "report")
        (folder / "shown while it was closed").write_text(
            "\n".join(path.name for path in (run / "report").rglob("votes_*"))
        )
        close_study(opened.ballots, opened.key, closed=False)
        build_report(run)

    return made_once(tmp_path_factory, "unfinished", make) / "run"
