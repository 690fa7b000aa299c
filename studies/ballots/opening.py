"""Open a study: its settings, its pictures and its ballots, from what was asked for or found."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.doors import Door, read_key, secret_of
from studies.ballots.location import database_of_run, key_file, newest_run
from studies.ballots.places import add_places
from studies.design.design import make_design
from studies.design.material import Material, read_material
from studies.design.study import Study, read_study
from studies.design.trial import Trial

#: What may change after the first participant without changing what the votes mean. More
#: participants are more places.
_MAY_CHANGE = {
    "title", "introduction", "break_every", "participants", "door", "id_parameter",
    "newcomers_per_minute", "completion_link",
}  # fmt: skip


@dataclass(frozen=True)
class OpenStudy:
    """A study that can be taken part in.

    Attributes:
        study: its settings.
        material: its pictures.
        ballots: its database.
        key: its number there.
        key_file: of the key by which ids become secrets, see `studies.ballots.doors`.
    """

    study: Study
    material: Material
    ballots: Ballots
    key: int
    key_file: Path

    def secret_of(self, given: str, door: Door | None = None) -> str:
        """Return the secret of whoever comes with an id, by default by the study's own door."""
        return secret_of(self._door_key, self.study.name, door or self.study.door, given)

    def add_places(self, wanted: int) -> int:
        """Let the study have more places; return how many were added.

        The new ones are planned as a study of their own size, so they are as even among
        themselves as the first ones; what was planned before does not change.

        Args:
            wanted: places that it shall have in all.

        Raises:
            UserError: the study is closed.
        """

        def more(first: int, number: int) -> list[list[Trial]]:
            settings = self.study.design_settings | {
                "participants": number,
                "judges": min(self.study.judges, number),
                "seed": self.study.seed + first,
            }
            return make_design(self.material.stimuli, **settings)

        return add_places(self.ballots, self.key, wanted, more)

    @cached_property
    def _door_key(self) -> bytes:
        return read_key(self.key_file)


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


def open_study(study: Study, database: str | None = None, home: Path | None = None) -> OpenStudy:
    """Open a study, and write it into its database if it is not there yet.

    If its file asks for more participants than it has places, places are added.

    Args:
        study: with its run, see `choose_study`.
        database: URL or path of the ballots; see `studies.ballots.location.database_of_run`.
        home: folder of the study; the run's if None.

    Raises:
        UserError: the run, a method or the database cannot be used; see
            `studies.ballots.administration.begin_study`.
    """
    assert study.run is not None
    material = read_material(study.run, study.methods)
    url = database_of_run(study.run, database)
    ballots = Ballots(url)
    settings = settings_of(study, material)
    key = begin_study(
        ballots,
        study.name,
        digest_of(study, material),
        settings,
        lambda: make_design(material.stimuli, **study.design_settings),
    )
    opened = OpenStudy(study, material, ballots, key, key_file(url, home or study.run))
    opened.add_places(study.participants)
    return opened


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
