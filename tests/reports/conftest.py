"""Runs with votes and their reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from reports.page.build import build_report
from studies.ballots.administration import close_study
from tests.reports.votes.voting import (
    bare,
    open_votes,
)


@pytest.fixture(scope="session")
def people(tiny_run, tmp_path_factory) -> Path:
    """A run with a closed study of people, and its report."""
    run = bare(tiny_run, tmp_path_factory.mktemp("people") / "run")
    opened = open_votes(run)
    close_study(opened.ballots, opened.key)
    build_report(run)
    return run


@pytest.fixture(scope="session")
def rehearsal(tiny_run, tmp_path_factory) -> Path:
    """A run with a closed rehearsal on two questions, and its report."""
    run = bare(tiny_run, tmp_path_factory.mktemp("rehearsal") / "run")
    opened = open_votes(run, voting=5, simulated=True, questions=("style", "overall"))
    close_study(opened.ballots, opened.key)
    build_report(run)
    return run
