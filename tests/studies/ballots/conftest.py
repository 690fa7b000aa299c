"""The ballots of a small study, on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from tests.studies.ballots.people import SETTINGS


@pytest.fixture
def ballots(url: str) -> Iterator[Ballots]:
    made = Ballots(url)
    yield made
    made.close()


@pytest.fixture
def study(ballots: Ballots, design) -> int:
    return begin_study(ballots, "s", "d", SETTINGS, design)
