"""An entry: a zip file with ``entry.json`` and every output, read strictly.

NAME.zip
  entry.json                        see `Entry`; sealed like the files of a run
  outputs/CONTENT/STYLE/MODE.png    as the run kept them

One file can be sent and stored as it is. Nothing in it is compressed again (PNG is already), in one
order and with one date, so the same run gives the same bytes. Contents and styles are not in it:
whoever checks it takes them from the set itself, so that nobody can send others.

A reader takes only members that ``entry.json`` names, each of them once, never writes one to a path
that the file chooses, and knows the size of each before it reads it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import torch
from PIL import Image
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dfr.core.errors import UserError
from dfr.core.files import seal_of, sha256
from eval.measures.registry import DEFAULT, OUTPUT_MEASURES, columns_of
from eval.submissions.form import Form

MANIFEST = "entry.json"
#: More than this no ``entry.json`` needs: 800 pairs with eight outputs take about 10 MB.
MOST_BYTES = 64_000_000
#: The columns that an entry has of every output, and of every two: what each run takes as it goes.
OUTPUT_COLUMNS = tuple(c for name in DEFAULT if name in OUTPUT_MEASURES for c in columns_of(name))
PAIR_COLUMNS = tuple(c for name in DEFAULT if name not in OUTPUT_MEASURES for c in columns_of(name))

_PART = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_HASH = r"^[0-9a-f]{64}$"
Part = Annotated[str, Field(pattern=_PART)]
Hash = Annotated[str, Field(pattern=_HASH)]
Number = Annotated[float, Field(allow_inf_nan=False)] | None
_TEXTS = {"content", "style", "mode", "mode_a", "mode_b"}


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if isinstance(value, str) != (name in _TEXTS):
            raise ValueError(f"'{name}' is {value!r}")
    return row


Row = Annotated[dict[str, Part | Number], AfterValidator(_numbers)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(_Strict):
    """A content or a style of the set: its name in cells, its file's name, and its SHA-256."""

    name: Part
    file: Part
    sha256: Hash


class Pictures(_Strict):
    """Which set, which of its pictures, and how they are brought to the working size.

    Attributes:
        name: of the set, see `eval.submissions.sets`.
        contents: in order.
        styles: likewise.
        size: see `dfr.core.images.Size`.
        resizing: see `dfr.core.image_settings.ImageSettings`.
        saving: likewise.
    """

    name: Part
    contents: tuple[Source, ...] = Field(min_length=1, max_length=1000, strict=False)
    styles: tuple[Source, ...] = Field(min_length=1, max_length=1000, strict=False)
    size: str = Field(max_length=20)
    resizing: str = Field(max_length=20)
    saving: str = Field(max_length=20)


class Checkpoint(_Strict):
    """Whose weights a method has, and its files with their SHA-256."""

    whose: str = Field(max_length=500)
    files: dict[str, Hash]


class Made(_Strict):
    """How the outputs were made, as the run tells it.

    Attributes:
        label: of the method in the run.
        method: its name in the table of methods; ``external`` where only its outputs were there.
        settings: all of them.
        packages: what other packages brought to it, with their versions.
        weights: of VGG-19, which measures too: source and SHA-256.
        checkpoint: the method's own trained weights; None where it has none.
        precision: of the encoder that stylizes.
        seed: of the run.
    """

    label: str
    method: str
    settings: dict[str, Any]
    packages: dict[str, str]
    weights: dict[str, str]
    checkpoint: Checkpoint | None
    precision: str
    seed: int


class Measures(_Strict):
    """The measures of a cell: a row for each output, and a row for every two."""

    outputs: list[Row]
    pairs: list[Row]


