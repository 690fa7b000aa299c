"""Which pictures a run takes: what was asked for, what is there, and what can be fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dfr.core.errors import UserError
from eval.data.dataset import EMBEDDED_CONTENTS, EMBEDDED_STYLES, PHOTOGRAPHS, Pairs
from eval.data.listed import ListedSet, listed_set
from eval.data.lock import KINDS, LOCK, default_folder, open_locked, published_folder
from eval.data.procedural_styles import NAMES


def choose_data(
    asked: str,
    contents: int,
    styles: int,
    folders: bool = False,
    pairs: Pairs = "all",
    pictures: str | None = None,
    fetch: Callable[[Path], str] | None = None,
) -> tuple[Path | None, str]:
    """Return the data folder of a run, None for the embedded set, and what to tell of it.

    Args:
        asked: ``embedded``, ``fetched`` for the default data folder, a data folder, or ``auto``:
            the default one if it is there or can be fetched, else the embedded set.
        contents: how many contents the run wants.
        styles: how many styles it wants.
        folders: whether the run was given a folder of its own; ``auto`` then stays out of it.
        pairs: ``published`` for a data folder of published pairs.
        pictures: name of the listed set that the run is about, see `eval.data.listed`.
        fetch: fetches the benchmark's set into a folder, and returns why it could not; nothing is
            fetched if None.

    Raises:
        UserError: the data folder is not whole.
    """
    if pairs == "published":
        return _published(asked, folders)
    if pictures is not None:
        return _listed(asked, folders, listed_set(pictures))
    if asked == "embedded" or (asked == "auto" and folders):
        return None, ""
    folder = default_folder() if asked in ("auto", "fetched") else Path(asked)
    if asked == "auto" and not (folder / LOCK).exists():
        why = f"{folder} holds no whole set" if fetch is None else fetch(folder)
        if why:
            have = f"{min(contents, len(PHOTOGRAPHS))} x {min(styles, len(NAMES))}"
            wanted = f"{contents} x {styles}"
            less = "" if have == wanted else f" instead of {wanted}"
            return None, f"pictures: the embedded set, {have}{less}, since {why}"
    lock = open_locked(folder)
    counts = [
        f"{min(most, len(lock.of(kind)))} {kind}"
        for kind, most in zip(KINDS, (contents, styles), strict=True)
        if lock.of(kind)
    ]
    size = sum(entry.size for entry in lock.files.values()) / 1e6
    return folder, (
        f"pictures: {' and '.join(counts)} of {folder}, {size:.1f} MB (--data embedded: not these)"
    )


def as_begun(asked: str, identity: Mapping[str, Any] | None) -> str:
    """Return what was asked for, where ``auto`` means the pictures that a run has begun with.

    Args:
        asked: see `choose_data`.
        identity: of the run, as run.json has it; None for a run that has not begun.
    """
    began_with = identity and (identity["contents_from"], identity["styles_from"])
    if asked == "auto" and began_with == (EMBEDDED_CONTENTS, EMBEDDED_STYLES):
        return "embedded"
    return asked


def _published(asked: str, folders: bool) -> tuple[Path, str]:
    if folders or asked == "embedded":
        raise UserError(
            "this profile is about the published pairs: it takes a data folder of `dfr data "
            "import --published DIR`, not --content, --style or the embedded set"
        )
    folder = published_folder() if asked in ("auto", "fetched") else Path(asked)
    if not (folder / LOCK).exists():
        raise UserError(
            f"{folder}: holds no published pairs; make it with `dfr data import --published DIR` "
            "or `dfr data fetch --published`"
        )
    return folder, f"pictures: the published pairs of {folder}"


def _listed(asked: str, folders: bool, listed: ListedSet) -> tuple[Path | None, str]:
    if folders:
        return None, ""
    if asked == "embedded":
        raise UserError(
            f"this profile is about {listed.title}: it takes `dfr data fetch --set {listed.name}`, "
            "or --content and --style, not the embedded set"
        )
    folder = listed.folder if asked in ("auto", "fetched") else Path(asked)
    if not (folder / LOCK).exists():
        raise UserError(
            f"{folder}: does not hold {listed.title}; run `dfr data fetch --set {listed.name}`, or "
            "name local copies with --content and --style"
        )
    return folder, f"pictures: {listed.title}, in {folder}"
