"""What was measured on a run beside its cells. Needs no torch: whoever shows a run may have none.

RUN/measures/NAME.json      one measure: rows of outputs, of two outputs, or of named outputs
RUN/measures/controls.json  the controls: what a run measures as it goes, of pictures that are no
                            outputs

A row of an output holds the hash of its picture, and a row of a named output that of all of them.
Where the run has other pictures since, the row is not used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dfr.core.errors import UserError
from dfr.core.files import read_json, seal_of
from eval.measures.registry import RUN_MEASURES

FOLDER = "measures"
#: The file of the controls' rows in it.
CONTROLS_FILE = "controls"
#: The label of controls; no method of a profile can have it.
CONTROL = "~control"
#: Mode -> title of each control: pictures that stand beside outputs to show what a measure says of
#: them. They cost nothing to make, and nobody would call them a stylization.
CONTROLS: Mapping[str, str] = MappingProxyType(
    {
        "photograph": "the photograph itself",
        "style": "the style picture, fitted",
        "noise": "noise",
    }
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Added:
    """The added measures of a run.

    Attributes:
        files: name of the file, which is that of its measure -> its content.
    """

    files: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> Added:
        """Read what was added to a run.

        Args:
            folder: of the run.

        Raises:
            UserError: a file was changed.
        """
        return cls({path.stem: _sealed(path) for path in sorted((folder / FOLDER).glob("*.json"))})

    def into(self, cell: Mapping[str, Any]) -> Row:
        """Return a cell with the added numbers of its outputs; its own stay as they are."""
        if not self.files:
            return dict(cell)
        found = {name: [dict(row) for row in rows] for name, rows in cell["measures"].items()}
        of = (cell["content"], cell["style"], cell["label"])
        hashes = {mode: item["sha256"] for mode, item in cell["files"].items()}
        for row in found["outputs"]:
            modes: tuple[str, ...] = (row["mode"],)
            row.update(self._fresh((*of, *modes), [hashes[mode] for mode in modes], row))
        for row in found["pairs"]:
            modes = (row["mode_a"], row["mode_b"])
            row.update(self._fresh((*of, *modes), [hashes[mode] for mode in modes], row))
        return {**cell, "measures": found}

    def controls(self) -> list[Row]:
        """Return the controls' rows: content, style, label, mode, and every column."""
        found: dict[tuple[str, ...], Row] = {}
        for key, rows in self._rows.items():
            if key[2] == CONTROL:
                names = dict(zip(("content", "style", "label", "mode"), key, strict=True))
                found[key] = {**names, **{k: v for row in rows for k, v in _numbers(row).items()}}
        return list(found.values())

    def over_run(self, cells: Iterable[Mapping[str, Any]]) -> list[Row]:
        """Return the rows of named outputs: label, mode, ``pictures``, and every column.

        Args:
            cells: of the run. Rows of other pictures than theirs are left out.
        """
        digests = {name: digest(hashes) for name, hashes in pictures_of(cells).items()}
        found: dict[tuple[str, str], Row] = {}
        for name in RUN_MEASURES:
            for row in self.files.get(name, {}).get("rows", ()):
                key = (row["label"], row["mode"])
                if key[0] == CONTROL or digests.get(key) == row["digest"]:
                    into = found.setdefault(key, {"label": key[0], "mode": key[1]})
                    into.update(_numbers(row))
        return list(found.values())

    def notes(self) -> list[str]:
        """Return what the measures over the run say of themselves, each note once."""
        files = [self.files[name] for name in RUN_MEASURES if name in self.files]
        weights = [
            f"Weights: {file['weights']['network']}, SHA-256 {file['weights']['sha256'][:16]}..."
            for file in files
        ]
        return list(dict.fromkeys([*(file["note"] for file in files if file["note"]), *weights]))

    @cached_property
    def _rows(self) -> dict[tuple[str, ...], list[Row]]:
        found: dict[tuple[str, ...], list[Row]] = {}
        for name, content in self.files.items():
            if name not in RUN_MEASURES:
                for row in content["rows"]:
                    found.setdefault(key_of(row), []).append(row)
        return found

    def _fresh(self, key: tuple[str, ...], hashes: Sequence[str], own: Row) -> Row:
        return {
            column: value
            for row in self._rows.get(key, ())
            if row["sha256"] == list(hashes)
            for column, value in _numbers(row).items()
            if column not in own
        }


def key_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what a row of an output, or of two, is of."""
    modes = (row["mode"],) if "mode" in row else (row["mode_a"], row["mode_b"])
    return (row["content"], row["style"], row["label"], *modes)


def pictures_of(cells: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[str]]:
    """Return (label, mode) -> the hashes of its outputs, in the order of the pairs."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell in cells:
        for mode, item in cell["files"].items():
            found.setdefault((cell["label"], mode), []).append(item["sha256"])
    return found


def digest(hashes: Iterable[str]) -> str:
    """Return one hash of many."""
    return hashlib.sha256(" ".join(hashes).encode("ascii")).hexdigest()


_KEYS = frozenset({"content", "style", "label", "mode", "mode_a", "mode_b", "sha256", "digest"})


def _numbers(row: Mapping[str, Any]) -> Row:
    return {column: value for column, value in row.items() if column not in _KEYS}


def _sealed(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = read_json(path)
    if not isinstance(content, dict) or content.pop("seal", None) != seal_of(content):
        raise UserError(
            f"{path}: was changed, damaged or cut short after it was written; delete it and run "
            "`dfr measure` again"
        )
    return content
