"""A run of the published pairs, set beside the published pictures; the tables lie in the run.

Only what was made as published is compared: the published size, and DFR with the settings of the
published code. The tables are those of `eval.published.pictures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.method import settings_of
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from dfr.objective.balance import DFR_SIZE
from eval.data.lock import Lock, open_locked
from eval.published.outputs import locked_pairs
from eval.published.pictures import MODES, compare_pictures, pictures_in
from eval.runs.diff import flatten
from eval.runs.profiles import Profile
from eval.runs.store import RunStore

#: Of a run that was compared: the tables, and which data folder holds the published pictures.
FILE = "published.json"


def compare_run(
    store: RunStore, data: Path, tell: Callable[[str], None] = lambda _: None
) -> dict[str, pd.DataFrame]:
    """Set a run's outputs beside the published ones, and write the tables into the run.

    What was compared before and has not changed is read, not measured again.

    Args:
        store: a run of the profile ``published``; its finished cells are compared.
        data: the data folder with the published pictures.
        tell: told which pair is compared.

    Returns:
        the tables ``pictures``, ``retrieval`` and ``diversity``.

    Raises:
        UserError: the run was not made as published, none of its pairs is in the data folder, or
            the data folder is not whole.
    """
    lock = open_locked(data)
    identity, cells = store.description["identity"], store.cells()
    _as_published(store, identity, cells)
    ours = _outputs(store, identity, cells, lock)
    pairs = [pair for pair in locked_pairs(data) if pair.name in ours]
    if not pairs:
        raise UserError(
            f"{store.folder}: none of its finished pairs is a published pair of {data}, with the "
            "same content and style"
        )
    compared = {
        pair: {mode: sha256(file) for mode, file in files.items()} for pair, files in ours.items()
    }
    before = read_comparison(store)
    if before is not None and store.read_sealed(FILE)["compared"] == compared:
        return before[0]
    weights = load_vgg19(identity["weights"]["source"])
    found = compare_pictures(pairs, ours, Lpips("alex"), Encoder(weights), tell)
    rows = {name: frame.to_dict("records") for name, frame in found.items()}
    with store.locked():
        store.write_sealed(
            FILE, {"data": str(data.resolve()), "compared": compared, "tables": rows}
        )
    return found


def compare_folder(
    ours: Path, data: Path, tell: Callable[[str], None] = lambda _: None
) -> dict[str, pd.DataFrame]:
    """Set a folder of pictures, ``PAIR/MODE.png``, beside the published ones, see `compare_run`.

    How they were made is not known here: the caller vouches for it.

    Raises:
        UserError: all four outputs of no published pair are there.
    """
    pairs = [pair for pair in locked_pairs(data) if pair.rotation_weight == 1]
    found = pictures_in(ours, pairs)
    if not found:
        raise UserError(
            f"{ours}: holds neither a run nor the four outputs of a published pair, such as "
            f"{pairs[0].name}/{MODES[0]}.png"
        )
    return compare_pictures(pairs, found, Lpips("alex"), Encoder(load_vgg19()), tell)


def read_comparison(store: RunStore) -> tuple[dict[str, pd.DataFrame], Path] | None:
    """Return the tables of a run that was compared, and the published pictures' data folder.

    Raises:
        UserError: the file was changed.
    """
    if not (store.folder / FILE).exists():
        return None
    content = store.read_sealed(FILE)
    tables = {name: pd.DataFrame(rows) for name, rows in content["tables"].items()}
    return tables, Path(content["data"])


def pair_names(identity: Mapping[str, Any], lock: Lock) -> dict[tuple[str, str], str]:
    """Return (content, style) of a run -> the published pair of the same two pictures, at lambda 1.

    Args:
        identity: of the run, as run.json has it.
        lock: of a data folder with published pairs.
    """
    contents, styles = (
        {item["sha256"]: item["name"] for item in identity[kind]} for kind in ("contents", "styles")
    )
    found = {}
    for pair in lock.pairs:
        content = contents.get(lock.files[pair.content].sha256)
        style = styles.get(lock.files[pair.style].sha256)
        if pair.rotation_weight == 1 and content is not None and style is not None:
            found[content, style] = pair.name
    return found


def _as_published(
    store: RunStore, identity: Mapping[str, Any], cells: list[dict[str, Any]]
) -> None:
    """Refuse a run whose size, resizing, saving or settings are not the published ones."""
    published = {
        "size": f"{DFR_SIZE[0]}x{DFR_SIZE[1]}",
        "resizing": "published",
        "saving": "published",
    }
    profile = Profile(**identity["profile"])
    wrong = [
        f"{name} {getattr(profile, name)} instead of {wanted}"
        for name, wanted in published.items()
        if getattr(profile, name) != wanted
    ]
    made = {cell["label"]: cell["settings"] for cell in cells if cell["method"] == "dfr"}
    if not made:
        wrong.append("no finished cell of DFR")
    for label, settings in made.items():
        wrong += [f"{label}: {difference}" for difference in _differences(settings)]
    if len(made) > 1:
        wrong.append("more than one entry of DFR")
    if wrong:
        raise UserError(
            f"{store.folder}: was not made as published, so it is not set beside the published "
            f"pictures: {'; '.join(wrong)}"
        )


def _differences(settings: Mapping[str, Any]) -> Iterator[str]:
    """Name each setting of DFR that is not the published one."""
    published, found = flatten(settings_of(DFR())), flatten(settings)
    for name in sorted(published.keys() | found.keys()):
        if published.get(name) != found.get(name):
            yield f"{name} {found.get(name)} instead of {published.get(name)}"


def _outputs(
    store: RunStore, identity: Mapping[str, Any], cells: list[dict[str, Any]], lock: Lock
) -> dict[str, dict[str, Path]]:
    """Return published pair -> mode -> our picture, of the pairs of which all four are there."""
    names = pair_names(identity, lock)
    found = {}
    for cell in cells:
        pair = names.get((cell["content"], cell["style"]))
        if cell["method"] == "dfr" and pair is not None and set(MODES) <= set(cell["files"]):
            folder = store.cell_folder(cell["content"], cell["style"], cell["label"])
            found[pair] = {mode: folder / cell["files"][mode]["file"] for mode in MODES}
    return found
