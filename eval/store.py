"""A run on disk. Every cell (pair x method) is there whole or not at all.

RUN/run.json                               what was asked for, the pictures' hashes
RUN/pictures/{content,style}/HxW/NAME.png  the pictures at working size
RUN/cells/CONTENT/STYLE/LABEL/             MODE.png and cell.json
RUN/audit.json, RUN/timing.json
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from dfr.errors import UserError, writing
from dfr.files import read_json, sha256, write_json
from dfr.images import save
from dfr.method import Stylization

_PARTIAL = ".partial-"


class RunStore:
    """The folder of one run.

    Args:
        folder: the run's folder; `begin` makes it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def open(cls, folder: Path) -> RunStore:
        """Open a run that is there.

        Raises:
            UserError: the folder holds no run.
        """
        if not (folder / "run.json").is_file():
            raise UserError(f"{folder}: holds no run (no run.json); make one with `dfr reproduce`")
        return cls(folder)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep a second process from writing to the same run.

        Raises:
            UserError: another process has it.
        """
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            stream = (self.folder / ".lock").open("w", encoding="ascii")
        with stream:
            try:
                import fcntl

                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except ImportError:
                pass  # no such locks on this system
            except OSError as error:
                raise UserError(
                    f"{self.folder}: another process is working on this run; wait for it, or "
                    "choose another --out"
                ) from error
            yield

    def begin(self, identity: Mapping[str, Any], environment: Mapping[str, Any]) -> None:
        """Start the run, or go on with it if it is the same one.

        Args:
            identity: everything that decides the results: profile, pictures, weights, seed.
            environment: where it runs, which may change between two sittings.

        Raises:
            UserError: the folder holds a run of another identity.
        """
        plain = json.loads(json.dumps(identity))
        path = self.folder / "run.json"
        environments = [dict(environment)]
        if path.exists():
            before = read_json(path)
            differing = [key for key in plain if before.get("identity", {}).get(key) != plain[key]]
            if differing:
                raise UserError(
                    f"{self.folder}: holds a run with another {' and another '.join(differing)}; "
                    "choose another --out, or delete that folder"
                )
            environments = before["environments"]
            if dict(environment) not in environments:
                environments.append(dict(environment))
        write_json(path, {"identity": plain, "environments": environments})
        cells = self.folder / "cells"
        with writing(cells):
            cells.mkdir(exist_ok=True)
            for left in cells.glob(f"{_PARTIAL}*"):
                shutil.rmtree(left)

    @property
    def description(self) -> dict[str, Any]:
        """What run.json holds."""
        described: dict[str, Any] = read_json(self.folder / "run.json")
        return described

    def picture_path(self, kind: str, name: str, height: int, width: int) -> Path:
        """Where a content or style picture lies at one working size."""
        return self.folder / "pictures" / kind / f"{height}x{width}" / f"{name}.png"

    def cell_folder(self, content: str, style: str, label: str) -> Path:
        """Where a cell lies."""
        return self.folder / "cells" / content / style / label

    def has(self, content: str, style: str, label: str) -> bool:
        """Tell whether a cell is there, and check that it is as it was written.

        Raises:
            UserError: a file of it was changed or lost.
        """
        folder = self.cell_folder(content, style, label)
        if not folder.exists():
            return False
        self.read_cell(folder)
        return True

    def save_cell(
        self,
        content: str,
        style: str,
        label: str,
        result: Stylization,
        row: Mapping[str, Any],
    ) -> None:
        """Write the pictures and the row of a cell, then let it appear under its name.

        Args:
            content: name of the content picture.
            style: name of the style picture.
            label: label of the method's entry in the profile.
            result: the outputs.
            row: measures, cost, settings.
        """
        final = self.cell_folder(content, style, label)
        with writing(final):
            final.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=_PARTIAL, dir=self.folder / "cells"))
            try:
                files = {}
                for mode, picture in result.pictures.items():
                    save(picture, partial / f"{mode}.png")
                    files[mode] = {
                        "file": f"{mode}.png",
                        "sha256": sha256(partial / f"{mode}.png"),
                    }
                cell = {"content": content, "style": style, "label": label, **row, "files": files}
                # Through JSON once, so that the seal is taken of what a reader will see.
                write_json(partial / "cell.json", cell)
                plain = read_json(partial / "cell.json")
                write_json(partial / "cell.json", {**plain, "seal": _seal(plain)})
                partial.chmod(0o755)
                os.rename(partial, final)  # noqa: PTH104  (os.rename never replaces a full folder)
            finally:
                shutil.rmtree(partial, ignore_errors=True)

    def read_cell(self, folder: Path) -> dict[str, Any]:
        """Read a cell's row and check it and its pictures against their hashes.

        Raises:
            UserError: a file is missing, or is not what was written.
        """
        cell: dict[str, Any] = read_json(folder / "cell.json")
        seal = cell.pop("seal", None)
        if seal != _seal(cell):
            raise _changed(folder / "cell.json", folder)
        for item in cell["files"].values():
            picture = folder / item["file"]
            if not picture.is_file() or sha256(picture) != item["sha256"]:
                raise _changed(picture, folder)
        return cell

    def cells(self) -> list[dict[str, Any]]:
        """Read every finished cell, in the profile's and the data set's order."""
        identity = self.description["identity"]
        found = []
        for content in identity["contents"]:
            for style in identity["styles"]:
                for entry in (*identity["profile"]["methods"], *identity["external"]):
                    folder = self.cell_folder(content["name"], style["name"], entry["label"])
                    if folder.exists():
                        found.append({**self.read_cell(folder), "title": entry["title"]})
        return found


def tables(cells: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    """Turn cells into tables.

    Returns:
        ``cells``: one row per cell (cost); ``outputs``: one row per output (measures and the
        method's own losses); ``pairs``: one row per two outputs of a cell (LPIPS); ``curves``:
        one row per output and iteration (loss in the method's own objective).
    """
    keys = ("content", "style", "label", "method")
    costs, outputs, pairs, curves = [], [], [], []
    for cell in cells:
        key = {name: cell[name] for name in keys}
        costs.append({**key, "outputs": len(cell["files"]), **cell["cost"]})
        for row in cell["measures"]["outputs"]:
            own = {
                f"own_{name}": value for name, value in cell["losses"].get(row["mode"], {}).items()
            }
            outputs.append({**key, **row, **own})
        pairs += [{**key, **row} for row in cell["measures"]["pairs"]]
        for mode, curve in cell["curves"].items():
            curves += [
                {**key, "mode": mode, "iteration": i, "loss": loss} for i, loss in enumerate(curve)
            ]
    columns = {
        "cells": [*keys, "outputs"],
        "outputs": [*keys, "mode"],
        "pairs": [*keys, "mode_a", "mode_b"],
        "curves": [*keys, "mode", "iteration", "loss"],
    }
    rows = {"cells": costs, "outputs": outputs, "pairs": pairs, "curves": curves}
    return {
        name: pd.DataFrame(rows[name]) if rows[name] else pd.DataFrame(columns=columns[name])
        for name in rows
    }


def _seal(row: Mapping[str, Any]) -> str:
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _changed(file: Path, cell: Path) -> UserError:
    return UserError(
        f"{file}: was changed, damaged or deleted after it was written; delete the folder {cell} "
        "and run `dfr reproduce` again to make this cell anew"
    )
