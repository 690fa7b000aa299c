"""A run of the published pairs, set beside the published pictures; the tables lie in the run.

Only what was made as published is compared: the published size, and DFR with the settings of the
published code. The tables are those of `eval.published.pictures`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.method import settings_of
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from dfr.objective.published_size import DFR_SIZE
from eval.analysis.published_numbers import PRECISIONS, WEIGHTS
from eval.data.lock import Lock, open_locked
from eval.published.numbers import MODES, SOURCE
from eval.published.outputs import locked_pairs
from eval.published.pictures import compare_pictures, pictures_in
from eval.runs.comparison import ComparedPair, Comparison, read_comparison, write_comparison
from eval.runs.diff import flatten
from eval.runs.profiles import Profile
from eval.runs.store import RunStore


def compare_run(
    store: RunStore, data: Path, tell: Callable[[str], None] = lambda _: None
) -> Comparison:
    """Set a run's outputs beside the published ones, and write the tables into the run.

    What was compared before and has not changed is read, not measured again.

    Args:
        store: a run of the profile ``published``; its finished cells are compared.
        data: the data folder with the published pictures.
        tell: told which pair is compared.

    Raises:
        UserError: the run was not made as published, none of its pairs is in the data folder, or
            the data folder is not whole.
    """
    lock = open_locked(data)
    identity, cells = store.description["identity"], store.cells()
    _as_published(store, identity, cells)
    ours = _outputs(identity, cells, lock)
    pairs = [pair for pair in locked_pairs(data) if pair.name in ours]
    if not pairs:
        raise UserError(
            f"{store.folder}: none of its finished pairs is a published pair of {data}, with the "
            "same content and style"
        )
    compared = {pair.name: compared_pair(store, ours[pair.name], pair.name, lock) for pair in pairs}
    before = read_comparison(store)
    if before is not None and before.pairs == compared:
        if before.data != data.resolve():  # the same pictures in another place
            before = replace(before, data=data.resolve())
            write_comparison(store, before)
        return before
    weights = load_vgg19(identity["weights"]["source"])
    files = {
        name: {mode: store.cell_folder(*cell) / f"{mode}.png" for mode in MODES}
        for name, cell in ours.items()
    }
    # What is nearest to ours is looked for among all published pairs, made or not.
    every = [pair for pair in locked_pairs(data) if pair.rotation_weight == 1]
    tables = compare_pictures(every, files, Lpips("alex"), Encoder(weights), tell)
    comparison = Comparison(data.resolve(), compared, tables)
    write_comparison(store, comparison)
    return comparison


def compare_folder(
    ours: Path, data: Path, tell: Callable[[str], None] = lambda _: None
) -> dict[str, pd.DataFrame]:
    """Set a folder of pictures, ``PAIR/MODE.png``, beside the published ones, see `compare_run`.

    How they were made is not known here: the caller vouches for it.

    Raises:
        UserError: all four outputs of no published pair are there.
    """
    pairs = [pair for pair in locked_pairs(data) if pair.rotation_weight == 1]
    if not pairs:
        raise UserError(f"{data}: holds no published pair at lambda 1; import them again")
    found = pictures_in(ours, pairs)
    if not found:
        raise UserError(
            f"{ours}: holds neither a run nor the four outputs of a published pair, such as "
            f"{pairs[0].name}/{MODES[0]}.png"
        )
    return compare_pictures(pairs, found, Lpips("alex"), Encoder(load_vgg19()), tell)


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
    """Refuse a run whose pictures, network or settings are not the published ones."""
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
    if profile.precision not in PRECISIONS:
        wrong.append(f"precision {profile.precision} instead of {' or '.join(PRECISIONS)}")
    if identity["weights"]["source"] != WEIGHTS:
        wrong.append(f"weights {identity['weights']['source']} instead of {WEIGHTS}")
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
    identity: Mapping[str, Any], cells: list[dict[str, Any]], lock: Lock
) -> dict[str, tuple[str, str, str]]:
    """Return published pair -> content, style, label of our cell, where all four outputs are."""
    names = pair_names(identity, lock)
    found = {}
    for cell in cells:
        pair = names.get((cell["content"], cell["style"]))
        if cell["method"] == "dfr" and pair is not None and set(MODES) <= set(cell["files"]):
            found[pair] = (cell["content"], cell["style"], cell["label"])
    return found


def compared_pair(
    store: RunStore, cell: tuple[str, str, str], name: str, lock: Lock
) -> ComparedPair:
    """Say which pictures of a pair are compared."""
    content, style, _ = cell
    files = store.read_cell(store.cell_folder(*cell))["files"]
    (pair,) = (pair for pair in lock.pairs if pair.name == name)
    theirs = dict(zip(MODES, pair.outputs[SOURCE], strict=True))
    return ComparedPair(
        content=content,
        style=style,
        ours={mode: files[mode]["sha256"] for mode in MODES},
        theirs=theirs,
        theirs_sha256={mode: lock.files[file].sha256 for mode, file in theirs.items()},
    )
