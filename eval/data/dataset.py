"""The pictures of a run: two folders, a fetched or imported data folder, or the embedded set."""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dfr.core.errors import UserError, writing
from dfr.core.files import sha256, write_whole
from dfr.core.images import load, picture_files
from eval.data.lock import KINDS, LOCK, default_folder, open_locked
from eval.data.procedural_styles import NAMES, draw

#: Photographs in scikit-image's wheel: name -> file, best known motifs first.
PHOTOGRAPHS = {
    "chelsea": "chelsea.png",
    "rocket": "rocket.jpg",
    "coffee": "coffee.png",
    "astronaut": "astronaut.png",
    "motorcycle": "motorcycle_left.png",
    "hubble": "hubble_deep_field.jpg",
    "retina": "retina.jpg",
    "ihc": "ihc.png",
}


@dataclass(frozen=True)
class Picture:
    """One picture of a data set.

    Attributes:
        name: safe as a folder name, and unique among the contents or among the styles.
        path: the file.
        sha256: its hash.
    """

    name: str
    path: Path
    sha256: str


@dataclass(frozen=True)
class Dataset:
    """Contents and styles; every content meets every style.

    Attributes:
        contents_from: where the contents come from, for readers.
        styles_from: where the styles come from, for readers.
    """

    contents: tuple[Picture, ...]
    styles: tuple[Picture, ...]
    contents_from: str
    styles_from: str

    @property
    def pairs(self) -> list[tuple[Picture, Picture]]:
        """Every (content, style) pair, content by content."""
        return [(content, style) for content in self.contents for style in self.styles]

    def spread(self, count: int) -> list[tuple[Picture, Picture]]:
        """Return ``count`` different pairs, each content and each style as often as any other.

        They lie on diagonals of the table of pairs; all pairs, where there are no more.
        """
        contents, styles = len(self.contents), len(self.styles)
        around = math.lcm(contents, styles)
        return [
            (self.contents[k % contents], self.styles[(k + k // around) % styles])
            for k in range(min(count, contents * styles))
        ]


def open_dataset(
    content: Path | None,
    style: Path | None,
    embedded: Path,
    contents: int,
    styles: int,
    data: Path | None = None,
) -> Dataset:
    """Return the pictures of two folders; where one is None, of a data folder or the embedded set.

    Every picture is opened once here, so that a bad file is told before hours of work.

    Args:
        content: folder of contents; all of its pictures are used.
        style: folder of styles; all of its pictures are used.
        embedded: folder in which procedural styles are drawn.
        contents: how many contents of the data folder or of the embedded set to use.
        styles: how many styles of them to use.
        data: a data folder, see `eval.data.lock`; the embedded set stands in for what it lacks.

    Raises:
        UserError: a folder without pictures, a picture that cannot be read, or a data folder that
            is not whole.
    """
    found = {"contents": ("a folder", content), "styles": ("a folder", style)}
    files = {kind: picture_files(path) for kind, (_, path) in found.items() if path is not None}
    origins = {kind: origin for kind, (origin, _) in found.items()}
    lock = None if data is None else open_locked(data)
    for kind, most in zip(KINDS, (contents, styles), strict=True):
        if data is not None and lock is not None and kind not in files and lock.of(kind):
            files[kind] = [data / file for file in lock.of(kind)][:most]
            origins[kind] = lock.contents_from if kind == "contents" else lock.styles_from
    if "contents" not in files:
        files["contents"] = _photographs(contents)
        origins["contents"] = "photographs from scikit-image"
    if "styles" not in files:
        files["styles"] = _drawings(embedded, styles)
        origins["styles"] = "procedural styles, drawn by this project's code, not artworks"
    return Dataset(
        contents=_pictures(files["contents"]),
        styles=_pictures(files["styles"]),
        contents_from=origins["contents"],
        styles_from=origins["styles"],
    )


def choose_data(
    asked: str, contents: int, styles: int, folders: bool = False
) -> tuple[Path | None, str]:
    """Return the data folder of a run, None for the embedded set, and what to tell of it.

    Args:
        asked: ``embedded``, ``fetched`` for the default data folder, a data folder, or ``auto``:
            the default one for a run that wants more pictures than the embedded set has, and the
            embedded set for every other run.
        contents: how many contents the run wants.
        styles: how many styles it wants.
        folders: whether the run was given a folder of its own; ``auto`` then stays out of it.

    Raises:
        UserError: the data folder is not whole.
    """
    small = contents <= len(PHOTOGRAPHS) and styles <= len(NAMES)
    if asked == "embedded" or (asked == "auto" and (small or folders)):
        return None, ""
    folder = default_folder() if asked in ("auto", "fetched") else Path(asked)
    if asked == "auto" and not (folder / LOCK).exists():
        return None, (
            f"pictures: the embedded set, {min(contents, len(PHOTOGRAPHS))} x "
            f"{min(styles, len(NAMES))} instead of {contents} x {styles}, since {folder} holds no "
            "whole set (`dfr data fetch` or `dfr data import` makes one)"
        )
    lock = open_locked(folder)
    counts = [
        f"{min(most, len(lock.of(kind)))} {kind}"
        for kind, most in zip(KINDS, (contents, styles), strict=True)
        if lock.of(kind)
    ]
    return folder, f"pictures: {' and '.join(counts)} of {folder} (--data embedded: not these)"


def safe_name(stem: str) -> str:
    """Return a file's stem with only letters, digits, dot, dash and underscore in it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-_") or "picture"


def _pictures(files: Iterable[Path]) -> tuple[Picture, ...]:
    pictures: list[Picture] = []
    for file in files:
        name = safe_name(file.stem)
        taken = {picture.name.lower() for picture in pictures}
        unique, number = name, 2
        while unique.lower() in taken:
            unique, number = f"{name}-{number}", number + 1
        load(file)
        pictures.append(Picture(unique, file.resolve(), sha256(file)))
    return tuple(pictures)


def _photographs(count: int) -> list[Path]:
    found = importlib.util.find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise UserError("scikit-image, which holds the photographs, is not installed")
    folder = Path(found.submodule_search_locations[0]) / "data"
    files = [folder / file for file in PHOTOGRAPHS.values()]
    return [file for file in files if file.is_file()][:count]


def _save_drawing(name: str, path: Path) -> None:
    draw(name).save(path, format="PNG")


def _drawings(folder: Path, count: int) -> list[Path]:
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name in NAMES[:count]:
        file = folder / f"{name}.png"
        if not file.exists():
            write_whole(file, partial(_save_drawing, name))
        files.append(file)
    return files
