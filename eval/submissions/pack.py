"""Pack one method of a finished run as an entry."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dfr.core.errors import UserError, unknown
from dfr.core.files import as_json, seal_of, write_whole, wrong_value
from eval.runs.added import Added
from eval.runs.store import RunStore, titles_of
from eval.submissions.entry import (
    MANIFEST,
    OUTPUT_COLUMNS,
    PAIR_COLUMNS,
    Cost,
    Entry,
    Environment,
    member,
)
from eval.submissions.entry_file import EntryFile
from eval.submissions.form import Form
from eval.submissions.sets import set_of

#: The one date of every member: the first that a zip file can hold.
_DATE = (1980, 1, 1, 0, 0, 0)


def title_in(store: RunStore, label: str) -> str:
    """Return the title of a method of a run.

    Raises:
        UserError: the run has none of this label.
    """
    titles = titles_of(store.description["identity"])
    if label not in titles:
        raise unknown(f"method of {store.folder}:", label, titles)
    return titles[label]


def pack(store: RunStore, label: str, form: Form, out: Path) -> EntryFile:
    """Write an entry's file, whole or not at all; the same run and form give the same bytes.

    Args:
        store: the run.
        label: of the method in it.
        form: who submits.
        out: the file.

    Raises:
        UserError: the run is of no named set, is not finished for this method, was changed, or
            lacks measures.
    """
    title_in(store, label)
    identity = store.description["identity"]
    named = set_of(identity)
    store.check_pictures()
    cells = [cell for cell in store.cells() if cell["label"] == label]
    _check_whole(store, identity, label, cells)
    environments: list[Mapping[str, Any]] = []
    for cell in cells:
        if cell["environment"] not in environments:
            environments.append(cell["environment"])
    profile = identity["profile"]
    controls = Added.read(store.folder).controls()
    plain = {
        "format": 1,
        "form": form.model_dump(),
        "pictures": {
            "name": named.name,
            "contents": identity["contents"],
            "styles": identity["styles"],
            "size": profile["size"],
            "resizing": profile.get("resizing", "antialias"),
            "saving": profile.get("saving", "nearest"),
        },
        "made": {
            "label": label,
            "method": cells[0]["method"],
            "settings": cells[0]["settings"],
            "packages": cells[0].get("packages", {}),
            "weights": identity["weights"],
            "checkpoint": identity.get("checkpoints", {}).get(label),
            "precision": profile["precision"],
            "seed": identity["seed"],
        },
        "environments": [
            {name: each.get(name) for name in Environment.model_fields} for each in environments
        ],
        "cells": [_cell(cell, environments.index(cell["environment"])) for cell in cells],
        "controls": [
            {name: row.get(name) for name in ("content", "style", "mode", *OUTPUT_COLUMNS)}
            for row in controls
        ],
    }
    text = as_json(plain)  # through text once, so that the seal is of what a reader will see
    plain = json.loads(text)
    try:
        Entry.model_validate(plain)
    except ValidationError as error:
        raise wrong_value(store.folder, error) from error
    manifest = as_json({**plain, "seal": seal_of(plain)})
    write_whole(out, lambda temporary: _write(temporary, manifest, store, label, cells))
    return EntryFile.read(out)


def _check_whole(
    store: RunStore, identity: Mapping[str, Any], label: str, cells: list[dict[str, Any]]
) -> None:
    names = [[item["name"] for item in identity[kind]] for kind in ("contents", "styles")]
    pairs = list(product(*names))
    missing = [pair for pair in pairs if pair not in {(c["content"], c["style"]) for c in cells}]
    if missing:
        raise UserError(
            f"{store.folder}: {label} has {len(cells)} of {len(pairs)} pairs, and not "
            f"{missing[0][0]} × {missing[0][1]}; an entry needs all: finish the run, or take the "
            "limit `pairs` out of its profile"
        )
    for cell in cells:
        where = f"{store.folder}: {label} on {cell['content']} × {cell['style']}"
        if cell["failed"]:
            raise UserError(f"{where}: an output failed ({next(iter(cell['failed'].values()))})")
        rows = (("outputs", OUTPUT_COLUMNS), ("pairs", PAIR_COLUMNS))
        lacking = [
            column
            for kind, columns in rows
            for column in columns
            if any(column not in row for row in cell["measures"][kind])
        ]
        if lacking:
            raise UserError(f"{where} lacks {lacking[0]}: run `dfr measure {store.folder}` first")


def _cell(cell: Mapping[str, Any], environment: int) -> dict[str, Any]:
    keys = (
        (cell["measures"]["outputs"], ("mode", *OUTPUT_COLUMNS)),
        (cell["measures"]["pairs"], ("mode_a", "mode_b", *PAIR_COLUMNS)),
    )
    outputs, pairs = ([{name: row[name] for name in names} for row in rows] for rows, names in keys)
    return {
        "content": cell["content"],
        "style": cell["style"],
        "size": cell["size"],
        "files": {mode: item["sha256"] for mode, item in cell["files"].items()},
        "measures": {"outputs": outputs, "pairs": pairs},
        "cost": {name: cell["cost"].get(name) for name in Cost.model_fields},
        "same_as": cell["same_as"],
        "twin_of": cell.get("twin_of", cell["same_as"]),
        "environment": environment,
    }


def _write(
    path: Path, manifest: str, store: RunStore, label: str, cells: list[dict[str, Any]]
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_info(MANIFEST), manifest.encode())
        for cell in cells:
            folder = store.cell_folder(cell["content"], cell["style"], label)
            for mode, item in cell["files"].items():
                name = member(cell["content"], cell["style"], mode)
                archive.writestr(_info(name), (folder / item["file"]).read_bytes())


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3  # the same on every system
    info.external_attr = 0o644 << 16
    return info
