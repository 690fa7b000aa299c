"""Read an entry's file strictly.

Only members that ``entry.json`` names are taken, each of them once; none is written to a path that
the file chooses; and the size of each is known before it is read.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pydantic import ValidationError

from dfr.core.errors import UserError
from dfr.core.files import seal_of, sha256, wrong_value
from eval.submissions.entry import MANIFEST, Cell, Entry, member

#: More than this no ``entry.json`` needs: 800 pairs with eight outputs take about 10 MB.
MOST_BYTES = 64_000_000


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
        return self.pictures_of(self.entry.cells)

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
        raise wrong_value(f"{path}: {MANIFEST}", error) from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise UserError(f"{path}: {MANIFEST} is no JSON ({error})") from error
