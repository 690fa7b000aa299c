"""The data folder and its lock file: which pictures lie there, and with which hashes.

FOLDER/contents/FILE, FOLDER/styles/FILE   the pictures
FOLDER/published/PAIR/FILE                 published outputs of them, in a set that has some
FOLDER/lock.json                           what they must be; written when all of them are there
FOLDER/unfinished.json                     the same of a fetch or an import that was stopped

Nothing is used that does not match. (As with `eval.runs.store`, the seal guards against damage and
carelessness, not against someone who seals a lie again.)
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dfr.core.errors import UserError
from dfr.core.files import alone, read_json, seal_of, sha256, write_json, wrong_value
from dfr.network.lpips import cache_folder

LOCK, UNFINISHED, _PARTIAL = "lock.json", "unfinished.json", ".partial"

Kind = Literal["contents", "styles"]
KINDS: tuple[Kind, ...] = ("contents", "styles")
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
_FILE = re.compile(rf"(?:contents|styles|published/{_NAME})/{_NAME}")


class LockedFile(BaseModel):
    """What a lock file says of one picture.

    Attributes:
        sha256: of its bytes.
        size: how many bytes they are.
        source: its web address, or the name that the file had in a local folder.
        title: of a painting, or what a photograph shows.
        artist: who painted it.
        year: in which it was painted.
        movement: WikiArt's style.
        licence: or why it is in the public domain.
        verified: whether the licence of a photograph, or the source of a painting, is confirmed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1)
    source: str
    title: str = ""
    artist: str = ""
    year: str = ""
    movement: str = ""
    licence: str = "not verified"
    verified: bool = False


class LockedPair(BaseModel):
    """A content and a style with their published outputs, by their places in the data folder.

    Attributes:
        name: CONTENT_STYLE_LAMBDA.
        content: the content picture.
        style: the style picture.
        rotation_weight: lambda.
        outputs: source -> the outputs for 0, 90, 180 and 270 degrees, see `eval.published.outputs`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    content: str
    style: str
    rotation_weight: float
    outputs: Mapping[str, tuple[str, ...]]


class Lock(BaseModel):
    """What a lock file holds.

    Attributes:
        made_by: ``fetch`` or ``import``.
        contents_from: where the contents come from, for readers.
        styles_from: where the styles come from, for readers.
        files: place in the data folder -> what it must be, in the order in which a run takes them.
        pairs: which content belongs to which style, where outputs of them were published.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_by: Literal["fetch", "import"]
    contents_from: str
    styles_from: str
    files: Mapping[str, LockedFile]
    pairs: tuple[LockedPair, ...] = ()

    @field_validator("files")
    @classmethod
    def _inside(cls, files: Mapping[str, LockedFile]) -> Mapping[str, LockedFile]:
        for file in files:
            if not _FILE.fullmatch(file):
                raise ValueError(f"'{file}' is no place of a picture in a data folder")
        return files

    @model_validator(mode="after")
    def _pairs_of_files(self) -> Lock:
        for pair in self.pairs:
            outputs = [file for files in pair.outputs.values() for file in files]
            for file in (pair.content, pair.style, *outputs):
                if file not in self.files:
                    raise ValueError(f"pair '{pair.name}': '{file}' is none of the files")
        return self

    @property
    def option(self) -> str:
        """What `dfr data fetch` and `dfr data import` need to make this set."""
        return " --published" if self.pairs else ""

    def of(self, kind: Kind) -> dict[str, LockedFile]:
        """Return the files of one kind, in order."""
        return {name: entry for name, entry in self.files.items() if name.startswith(f"{kind}/")}


def default_folder() -> Path:
    """Where fetched pictures are kept unless another place is named."""
    return cache_folder() / "data"


def published_folder() -> Path:
    """Where published outputs are kept unless another place is named."""
    return cache_folder() / "published"


def read_lock(folder: Path, name: str = LOCK) -> Lock | None:
    """Read a lock file, or return None if there is none.

    Raises:
        UserError: it is damaged, or was changed by hand.
    """
    path = folder / name
    if not path.exists():
        return None
    content = read_json(path)
    again = f"restore it, or delete {folder} and fetch or import again"
    if not isinstance(content, dict) or content.pop("seal", None) != seal_of(content):
        raise UserError(f"{path}: was changed by hand or is damaged (its seal is broken); {again}")
    try:
        return Lock.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{wrong_value(path, error)}; {again}") from error


def write_lock(folder: Path, lock: Lock, name: str = LOCK) -> None:
    """Write a lock file with its seal, whole or not at all."""
    content = lock.model_dump(mode="json")
    write_json(folder / name, {**content, "seal": seal_of(content)})


def open_locked(folder: Path) -> Lock:
    """Return the lock of a data folder whose every file is there and matches it.

    Raises:
        UserError: no whole set lies there, the lock is damaged, or files differ from it.
    """
    lock = read_lock(folder)
    if lock is None:
        state = "an unfinished set" if (folder / UNFINISHED).exists() else "no set of pictures"
        raise UserError(
            f"{folder}: holds {state} (no {LOCK}); make one with `dfr data fetch` or "
            "`dfr data import`"
        )
    missing = matching(folder, lock.files)
    if missing:
        raise UserError(
            f"{folder}: {some(missing)} of {LOCK} not there; run `dfr data {lock.made_by}"
            f"{lock.option}` again"
        )
    return lock


def matching(folder: Path, files: Mapping[str, LockedFile]) -> list[str]:
    """Check the files that are there against their hashes, and return those that are not there.

    Raises:
        UserError: some are there and differ.
    """
    missing = [file for file in files if not (folder / file).exists()]
    wrong = [
        file
        for file, entry in files.items()
        if file not in missing and not _matches(folder / file, entry)
    ]
    if wrong:
        raise UserError(
            f"{folder}: {some(wrong)} not what was fetched or imported (another SHA-256): changed "
            "or damaged; delete what differs and fetch or import again"
        )
    return missing


def some(names: Iterable[str], most: int = 3) -> str:
    """Name a few of many, with the verb: ``a.jpg, b.jpg, c.jpg and 4 more are``."""
    listed = list(names)
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return f"{', '.join(listed[:most])}{rest} {'is' if len(listed) == 1 else 'are'}"


@contextmanager
def claimed(folder: Path) -> Iterator[Path]:
    """Make a data folder, keep other processes from writing to it, and lend a folder inside it.

    What is left in the lent folder at the end, or was left there by a killed process, is deleted.

    Raises:
        UserError: it cannot be written, or another process has it.
    """
    partial = folder / _PARTIAL
    try:
        if folder.exists() and not folder.is_dir():
            raise NotADirectoryError(0, "it is a file")
        for kind in KINDS:
            (folder / kind).mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        stream = (folder / ".lock").open("w", encoding="ascii")
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"{folder}: cannot write here ({reason}); choose another folder with --to"
        ) from error
    refusal = (
        f"{folder}: another process is fetching or importing here; wait for it, or choose another "
        "--to"
    )
    with alone(stream, refusal):
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            yield partial
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def strangers(folder: Path, known: Iterable[str], files: Iterable[str]) -> list[str]:
    """Return the files that are about to be written but are there already and not known."""
    known = set(known)
    return [file for file in files if file not in known and os.path.lexists(folder / file)]


def _matches(path: Path, entry: LockedFile) -> bool:
    try:
        return path.stat().st_size == entry.size and sha256(path) == entry.sha256
    except OSError:
        return False
