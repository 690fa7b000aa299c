"""Measures over a whole run: FID, KID, ArtFID of each named output, and of the controls."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch

from dfr.core.images import load
from dfr.core.provenance import environment
from dfr.network.inception import Inception
from eval.measures.registry import RUN_MEASURES
from eval.measures.run_context import KeptPicture, RunContext, RunOutput
from eval.measures.set_distances import note
from eval.runs.added import CONTROL, CONTROLS, FOLDER, Added, digest, key_of
from eval.runs.controls import noise
from eval.runs.store import RunStore

Row = dict[str, Any]
Groups = dict[tuple[str, str], list[RunOutput]]


def measure_sets(
    store: RunStore,
    name: str,
    file: Path | None,
    device: torch.device,
    tell: Callable[[str], None] = lambda _: None,
) -> bool:
    """Take a measure over a run and write it into the run's folder, unless it is there.

    Features of pictures are kept in the folder too, so that nothing is computed twice.

    Args:
        store: the run.
        name: of the measure.
        file: of its network's weights; from the cache or their address if None.
        device: where to compute.
        tell: told what is done.

    Returns:
        whether it was taken; False where the run has it, of the same pictures and weights.

    Raises:
        UserError: weights are not here, a picture is too small, or another measure is needed first.
    """
    entry = RUN_MEASURES[name]
    network = Inception(entry.network, file, device)
    groups = groups_of(store)
    digests = {key: _digest(outputs) for key, outputs in groups.items()}
    before = Added.read(store.folder).files.get(name, {"rows": []})
    same = {(row["label"], row["mode"]): row["digest"] for row in before["rows"]} == digests
    if same and before["weights"]["sha256"] == network.sha256:
        return False
    tell(f"{name}: {len(groups)} named outputs, {entry.network}")
    context = RunContext(groups, {entry.network: network}, store.folder / FOLDER / "features")
    found = pkgutil.resolve_name(entry.where)(context)
    fewest = min(map(len, groups.values()))
    store.write_sealed(
        f"{FOLDER}/{name}.json",
        {
            "measure": name,
            "environment": environment(device),
            "weights": {"network": entry.network, "sha256": network.sha256},
            "note": note(fewest),
            "rows": [
                {
                    "label": label,
                    "mode": mode,
                    "pictures": len(outputs),
                    "digest": digests[label, mode],
                    **found.get((label, mode), {}),
                }
                for (label, mode), outputs in groups.items()
            ],
        },
    )
    return True


def groups_of(store: RunStore) -> Groups:
    """Return the outputs of a run by (label, mode), and then the controls of its pairs."""
    cells = store.cells()
    hashes = store.read_sealed("pictures.json")["sha256"]
    controls = {key_of(row): row for row in Added.read(store.folder).controls()}
    groups: Groups = {}
    pairs: dict[tuple[str, str], tuple[KeptPicture, KeptPicture, Sequence[int]]] = {}
    for cell in cells:
        pair = (cell["content"], cell["style"])
        if pair not in pairs:
            kept = [
                _kept(store, hashes, kind, name, cell["size"])
                for kind, name in zip(("content", "style"), pair, strict=True)
            ]
            pairs[pair] = (kept[0], kept[1], cell["size"])
        content, style, _ = pairs[pair]
        folder = store.cell_folder(*pair, cell["label"])
        for row in cell["measures"]["outputs"]:
            item = cell["files"][row["mode"]]
            picture = KeptPicture(item["sha256"], partial(load, folder / item["file"]))
            output = RunOutput(content, style, picture, row)
            groups.setdefault((cell["label"], row["mode"]), []).append(output)
    for mode in CONTROLS:
        groups[CONTROL, mode] = [
            RunOutput(content, style, _control(mode, pair, content, style, size),
                      controls.get((*pair, CONTROL, mode), {}))
            for pair, (content, style, size) in pairs.items()
        ]  # fmt: skip
    return groups


def _kept(
    store: RunStore, hashes: Mapping[str, str], kind: str, name: str, size: Sequence[int]
) -> KeptPicture:
    path = store.picture_path(kind, name, *size)
    return KeptPicture(hashes[path.relative_to(store.folder).as_posix()], partial(load, path))


def _control(
    mode: str,
    pair: tuple[str, str],
    content: KeptPicture,
    style: KeptPicture,
    size: Sequence[int],
) -> KeptPicture:
    if mode != "noise":
        return {"photograph": content, "style": style}[mode]
    known_as = digest(["noise", *pair, *map(str, size)])
    return KeptPicture(known_as, partial(noise, pair, (1, 3, *size)))


def _digest(outputs: Sequence[RunOutput]) -> str:
    return digest([output.picture.sha256 for output in outputs])
