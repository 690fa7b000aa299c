"""Open a study: its settings, its pictures and its ballots, from what was asked for or found."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from dfr.core.errors import UserError
from dfr.core.files import write_text, wrong_value
from studies.ballots.administration import begin_study
from studies.ballots.ballots import Ballots
from studies.ballots.changes import keep_changes
from studies.ballots.doors import read_key, secret_of
from studies.ballots.location import database_of, key_file
from studies.ballots.places import add_places
from studies.design.design import make_design
from studies.design.material import Material, keep_material, read_material
from studies.design.study import Study
from studies.design.trial import Trial

#: The folder of a study's own copy of the pictures.
PICTURES = "stimuli"

_NEW_FILE = """\
# A study. All settings: studies/README.md. When the first participant has joined, few may change.
name = {name}
run = {run}
methods = {methods}        # all of the run, if empty
door = {door}        # "platform", "invitation" or "open"
participants = 30
trials = 20
questions = ["overall"]        # also "style" and "content"
"""

#: What may change after the first participant without changing what the votes mean. More
#: participants are more places.
_MAY_CHANGE = {
    "title", "introduction", "break_every", "participants", "door", "id_parameter",
    "newcomers_per_minute", "completion_link", "contact", "ethics", "right_to_left",
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

    def secret_of(self, given: str) -> str:
        """Return the secret of whoever comes with an id by the study's door."""
        return secret_of(self._door_key, self.study.name, self.study.door, given)

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


def new_study(folder: Path, run: Path, methods: Sequence[str], door: str) -> Path:
    """Make the folder of a study: its file, and its own copy of the pictures of a run.

    Returns:
        the study file.

    Raises:
        UserError: there is such a study already, or the run or a setting cannot be used.
    """
    file = folder / "study.toml"
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder}: is not empty; name a new folder for the study")
    name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._") or "study"
    text = _NEW_FILE.format(
        name=json.dumps(name[:60]), run=json.dumps(str(run.resolve())),
        methods=json.dumps(list(methods)), door=json.dumps(door),
    )  # fmt: skip
    read_material(run, methods)  # what is wrong with the run is told before anything is written
    try:
        Study.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise wrong_value(file, error) from error
    write_text(file, text)
    keep_material(run, methods, folder / PICTURES)
    return file


def open_study(study: Study, home: Path, database: str | None = None) -> OpenStudy:
    """Open a study, and write it into its database if it is not there yet.

    Its pictures are copied into its folder when it is opened first, so nothing that happens to the
    run later touches it. If its file asks for more participants than it has places, places are
    added.

    Args:
        study: see `studies.design.study.read_study`.
        home: folder of the study, where pictures and ballots are kept.
        database: URL or path of the ballots; see `studies.ballots.location.database_of`.

    Raises:
        UserError: the pictures, a method or the database cannot be used; see
            `studies.ballots.administration.begin_study`.
    """
    pictures = home / PICTURES
    if not pictures.exists():
        if study.run is None:
            raise UserError(
                f"{home}: study '{study.name}' has no pictures; name the run in its file (run = "
                '"runs/paper")'
            )
        read_material(study.run, study.methods)
        keep_material(study.run, study.methods, pictures)
    kept = {cell.parent.name for cell in pictures.glob("cells/*/*/*/cell.json")}
    lacking = [label for label in study.methods if label not in kept]
    if lacking:
        raise UserError(
            f"{pictures}: holds no pictures of {', '.join(lacking)}; if nobody takes part yet, "
            "delete that folder, and they are copied from the run again"
        )
    material = read_material(pictures, study.methods)
    url = database_of(home, database)
    ballots = Ballots(url)
    settings = settings_of(study, material)
    key = begin_study(
        ballots,
        study.name,
        digest_of(study, material),
        settings,
        lambda: make_design(material.stimuli, **study.design_settings),
    )
    ballots.offer(key, material.stimuli)
    keep_changes(ballots, key, settings)
    opened = OpenStudy(study, material, ballots, key, key_file(url, home))
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
