"""The pictures of a run: two folders, a fetched or imported data folder, or the embedded set.

`eval.data.chosen` says which of them a run takes.
"""

from __future__ import annotations

import importlib.util
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from dfr.core.errors import UserError, writing
from dfr.core.files import sha256, write_whole
from dfr.core.images import load, picture_files
from eval.data.lock import KINDS, open_locked
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


#: Which pairs of its pictures a run takes: all, or those of which outputs were published.
Pairs = Literal["all", "published"]
#: Where the pictures of the embedded set come from, for readers.
EMBEDDED_CONTENTS = "photographs from scikit-image"
EMBEDDED_STYLES = "procedural styles, drawn by this project's code, not artworks"


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
    """Contents and styles; every content meets every style, or the named pairs alone are taken.

    Attributes:
        contents_from: where the contents come from, for readers.
        styles_from: where the styles come from, for readers.
        named: the pairs, where not every content meets every style.
    """

    contents: tuple[Picture, ...]
    styles: tuple[Picture, ...]
    contents_from: str
    styles_from: str
    named: tuple[tuple[Picture, Picture], ...] | None = None

    @property
    def pairs(self) -> list[tuple[Picture, Picture]]:
        """Every (content, style) pair, content by content."""
        if self.named is not None:
            return list(self.named)
        return [(content, style) for content in self.contents for style in self.styles]

    def spread(self, count: int) -> list[tuple[Picture, Picture]]:
        """Return ``count`` different pairs, each content and each style as often as any other.

        They lie on diagonals of the table of pairs; all pairs, where there are no more. Of named
        pairs they are the first ones.
        """
        if self.named is not None:
            return list(self.named[:count])
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
    pairs: Pairs = "all",
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
        pairs: ``published`` for the pairs of the data folder of which outputs were published, all
            of them, and nothing else.

    Raises:
        UserError: a folder without pictures, a picture that cannot be read, or a data folder that
            is not whole or lacks published pairs.
    """
    if pairs == "published":
        return _published_pairs(data)
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
        origins["contents"] = EMBEDDED_CONTENTS
    if "styles" not in files:
        files["styles"] = _drawings(embedded, styles)
        origins["styles"] = EMBEDDED_STYLES
    return Dataset(
        contents=_pictures(files["contents"]),
        styles=_pictures(files["styles"]),
        contents_from=origins["contents"],
        styles_from=origins["styles"],
    )


def _published_pairs(data: Path | None) -> Dataset:
    """Return the pairs of a data folder of which outputs were published, at lambda 1."""
    if data is None:
        raise UserError("the published pairs need a data folder: name it with --data")
    lock = open_locked(data)
    pairs = [pair for pair in lock.pairs if pair.rotation_weight == 1]
    if not pairs:
        raise UserError(
            f"{data}: holds no published pairs; make a folder that does with `dfr data import "
            "--published DIR` or `dfr data fetch --published`"
        )
    contents, styles = (
        dict(zip(files, _pictures(data / file for file in files), strict=True))
        for files in (
            list(dict.fromkeys(pair.content for pair in pairs)),
            list(dict.fromkeys(pair.style for pair in pairs)),
        )
    )
    return Dataset(
        contents=tuple(contents.values()),
        styles=tuple(styles.values()),
        contents_from=lock.contents_from,
        styles_from=lock.styles_from,
        named=tuple((contents[pair.content], styles[pair.style]) for pair in pairs),
    )


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
