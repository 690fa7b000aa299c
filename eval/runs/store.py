"""A run on disk. Every cell (pair x method) is there whole or not at all.

RUN/run.json                               what was asked for, the pictures' hashes
RUN/pictures/{content,style}/HxW/NAME.png  the pictures at working size
RUN/pictures.json                          their hashes
RUN/cells/CONTENT/STYLE/LABEL/             MODE.png and cell.json
RUN/cells/CONTENT/STYLE/LABEL~again/       the same, of outputs that were made a second time
RUN/measures/                              see `eval.runs.added`
RUN/audit.json, RUN/floor.json, RUN/timing.json

Every JSON file is sealed: it holds a hash of its own content, so that a change is found. (The
seal guards against damage and carelessness, not against someone who seals a lie again; that is
what `eval.runs.verify` is for.)
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dfr.core.errors import UserError, writing
from dfr.core.files import alone, as_json, read_json, seal_of, sha256, write_text
from eval.runs.added import Added

if TYPE_CHECKING:  # who only reads a run, as the voting page does, needs no torch
    import torch

    from dfr.methods.method import Stylization

_PARTIAL = ".partial-"
#: Ends the label of what is made a second time; no method of a profile can have such a label.
AGAIN = "~again"


def methods_of(identity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the methods that a run compares, the profile's and then other people's.

    Args:
        identity: of the run, as run.json has it.
    """
    return [*identity["profile"]["methods"], *identity["external"]]


def titles_of(identity: Mapping[str, Any]) -> dict[str, str]:
    """Return label -> title of every method that a run compares, in the order of `methods_of`."""
    return {method["label"]: method["title"] for method in methods_of(identity)}


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
        refusal = (
            f"{self.folder}: another process is working on this run; wait for it, or choose "
            "another --out"
        )
        with alone(stream, refusal):
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
            before = self.read_sealed("run.json")
            differing = [key for key in plain if before.get("identity", {}).get(key) != plain[key]]
            if differing:
                raise UserError(
                    f"{self.folder}: holds a run with another {' and another '.join(differing)}; "
                    "choose another --out, or delete that folder"
                )
            environments = before["environments"]
            if dict(environment) not in environments:
                environments.append(dict(environment))
        self.write_sealed("run.json", {"identity": plain, "environments": environments})
        cells = self.folder / "cells"
        with writing(cells):
            cells.mkdir(exist_ok=True)
            for left in cells.glob(f"{_PARTIAL}*"):
                shutil.rmtree(left)

    def add_environment(self, environment: Mapping[str, Any]) -> None:
        """Record one more place where cells of the run are made, unless it is known."""
        described = self.description
        if dict(environment) not in described["environments"]:
            described["environments"].append(dict(environment))
            self.write_sealed("run.json", described)

    @property
    def description(self) -> dict[str, Any]:
        """What run.json holds."""
        return self.read_sealed("run.json")

    def write_sealed(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a JSON file of the run with its seal."""
        # Through text once, so that the seal is taken of what a reader will see.
        text = as_json(content)
        plain = json.loads(text)
        write_text(self.folder / name, as_json({**plain, "seal": seal_of(plain)}))

    def read_sealed(self, name: str) -> dict[str, Any]:
        """Read a JSON file of the run and check its seal.

        Raises:
            UserError: it is missing, or is not what was written.
        """
        path = self.folder / name
        content: dict[str, Any] = read_json(path)
        if not isinstance(content, dict) or content.pop("seal", None) != seal_of(content):
            what = "this run" if name == "run.json" else "it"
            raise UserError(
                f"{path}: was changed, damaged or cut short after it was written; get the file "
                f"back, or delete {'the run' if name == 'run.json' else 'it'} and run "
                f"`dfr reproduce` again to make {what} anew"
            )
        return content

    def picture_path(self, kind: str, name: str, height: int, width: int) -> Path:
        """Where a content or style picture lies at one working size."""
        return self.folder / "pictures" / kind / f"{height}x{width}" / f"{name}.png"

    def keep_pictures(self, pictures: Mapping[Path, Callable[[], torch.Tensor]]) -> None:
        """Write pictures at working size, and their hashes; those that are there are checked.

        Args:
            pictures: path, see `picture_path` -> what makes the picture, (1, 3, h, w) in [0, 1].

        Raises:
            UserError: one that was written before was changed.
        """
        from dfr.core.images import save

        index = self.folder / "pictures.json"
        known = self.read_sealed("pictures.json")["sha256"] if index.exists() else {}
        for path, make in pictures.items():
            name = path.relative_to(self.folder).as_posix()
            if name in known:
                self._check_picture(path, known[name])
            else:
                save(make(), path)
                known[name] = sha256(path)
        self.write_sealed("pictures.json", {"sha256": known})

    def check_pictures(self) -> None:
        """Check every picture at working size against its hash.

        Raises:
            UserError: one is missing, or is not what was written.
        """
        if (self.folder / "pictures.json").exists():
            for name, wanted in self.read_sealed("pictures.json")["sha256"].items():
                self._check_picture(self.folder / name, wanted)

    def _check_picture(self, path: Path, wanted: str) -> None:
        if not path.is_file() or sha256(path) != wanted:
            raise UserError(
                f"{path}: was changed, damaged or deleted after it was written; delete "
                f"{self.folder / 'pictures.json'} and run `dfr reproduce` again to write the "
                "pictures anew"
            )

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
        from dfr.core.images import save

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
                RunStore(partial).write_sealed("cell.json", cell)
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
        if seal != seal_of(cell):
            raise _changed(folder / "cell.json", folder)
        for item in cell["files"].values():
            picture = folder / item["file"]
            if not picture.is_file() or sha256(picture) != item["sha256"]:
                raise _changed(picture, folder)
        return cell

    def cells(self) -> list[dict[str, Any]]:
        """Read every finished cell of the comparison, in the profile's and the data set's order.

        With the measures that were added to the run, see `eval.runs.added`.
        """
        return self._cells("")

    def cells_again(self) -> list[dict[str, Any]]:
        """Read every finished cell that was made a second time, likewise; its label is its own."""
        return self._cells(AGAIN)

    def _cells(self, ending: str) -> list[dict[str, Any]]:
        identity = self.description["identity"]
        titles = {f"{label}{ending}": title for label, title in titles_of(identity).items()}
        added = Added.read(self.folder)
        found = []
        for content in identity["contents"]:
            for style in identity["styles"]:
                for label, title in titles.items():
                    folder = self.cell_folder(content["name"], style["name"], label)
                    if folder.exists():
                        found.append({**added.into(self.read_cell(folder)), "title": title})
        return found


def _changed(file: Path, cell: Path) -> UserError:
    return UserError(
        f"{file}: was changed, damaged or deleted after it was written; delete the folder {cell} "
        "and run `dfr reproduce` again to make this cell anew"
    )
