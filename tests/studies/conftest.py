"""What tests of studies need: databases of both kinds, small designs, and folders of studies."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from studies.design.trial import Side, Trial
from tests.studies.databases import PostgreSQL, postgresql_server
from tests.studies.folders import study_folder


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    with postgresql_server() as server:
        yield server


_numbers = count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("pg"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind; see `one_database`."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ballots of a study.sqlite'}"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.database(f"test{next(_numbers)}")


DesignOf = Callable[..., list[list[Trial]]]


@pytest.fixture(scope="session")
def design() -> DesignOf:
    """A small design: so many people, so many counted trials, one catch trial at the end."""

    def make(people: int = 2, trials: int = 3) -> list[list[Trial]]:
        a, b = Side("output", "ours", "rot000"), Side("output", "theirs", "x")
        return [
            [
                Trial("practice", "cat", "waves", a, b),
                *(
                    Trial("vote", f"c{number}", "waves", *((a, b) if number % 2 else (b, a)))
                    for number in range(trials)
                ),
                Trial("catch", "cat", "waves", a, Side("noise"), expected="left"),
            ]
            for _ in range(people)
        ]

    return make


@pytest.fixture(scope="module")
def made(
    request: pytest.FixtureRequest, tiny_run: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of the study in the module's FILE, which nobody opened yet and no test changes."""
    return study_folder(tmp_path_factory.mktemp("made") / "study", tiny_run, request.module.FILE)


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of that folder, for one test."""
    return shutil.copytree(made, tmp_path / "study")
