"""The pictures of a study, from a run, without anything that tells the methods apart."""

from __future__ import annotations

import io
import secrets
import shutil
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dfr.core.errors import UserError, unknown
from dfr.core.files import read_json, seal_of, sha256, write_json
from eval.runs.store import RunStore, methods_of, titles_of
from studies.design.attention import LEAST_DISTANCE, distance
from studies.design.trial import Side, Stimuli

#: The file of `_distances`, beside a study's pictures.
CATCHES = "catches.json"
#: Pictures kept in memory, for all participants together: about 100 MB at 422 x 512.
KEPT = 256


class PictureMissing(UserError):
    """A picture of a running study was deleted or changed."""


@dataclass(frozen=True)
class Material:
    """What a study shows, read from a run.

    Attributes:
        store: the run.
        identity: SHA-256 of the run's identity, so that a study stays with its run.
        titles: label -> title of the methods compared.
        stimuli: what can be compared.
        cells: (content, style, label) -> the cell.
        sources: file -> SHA-256 of the content and style pictures.
    """

    store: RunStore
    identity: str
    titles: Mapping[str, str]
    stimuli: Stimuli
    cells: Mapping[tuple[str, str, str], Mapping[str, Any]]
    sources: Mapping[str, str]

    def picture(self, side: Side, content: str, style: str) -> bytes:
        """Return one side of a trial as a PNG file that holds pixels and nothing else.

        Raises:
            PictureMissing: the file is gone, or is not what the run wrote.
        """
        if side.source == "content":
            return self.content(content, style)
        if side.source == "noise":
            return _noise(*self._size(content, style), f"{content} {style} {side.mode}".rstrip())
        cell = self.cells[content, style, side.method]
        file = cell["files"][side.mode]
        folder = self.store.cell_folder(content, style, side.method)
        return _pixels(folder / file["file"], file["sha256"])

    def content(self, content: str, style: str) -> bytes:
        """Return the content picture at the size of a pair's outputs."""
        return self._source("content", content, *self._size(content, style))

    def style(self, content: str, style: str) -> bytes:
        """Return the style picture at working size."""
        return self._source("style", style, *self._size(content, style))

    def aspect(self, content: str, style: str) -> float:
        """Return the width of a pair's outputs over their height."""
        height, width = self._size(content, style)
        return width / height

    def _size(self, content: str, style: str) -> tuple[int, int]:
        height, width = self.cells[content, style, self.stimuli.methods[0]]["size"]
        return int(height), int(width)

    def _source(self, kind: str, name: str, height: int, width: int) -> bytes:
        path = self.store.picture_path(kind, name, height, width)
        return _pixels(path, self.sources.get(path.relative_to(self.store.folder).as_posix(), ""))


def read_material(run: Path, methods: Sequence[str] = ()) -> Material:
    """Read what a run offers for a study.

    Only pairs of which every method has an output of the same size are taken.

    Args:
        run: folder of the run.
        methods: labels to compare; if empty, all that ran on every pair of the run.

    Raises:
        UserError: no run there, a method that it does not have, fewer than two methods, or no
            pair with outputs of all of them.
    """
    store = RunStore.open(run)
    identity = store.description["identity"]
    titles = titles_of(identity)
    for label in methods:
        if label not in titles:
            raise unknown(f"method of the run {run}", label, titles)
    chosen = tuple(methods) or tuple(
        method["label"] for method in methods_of(identity) if method.get("pairs") is None
    )
    if len(chosen) < 2:
        raise UserError(f"{run}: a study compares two methods or more; this run has {len(chosen)}")
    cells = {
        (cell["content"], cell["style"], cell["label"]): cell
        for cell in store.cells()
        if cell["label"] in chosen and cell["files"]
    }
    pairs = tuple(
        (content["name"], style["name"])
        for content in identity["contents"]
        for style in identity["styles"]
        if _alike(
            [cells.get((content["name"], style["name"], label)) for label in chosen],
        )
    )
    if not pairs:
        raise UserError(
            f"{run}: no pair has outputs of all of {', '.join(chosen)} yet; let `dfr reproduce` "
            "go on, or name fewer methods in the study file"
        )
    strong = {pair: _strongest(pair, chosen, cells) for pair in pairs}
    measured = run / CATCHES
    if measured.exists():
        far = read_json(measured)
        strong = {
            pair: side
            for pair, side in strong.items()
            if far.get("/".join((*pair, *side)), 0.0) >= LEAST_DISTANCE
        }
    outputs = {
        (*pair, label): tuple(cells[(*pair, label)]["files"]) for pair in pairs for label in chosen
    }
    return Material(
        store=store,
        identity=seal_of(identity),
        titles={label: titles[label] for label in chosen},
        stimuli=Stimuli(
            methods=chosen,
            outputs=outputs,
            pairs=pairs,
            strong=strong,
        ),
        cells=cells,
        sources=store.read_sealed("pictures.json")["sha256"],
    )


