"""Published outputs in a data folder: checked against the list, copied, and locked.

A pair is used whole or not at all: with its content, its style, and every output that is listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dfr.core.errors import UserError, writing
from dfr.core.files import sha256
from dfr.core.images import load
from dfr.objective.published_size import DFR_SIZE
from eval.data.folder_import import put
from eval.data.lock import Lock, LockedFile, LockedPair, claimed
from eval.data.published_list import ListedPair, PublishedList

CONTENTS_FROM = "contents that DFR's authors published with outputs"
STYLES_FROM = "styles that DFR's authors published with outputs"
#: With it behind them, the bytes of a JPEG that was cut short are read by any reader.
JPEG_END = b"\xff\xd9"


@dataclass(frozen=True)
class ImportedPublished:
    """What an import of published outputs did.

    Attributes:
        lock: what now lies in the folder.
        left_out: one line for each pair, or folder, that is not used, and why.
    """

    lock: Lock
    left_out: tuple[str, ...]


def import_published(
    listed: PublishedList,
    folder: Path,
    source: Path,
    *,
    missing: Mapping[str, str] | None = None,
    replace: bool = False,
) -> ImportedPublished:
    """Copy the listed pairs of a folder in the authors' layout into a data folder, and lock them.

    Args:
        listed: what the files must be.
        folder: the data folder.
        source: the folder with the authors' files.
        missing: file -> why it is not there, where more is known of it.
        replace: whether another set that is there may go. One whose every file is among these
            files grows without it.

    Raises:
        UserError: no such folder, or no pair in it that can be used; a data folder that holds
            another set or strange files; nothing has changed then.
    """
    if not source.is_dir():
        raise UserError(f"{source}: no such folder")
    if folder.resolve() in (source.resolve(), *source.resolve().parents) and missing is None:
        raise UserError(f"{source}: lies in the data folder {folder} itself; choose another --to")
    wrong = _wrong_files(listed, source, missing or {})
    usable = [pair for pair in listed.pairs if not any(file in wrong for file in pair.files)]
    left_out = _left_out(listed, source, wrong)
    if not usable:
        raise UserError(f"{source}: no published pair in it can be used: {left_out[0]}")
    files = [
        file
        for file in listed.files
        if any(file in pair.files for pair in usable)
    ]  # fmt: skip
    with claimed(folder) as partial:
        copies = {}
        entries = {}
        for file in files:
            entry = listed.files[file]
            copy = partial / entry.place.replace("/", "-")
            content = (source / file).read_bytes() + (JPEG_END if entry.mended_sha256 else b"")
            with writing(copy):
                copy.write_bytes(content)
            copies[entry.place] = copy
            entries[entry.place] = _locked(listed, file, copy)
        lock = Lock(
            made_by="import" if missing is None else "fetch",
            contents_from=CONTENTS_FROM,
            styles_from=STYLES_FROM,
            files=entries,
            pairs=tuple(_locked_pair(listed, pair) for pair in usable),
        )
        put(folder, lock, copies, replace=replace, grow=True)
    return ImportedPublished(lock, left_out)


def _wrong_files(listed: PublishedList, source: Path, missing: Mapping[str, str]) -> dict[str, str]:
    """Return file -> what is wrong with it."""
    owners = {entry.sha256: file for file, entry in listed.files.items()}
    wrong = {}
    for file, entry in listed.files.items():
        path = source / file
        if not path.is_file():
            wrong[file] = missing.get(file, "is missing")
        elif (found := sha256(path)) != entry.sha256:
            wrong[file] = _why(path, owners.get(found), entry.is_output)
    return wrong


def _why(path: Path, owner: str | None, output: bool) -> str:
    """Say in what way a file is not the listed one."""
    if owner is not None:
        return f"is {owner}"
    try:
        height, width = load(path).shape[-2:]
    except UserError as error:
        return str(error).removeprefix(f"{path}: ").split(";")[0]
    if output and (height, width) != DFR_SIZE:
        return f"has {height} x {width} pixels instead of {DFR_SIZE[0]} x {DFR_SIZE[1]}"
    return "was changed (another SHA-256 than the published one)"


def _left_out(listed: PublishedList, source: Path, wrong: Mapping[str, str]) -> tuple[str, ...]:
    """Say what is not used: pairs, each with its first wrong file, and folders without a line."""
    lines = []
    for pair in listed.pairs:
        bad = [file for file in pair.files if file in wrong]
        if not bad:
            continue
        if not (source / pair.name).is_dir() and wrong[bad[-1]] == "is missing":
            lines.append(f"{pair.name}: not there")
        else:
            more = f", and {len(bad) - 1} more files" if len(bad) > 1 else ""
            first = bad[0].removeprefix(f"{pair.name}/")
            lines.append(f"{pair.name}: {first} {wrong[bad[0]]}{more}")
    known = {pair.name for pair in listed.pairs} | {"content", "style"}
    strange = sorted(
        path.name
        for path in source.iterdir()
        if path.is_dir() and path.name not in known and not path.name.startswith(".")
    )
    return (*lines, *(f"{name}: no hashes of it are known here" for name in strange))


def _locked(listed: PublishedList, file: str, copy: Path) -> LockedFile:
    entry = listed.files[file]
    must = entry.mended_sha256 or entry.sha256
    if sha256(copy) != must:
        raise UserError(f"{file}: changed while it was copied; run the same command again")
    return LockedFile(
        sha256=must,
        size=copy.stat().st_size,
        source=entry.url(),
        title="cut short as published; its end is grey here" if entry.mended_sha256 else "",
        licence="MIT" if entry.is_output else "not verified",
        verified=entry.is_output,
    )


def _locked_pair(listed: PublishedList, pair: ListedPair) -> LockedPair:
    def place(file: str) -> str:
        return listed.files[file].place

    return LockedPair(
        name=pair.name,
        content=place(pair.content),
        style=place(pair.style),
        rotation_weight=pair.rotation_weight,
        outputs={source: tuple(map(place, files)) for source, files in pair.outputs.items()},
    )