class Cell(_Strict):
    """The outputs of one pair; see `eval.runs.store` for what is not told here.

    Attributes:
        size: height and width.
        files: mode -> SHA-256 of its picture.
        environment: which of the entry's environments it was made in.
    """

    content: Part
    style: Part
    size: tuple[int, int] = Field(strict=False)
    files: dict[Part, Hash] = Field(min_length=1, max_length=100)
    measures: Measures
    cost: dict[str, str | Number]
    same_as: dict[str, str]
    twin_of: dict[str, str]
    environment: int = Field(ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        where = f"{self.content} × {self.style}"
        if not all(32 <= side <= 10_000 for side in self.size):
            raise ValueError(f"{where}: no picture has the size {self.size}")
        self._check_rows([row.get("mode") for row in self.measures.outputs], list(self.files))
        for rows, keys, columns in (
            (self.measures.outputs, {"mode"}, OUTPUT_COLUMNS),
            (self.measures.pairs, {"mode_a", "mode_b"}, PAIR_COLUMNS),
        ):
            if any(set(row) != keys | set(columns) for row in rows):
                raise ValueError(f"{where}: has not the measures {', '.join(columns)}")
        self._check_rows(
            [(row["mode_a"], row["mode_b"]) for row in self.measures.pairs],
            list(combinations(self.files, 2)),
        )
        if not set(self.twin_of) | set(self.same_as) | set(self.twin_of.values()) <= set(
            self.files
        ):
            raise ValueError(f"{where}: names outputs that are not there")
        return self

    def _check_rows(self, found: list[Any], wanted: list[Any]) -> None:
        if found != wanted:
            raise ValueError(
                f"{self.content} × {self.style}: its measures are not those of its outputs"
            )


class Entry(_Strict):
    """What ``entry.json`` holds, but for its seal.

    Attributes:
        format: of this file.
        form: who submits, and what.
        pictures: the set.
        made: how.
        environments: where, see `dfr.core.provenance.environment`.
        cells: one per pair, content by content.
        controls: the rows of the run's controls, see `eval.runs.controls`; may be empty.
    """

    format: Literal[1]
    form: Form
    pictures: Pictures
    made: Made
    environments: list[dict[str, Any]]
    cells: list[Cell]
    controls: list[Row]

    @model_validator(mode="after")
    def _every_pair(self) -> Self:
        names = ([s.name for s in self.pictures.contents], [s.name for s in self.pictures.styles])
        for each in names:
            if len(set(each)) < len(each):
                raise ValueError("a picture of the set stands there twice")
        wanted, found = list(product(*names)), [(cell.content, cell.style) for cell in self.cells]
        if found != wanted:
            raise ValueError(
                f"has {len(found)} pairs, and not each content with each style ({len(wanted)})"
            )
        if any(set(row) != {"content", "style", "mode", *OUTPUT_COLUMNS} for row in self.controls):
            raise ValueError("its controls have not the measures of outputs")
        for cell in self.cells:
            if cell.environment >= len(self.environments):
                raise ValueError(f"{cell.content} × {cell.style}: was made nowhere")
            if list(cell.files) != list(self.cells[0].files):
                raise ValueError(f"{cell.content} × {cell.style}: has other outputs than the first")
        return self

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(self.cells[0].files)

    def rows(self) -> list[dict[str, Any]]:
        """Return its cells as `eval.runs.tables.tables` takes them; the label is its name."""
        return [
            {
                **cell.model_dump(),
                "label": self.form.name,
                "method": self.made.method,
                "curves": {},
                "losses": {},
            }
            for cell in self.cells
        ]


def member(content: str, style: str, mode: str) -> str:
    """Return where an output lies in an entry's file."""
    return f"outputs/{content}/{style}/{mode}.png"


@dataclass(frozen=True)
class EntryFile:
    """An entry's file whose ``entry.json`` was read and checked.

    Attributes:
        path: the file.
        sha256: of its bytes.
        entry: what it says.
    """

    path: Path
    sha256: str
    entry: Entry

    @classmethod
    def read(cls, path: Path) -> EntryFile:
        """Read an entry; its pictures are read with `pictures`.

        Raises:
            UserError: no entry, a changed one, members that it does not name or that are missing.
        """
        with _opened(path) as archive:
            entry = _manifest(path, archive)
            wanted = {MANIFEST} | {
                member(cell.content, cell.style, mode)
                for cell in entry.cells
                for mode in cell.files
            }
            names = archive.namelist()
            strange = sorted(set(names) - wanted)
            if strange:
                raise UserError(f"{path}: holds {strange[0]!r}, which is none of its outputs")
            if len(names) > len(set(names)):
                raise UserError(f"{path}: holds a file twice")
            missing = sorted(wanted - set(names))
            if missing:
                raise UserError(f"{path}: {missing[0]} is missing")
        return cls(path, sha256(path), entry)

    def pictures(self) -> Iterator[tuple[Cell, dict[str, bytes]]]:
        """Read the outputs of every cell, checked: mode -> the bytes of its PNG file.

        Raises:
            UserError: one is not what ``entry.json`` says, or is no PNG of the cell's size.
        """
        with _opened(self.path) as archive:
            for cell in self.entry.cells:
                yield cell, self._of_cell(archive, cell)

    def pictures_of(self, cells: list[Cell]) -> Iterator[tuple[Cell, dict[str, bytes]]]:
        """Read the outputs of some cells, likewise."""
        with _opened(self.path) as archive:
            for cell in cells:
                yield cell, self._of_cell(archive, cell)

    def _of_cell(self, archive: zipfile.ZipFile, cell: Cell) -> dict[str, bytes]:
        found = {}
        height, width = cell.size
        for mode, wanted in cell.files.items():
            name = member(cell.content, cell.style, mode)
            content = _read(self.path, archive, name, 4 * height * width + 100_000)
            if hashlib.sha256(content).hexdigest() != wanted:
                raise UserError(
                    f"{self.path}: {name} is not the picture of {MANIFEST} (another SHA-256)"
                )
            _check_png(f"{self.path}: {name}", content, height, width)
            found[mode] = content
        return found

    @cached_property
    def machines(self) -> Mapping[int, str]:
        """Number of an environment -> what its seconds are comparable within."""
        return {number: machine(item) for number, item in enumerate(self.entry.environments)}


def machine(environment: Mapping[str, Any]) -> str:
    """Name where seconds were taken, so that those of one name can be compared."""
    return (
        f"{environment.get('device', 'unknown')}, {environment.get('system', 'unknown')}, cores: "
        f"{environment.get('cores', '?')}, threads: {environment.get('threads', '?')}, processes: "
        f"{environment.get('workers', '?')}"
    )


def decode(content: bytes) -> torch.Tensor:
    """Return a checked PNG file's picture, (1, 3, h, w) in [0, 1]."""
    with Image.open(io.BytesIO(content)) as picture:
        pixels = np.asarray(picture, dtype=np.float32) / 255
    return torch.from_numpy(pixels).permute(2, 0, 1).unsqueeze(0).contiguous()


def _check_png(where: str, content: bytes, height: int, width: int) -> None:
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            if picture.size != (width, height):
                raise UserError(
                    f"{where} is {picture.size[1]} x {picture.size[0]} pixels instead of "
                    f"{height} x {width}"
                )
            if picture.mode != "RGB":
                raise UserError(f"{where} is a picture of the kind {picture.mode}, not RGB")
            picture.load()
    except UserError:
        raise
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise UserError(f"{where} is no whole PNG picture ({error})") from error


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file") from error
    except (OSError, zipfile.BadZipFile, ValueError) as error:
        raise UserError(f"{path}: is no entry: no whole zip file ({error})") from error


def _read(path: Path, archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Read a member that is stored as it is, and no larger than it may be."""
    try:
        about = archive.getinfo(name)
        if about.file_size > most or about.compress_type != zipfile.ZIP_STORED:
            raise UserError(
                f"{path}: {name} is compressed or larger than it can be; pack it with `dfr submit`"
            )
        return archive.read(about)
    except KeyError as error:
        raise UserError(f"{path}: {name} is missing") from error
    except (OSError, zipfile.BadZipFile, RuntimeError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: {name} cannot be read ({error})") from error


def _manifest(path: Path, archive: zipfile.ZipFile) -> Entry:
    try:
        content = json.loads(_read(path, archive, MANIFEST, MOST_BYTES))
        if not isinstance(content, dict) or content.pop("seal", None) != seal_of(content):
            raise UserError(f"{path}: {MANIFEST} was changed after it was written")
        return Entry.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f"'{place}': " if place else ""
        told = first["msg"].removeprefix("Value error, ")
        raise UserError(f"{path}: {MANIFEST}: {where}{told}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"{path}: {MANIFEST} is no JSON ({error})") from error