def keep_material(run: Path, methods: Sequence[str], folder: Path) -> None:
    """Copy what a study shows of a run into a folder, which `read_material` then reads as a run.

    Nothing is there before all is there. If another process is faster, its copy stays.

    Raises:
        UserError: the copy cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        for name in ("run.json", "pictures.json"):
            partial.mkdir(parents=True, exist_ok=True)
            shutil.copy2(run / name, partial / name)
        shutil.copytree(run / "pictures", partial / "pictures")
        for cell in sorted((run / "cells").glob("*/*/*/cell.json")):
            if not methods or cell.parent.name in methods:
                shutil.copytree(cell.parent, partial / cell.parent.relative_to(run))
        write_json(partial / CATCHES, _distances(read_material(partial, methods)))
        try:
            partial.rename(folder)
        except OSError:
            if not (folder / "run.json").is_file():
                raise
    except OSError as error:
        raise UserError(f"{folder}: cannot keep the pictures here ({error.strerror})") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _distances(material: Material) -> dict[str, float]:
    """Return how far the output of each pair that is nearest to the style is from the content.

    By content, style, method and output: where they are too much alike, the content is no wrong
    answer that everybody sees, and the pair is in no catch trial against it.
    """
    found = {}
    for pair, (method, mode) in material.stimuli.strong.items():
        output = material.picture(Side("output", method, mode), *pair)
        pictures = [Image.open(io.BytesIO(data)) for data in (output, material.content(*pair))]
        found["/".join((*pair, method, mode))] = distance(pictures[0], pictures[1])
    return found


def _alike(cells: Sequence[Mapping[str, Any] | None]) -> bool:
    """Tell whether every method has outputs, all of one size; another size would show which."""
    return all(cells) and len({tuple(cell["size"]) for cell in cells if cell}) == 1


def _strongest(
    pair: tuple[str, str],
    methods: Sequence[str],
    cells: Mapping[tuple[str, str, str], Mapping[str, Any]],
) -> tuple[str, str]:
    """Return the (method, mode) with the least style loss of a pair."""
    losses = {
        (label, row["mode"]): row["style_loss"]
        for label in methods
        for row in cells[(*pair, label)]["measures"]["outputs"]
    }
    return min(losses, key=losses.__getitem__)


@lru_cache(maxsize=KEPT)
def _pixels(path: Path, wanted: str) -> bytes:
    """Check a picture's hash, and return its pixels as a new PNG file without metadata."""
    try:
        if sha256(path) != wanted:
            raise PictureMissing(f"{path}: was changed after the run wrote it")
        with Image.open(path) as picture:
            return _png(np.asarray(picture.convert("RGB")))
    except OSError as error:
        raise PictureMissing(f"{path}: cannot be read ({error.strerror or error})") from error


@lru_cache(maxsize=KEPT)
def _noise(height: int, width: int, seed: str) -> bytes:
    """Return coloured noise in patches of about a fortieth of the width, the same for a seed."""
    random = np.random.default_rng(zlib.crc32(seed.encode()))
    patch = max(1, width // 40)
    rough = random.integers(256, size=(-(-height // patch), -(-width // patch), 3), dtype=np.uint8)
    return _png(rough.repeat(patch, axis=0).repeat(patch, axis=1)[:height, :width])


def _png(pixels: np.ndarray[Any, np.dtype[Any]]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.array(pixels, dtype=np.uint8)).save(stream, format="PNG")
    return stream.getvalue()
