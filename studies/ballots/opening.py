"""Open a study: its settings, its pictures and its ballots, from what was asked for or found."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dfr.core.errors import UserError
from studies.ballots.ballots import Ballots
from studies.design.design import make_design
from studies.design.material import Material, read_material
from studies.design.study import Study, read_study

#: Names the database, where it is not the file beside the run.
DATABASE = "DFR_STUDY_DATABASE"
#: What may change after the first participant without changing what the votes mean.
_MAY_CHANGE = {"title", "introduction", "break_every", "run"}


@dataclass(frozen=True)
class OpenStudy:
    """A study that can be taken part in.

    Attributes:
        study: its settings.
        material: its pictures.
        ballots: its database.
        key: its number there.
    """

    study: Study
    material: Material
    ballots: Ballots
    key: int


def newest_run(runs: Path) -> Path:
    """Find the run that was begun or gone on with last.

    Raises:
        UserError: there is none.
    """
    found = sorted(runs.glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    if not found:
        raise UserError(
            f"no run under {runs}: make one with `dfr reproduce --profile smoke` (three minutes), "
            "or name one with --run"
        )
    return found[-1].parent


def choose_study(file: Path | None, run: Path | None, runs: Path) -> Study:
    """Return the study of a file, or one with the default settings over a run.

    Args:
        file: a study file; if None, the study of a run.
        run: the run, if it is not the file's.
        runs: where the newest run is looked for.

    Raises:
        UserError: see `studies.design.study.read_study` and `newest_run`.
    """
    study = read_study(file) if file is not None else None
    folder = run or (study.run if study else None) or newest_run(runs)
    if study is None:
        name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "study"
        study = Study(name=name[:60])
    return study.model_copy(update={"run": folder})


def database_of(run: Path, database: str | None = None) -> str:
    """Return the URL of the database: the one that was named, or the file beside a run's cells."""
    given = database or os.environ.get(DATABASE)
    if given:
        return given if "://" in given else f"sqlite:///{given}"
    return f"sqlite:///{run / 'votes.sqlite'}"


def open_study(study: Study, database: str | None = None) -> OpenStudy:
    """Open a study, and write it into its database if it is not there yet.

    Args:
        study: with its run, see `choose_study`.
        database: URL or path of the ballots, see `database_of`.

    Raises:
        UserError: the run, a method or the database cannot be used; see `Ballots.begin`.
    """
    assert study.run is not None
    material = read_material(study.run, study.methods)
    ballots = Ballots(database_of(study.run, database))
    settings = settings_of(study, material)
    key = ballots.begin(
        study.name,
        digest_of(study, material),
        settings,
        lambda: make_design(material.stimuli, **study.design_settings),
    )
    return OpenStudy(study, material, ballots, key)


def settings_of(study: Study, material: Material) -> Mapping[str, object]:
    """Return what is kept with the ballots: the settings, and which methods of which run."""
    return {
        **study.model_dump(mode="json", exclude={"run"}),
        "methods": dict(material.titles),
        "run": material.identity,
    }


def digest_of(study: Study, material: Material) -> str:
    """Return the SHA-256 of everything that decides what a vote means."""
    fixed = {
        name: value
        for name, value in settings_of(study, material).items()
        if name not in _MAY_CHANGE - {"run"}
    }
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
