"""A folder of entries: which of them stand, and why the others do not.

FOLDER/NAME.zip        the entries
FOLDER/sets/NAME/      pictures of the sets, see `eval.submissions.keeper`
FOLDER/checks.json     what was checked of which file, so that it is not measured again; and the
                       seed of the samples. It is the keeper's own: who knows the seed knows which
                       pairs will be measured.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dfr.core.devices import make_process_repeatable
from dfr.core.errors import UserError
from dfr.core.files import as_json, read_json, seal_of, write_first, write_json
from dfr.core.version import VERSION
from eval.submissions.checking import TOLERANCE, Checked, check_entry
from eval.submissions.entry_file import EntryFile
from eval.submissions.keeper import Keeper

CHECKS = "checks.json"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """What lies in a folder of entries.

    Attributes:
        entries: those that were found right, by name.
        refused: file's name -> why, in one line.
        keeper: has the pictures of the sets.
    """

    entries: tuple[Checked, ...]
    refused: dict[str, str]
    keeper: Keeper


def check_folder(
    folder: Path,
    count: int,
    *,
    device: torch.device,
    seed: str | None = None,
    tell: Tell = lambda _: None,
) -> Found:
    """Check every entry of a folder.

    Args:
        folder: with the entries.
        count: of how many pairs of each entry every measure is taken again.
        device: where to compute.
        seed: of the samples; None for one that is drawn once and kept in the folder.
        tell: told what is being measured.

    Raises:
        UserError: no folder, or no entry in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder")
    files = sorted(folder.glob("*.zip"))
    if not files:
        raise UserError(f"{folder}: no entry in it (NAME.zip); make one with `dfr submit`")
    make_process_repeatable()
    keeper, known = Keeper(folder, device), _read_checks(folder)
    seed = seed or str(known["seed"])
    entries: list[Checked] = []
    refused: dict[str, str] = {}
    for path in files:
        try:
            file = EntryFile.read(path)
            _check_name(file, entries)
            keeper.bench(file.entry.pictures)  # also of what was checked before
            key = f"{file.sha256} {seal_of([seed, count, TOLERANCE, VERSION])}"
            if key in known["checks"]:
                checked = _again(file, known["checks"][key])
            else:
                checked = check_entry(file, keeper, count, f"{seed} {file.sha256}", tell)
                known["checks"][key] = {"pairs": checked.pairs, "furthest": checked.furthest}
                write_json(folder / CHECKS, known)
            entries.append(checked)
        except UserError as error:
            refused[path.name] = str(error).removeprefix(f"{path}: ")
    return Found(tuple(entries), refused, keeper)


def _check_name(file: EntryFile, before: list[Checked]) -> None:
    for other in before:
        if other.file.entry.form.name == file.entry.form.name:
            raise UserError(
                f"names itself '{file.entry.form.name}', as {other.file.path.name} does: one of "
                "them needs another --name"
            )


def _again(file: EntryFile, before: dict[str, Any]) -> Checked:
    pairs = tuple((str(content), str(style)) for content, style in before["pairs"])
    return Checked(file, pairs, float(before["furthest"]))


def _read_checks(folder: Path) -> dict[str, Any]:
    path = folder / CHECKS
    if not path.exists():
        # Another check may begin at the same moment; then the seed of one of them stands.
        write_first(path, as_json({"seed": secrets.token_hex(8), "checks": {}}))
    content = read_json(path)
    if not isinstance(content, dict) or set(content) != {"seed", "checks"}:
        raise UserError(f"{path}: is damaged; delete it, and everything is measured again")
    return content
