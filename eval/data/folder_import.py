"""Take local folders of pictures into a data folder, instead of downloading them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dfr.core.errors import UserError, writing
from dfr.core.files import sha256
from dfr.core.images import load, picture_files
from eval.data.collection import Collection, about_content, coco_id
from eval.data.dataset import safe_name
from eval.data.lock import (
    LOCK,
    UNFINISHED,
    Lock,
    LockedFile,
    claimed,
    matching,
    read_lock,
    some,
    strangers,
    write_lock,
)


@dataclass(frozen=True)
class Imported:
    """What an import did.

    Attributes:
        lock: what now lies in the folder.
        coco: how many contents have MSCOCO names.
        known: how many of them are in the collection.
        plain: how many contents have other names.
        left_out: how many pictures of the folder are not in the collection, which is whole there.
    """

    lock: Lock
    coco: int
    known: int
    plain: int
    left_out: int


def import_folders(
    collection: Collection,
    folder: Path,
    *,
    coco: Path | None,
    style: Path | None,
    replace: bool = False,
) -> Imported:
    """Copy the pictures of local folders into a data folder and lock them.

    Of a folder that holds all of the collection's contents, such as the whole of val2017, those
    are taken; of any other one every picture is.

    Args:
        collection: where licences are looked up, by MSCOCO's image ids.
        folder: the data folder.
        coco: folder of contents.
        style: folder of styles.
        replace: whether a set that is there may go.

    Raises:
        UserError: no folder named, no pictures in it, a bad picture, a data folder that holds
            another set or strange files; nothing has changed then.
    """
    if coco is None and style is None:
        raise UserError("nothing to import: name a folder with --coco, with --style, or both")
    for named in (coco, style):
        if named is not None and folder.resolve() in (
            named.resolve(),
            *named.resolve().parents,
        ):
            raise UserError(
                f"{named}: lies in the data folder {folder} itself; choose another --to"
            )
    contents, left_out = _contents(coco, collection) if coco is not None else ([], 0)
    sources = {
        **_places("contents", contents),
        **_places("styles", picture_files(style) if style is not None else []),
    }
    for source in sources.values():
        load(source)
    ids = [coco_id(source.name) for source in contents]
    named_coco = sum(number is not None for number in ids)
    known = {item.id: about_content(item) for item in collection.contents}
    with claimed(folder) as partial:
        copies: dict[str, tuple[Path, LockedFile]] = {}
        for file, source in sources.items():
            copy = partial / file.replace("/", "-")
            with writing(copy):
                shutil.copyfile(source, copy)
            number = coco_id(source.name) if file.startswith("contents/") else None
            entry = LockedFile(
                sha256=sha256(copy), size=copy.stat().st_size, source=source.name,
                **known.get(number or 0, {}),
            )  # fmt: skip
            copies[file] = (copy, entry)
        lock = Lock(
            made_by="import",
            contents_from=_contents_from(len(contents), named_coco),
            styles_from="a local folder of styles" if style is not None else "",
            files={file: entry for file, (_, entry) in copies.items()},
        )
        put(folder, lock, {file: copy for file, (copy, _) in copies.items()}, replace)
    return Imported(
        lock=lock,
        coco=named_coco,
        known=sum(number in known for number in ids),
        plain=len(contents) - named_coco,
        left_out=left_out,
    )


def _contents(folder: Path, collection: Collection) -> tuple[list[Path], int]:
    files = picture_files(folder)
    order = {item.id: place for place, item in enumerate(collection.contents)}
    ours = {place: file for file in files if (place := order.get(coco_id(file.name) or 0, -1)) >= 0}
    if len(ours) < len(order):
        return files, 0
    return [ours[place] for place in sorted(ours)], len(files) - len(ours)


def _places(kind: str, sources: list[Path]) -> dict[str, Path]:
    """Give each picture a safe place of its own in the data folder."""
    places: dict[str, Path] = {}
    taken: set[str] = set()
    for source in sources:
        stem = safe_name(source.stem)
        unique, number = stem, 2
        while unique.lower() in taken:
            unique, number = f"{stem}-{number}", number + 1
        taken.add(unique.lower())
        places[f"{kind}/{unique}{source.suffix.lower()}"] = source
    return places


def _contents_from(count: int, coco: int) -> str:
    if coco == count:
        return "a local folder of MSCOCO pictures" if count else ""
    return f"a local folder, {coco} of {count} with MSCOCO names"


def put(
    folder: Path, lock: Lock, copies: Mapping[str, Path], replace: bool, grow: bool = False
) -> None:
    """Move copies to their places and lock them, in an order that a kill can interrupt.

    Args:
        folder: the data folder, claimed by the caller.
        lock: what will lie there.
        copies: place -> the copy, on the same disk.
        replace: whether another set that is there may go.
        grow: whether a set that is there may go if each of its files is in the new one.

    Raises:
        UserError: another set, a changed file of the same one, or strange files are there.
    """
    before = read_lock(folder) or read_lock(folder, UNFINISHED)
    old = dict(before.files) if before is not None else {}
    same = _hashes(old) == _hashes(lock.files)
    if same:
        matching(folder, old)  # a changed file is named, not mended in silence
    elif old and not replace and not (grow and _hashes(old).items() <= _hashes(lock.files).items()):
        raise UserError(
            f"{folder}: holds another set of {len(old)} files already; take --replace to put "
            "this one in its place, or choose another folder with --to"
        )
    strange = strangers(folder, old, lock.files)
    if strange:
        raise UserError(
            f"{folder}: {some(strange)} there, but not from an import; move what you need away, "
            "or choose another folder with --to"
        )
    with writing(folder):
        # First the record of old and new, then the files: one without a record is a stranger's.
        write_lock(folder, lock.model_copy(update={"files": {**old, **lock.files}}), UNFINISHED)
        if not same:
            (folder / LOCK).unlink(missing_ok=True)
            for file in old.keys() - lock.files.keys():
                (folder / file).unlink(missing_ok=True)
        for file, copy in copies.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            copy.replace(folder / file)
        write_lock(folder, lock)
        (folder / UNFINISHED).unlink(missing_ok=True)


def _hashes(files: Mapping[str, LockedFile]) -> dict[str, str]:
    return {file: entry.sha256 for file, entry in files.items()}
