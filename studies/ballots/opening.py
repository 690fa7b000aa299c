"""Open a study: its settings, its pictures and its ballots, from what was asked for or found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.location import database_of_run, newest_run
from studies.design.design import make_design
from studies.design.material import Material, read_material
from studies.design.study import Study, read_study

#: What may change after the first participant without changing what the votes mean.
_MAY_CHANGE = {"title", "introduction", "break_every"}


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


def choose_study(file: Path | None, run: Path | None, runs: Path) -> Study:
    """Return the study of a file, or one with the default settings over a run.

    Args:
        file: a study file; if None, the study of a run.
        run: the run, if it is not the file's.
        runs: where the newest run is looked for.

    Raises:
        UserError: see `studies.design.study.read_study` and `studies.ballots.location.newest_run`.
    """
    study = read_study(file) if file is not None else None
    folder = run or (study.run if study else None) or newest_run(runs)
    if study is None:
        name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "study"
        study = Study(name=name[:60])
    return study.model_copy(update={"run": folder})


def open_study(study: Study, database: str | None = None) -> OpenStudy:
    """Open a study, and write it into its database if it is not there yet.

    Args:
        study: with its run, see `choose_study`.
        database: URL or path of the ballots; see `studies.ballots.location.database_of_run`.

    Raises:
        UserError: the run, a method or the database cannot be used; see
            `studies.ballots.administration.begin_study`.
    """
    assert study.run is not None
    material = read_material(study.run, study.methods)
    ballots = Ballots(database_of_run(study.run, database))
    settings = settings_of(study, material)
    key = begin_study(
        ballots,
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
        if name not in _MAY_CHANGE
    }
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()
