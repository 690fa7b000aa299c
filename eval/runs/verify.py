"""Make some cells of a run again and compare them with what the run holds."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from dfr.core.errors import UserError
from dfr.core.images import load, to_bytes
from dfr.core.provenance import environment
from dfr.methods.method import Stylization, settings_of
from dfr.methods.registry import package_of
from eval.data.chosen import as_begun, choose_data
from eval.data.dataset import Dataset, Picture, open_dataset
from eval.measures.registry import DEFAULT, OUTPUT_COLUMNS, OUTPUT_MEASURES, measure
from eval.runs.cell import context_of, make_cell
from eval.runs.checkpoints import check_checkpoints
from eval.runs.profiles import MethodEntry, Profile
from eval.runs.run_weights import weights_of
from eval.runs.store import RunStore
from eval.runs.tools import Tools

#: On another machine, or with another library, rounding differs and 8-bit pictures drift apart;
#: an output is still taken as confirmed while its measures differ by less than this, relative.
TOLERANCE = 0.05
#: Equal pictures must have equal measures, but for the order of sums.
ROUNDING = 1e-3


@dataclass(frozen=True)
class Check:
    """One output, made again.

    Attributes:
        cell: content, style, label.
        mode: the output.
        identical: whether every pixel is the same.
        pixels: mean absolute difference in 8-bit levels.
        measures: name -> difference of the measure of this output, relative where it is above 1.
    """

    cell: tuple[str, str, str]
    mode: str
    identical: bool
    pixels: float
    measures: Mapping[str, float]

    @property
    def confirmed(self) -> bool:
        """Whether the run's numbers stand."""
        return max(self.measures.values()) < (ROUNDING if self.identical else TOLERANCE)

    @property
    def furthest(self) -> tuple[str, float]:
        """The measure that differs most, and by how much."""
        return max(self.measures.items(), key=lambda item: item[1])


def verify_run(
    folder: Path,
    count: int,
    *,
    content: Path | None = None,
    style: Path | None = None,
    data: str = "auto",
    device: torch.device,
    seed: int | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Check]:
    """Check every cell's seal, then make ``count`` randomly drawn cells again.

    Args:
        folder: the run.
        count: how many cells to make again; all if there are no more. (Other people's outputs
            cannot be made again; their seals are checked.)
        content: folder of the content pictures, where the run used one.
        style: folder of the style pictures, where the run used one.
        data: where the run's other pictures are from, see `eval.data.chosen.choose_data`.
        device: where to compute.
        seed: of the drawing of cells; None draws differently each time.
        tell: told what is being made.

    Raises:
        UserError: no run there, a changed file, or pictures or weights that are not the run's.
    """
    store = RunStore.open(folder)
    cells = [*store.cells(), *store.cells_again()]
    identity = store.description["identity"]
    _check_packages(folder, identity.get("packages", {}))
    profile = Profile(**identity["profile"])
    check_checkpoints(folder, identity.get("checkpoints", {}), profile)
    chosen, _ = choose_data(
        as_begun(data, identity),
        profile.contents,
        profile.styles,
        folders=content is not None or style is not None,
        pairs=profile.pairs,
        pictures=profile.pictures,
    )
    dataset = open_dataset(
        content, style, folder / "pictures" / "procedural", profile.contents, profile.styles,
        chosen, profile.pairs,
    )  # fmt: skip
    pictures = _the_runs_pictures(identity, dataset)
    weights = weights_of(identity)
    contents = [pictures["contents", item["name"]].path for item in identity["contents"]]
    tools = Tools.make(
        weights,
        profile.precision,
        device,
        environment(device),
        identity["seed"],
        contents,
        profile.images,
    )
    entries = {entry.label: entry for entry in profile.entries}
    checks: list[Check] = []
    ours = [cell for cell in cells if cell["label"] in entries]
    drawn = random.Random(seed).sample(ours, min(count, len(ours)))
    for cell in drawn:
        _check_settings(cell, entries[cell["label"]])
        torch.set_num_threads(cell["environment"]["threads"])  # so that sums have one order
        tell(f"{cell['content']} × {cell['style']}: {cell['title']}")
        pair = (
            pictures["contents", cell["content"]].path,
            pictures["styles", cell["style"]].path,
        )
        result, row = make_cell(*pair, entries[cell["label"]], tools)
        before = {item["mode"]: item for item in cell["measures"]["outputs"]}
        added = _added(cell, pair, result, tools, tell)
        after = {
            item["mode"]: {**item, **added.get(item["mode"], {})}
            for item in row["measures"]["outputs"]
        }
        if set(before) != set(after):
            raise UserError(
                f"{cell['content']} × {cell['style']}, {cell['label']}: the outputs made again "
                f"are {', '.join(after)}, but the run has {', '.join(before)}; make this cell anew"
            )
        where = store.cell_folder(cell["content"], cell["style"], cell["label"])
        for mode, picture in result.pictures.items():
            kept = to_bytes(load(where / cell["files"][mode]["file"]))
            made = to_bytes(picture)
            checks.append(
                Check(
                    cell=(cell["content"], cell["style"], cell["label"]),
                    mode=mode,
                    identical=bool(np.array_equal(kept, made)),
                    pixels=float(np.abs(kept.astype(float) - made.astype(float)).mean()),
                    measures={
                        name: _apart(before[mode][name], after[mode][name])
                        for name in OUTPUT_COLUMNS
                        # A run may have fewer or more than this version takes as it goes.
                        if name in before[mode] and name in after[mode]
                    },
                )
            )
    return checks


def _check_packages(folder: Path, packages: Mapping[str, str]) -> None:
    """Refuse to make cells again with other packages than they were made with."""
    for what, package in packages.items():
        here = package_of(what)
        if here != package:
            raise UserError(
                f"{folder}: was made with {what} of {package}, but here is "
                f"{f'that of {here}' if here else 'none'}; install {package}"
            )


def _added(
    cell: Mapping[str, Any],
    pair: tuple[Path, Path],
    result: Stylization,
    tools: Tools,
    tell: Callable[[str], None],
) -> dict[str, Mapping[str, Any]]:
    """Take the measures that were added to a cell, of the outputs made again: mode -> columns."""
    rows = cell["measures"]["outputs"]
    names = [
        name for name in OUTPUT_MEASURES if name not in DEFAULT and all(name in row for row in rows)
    ]
    if not names:
        return {}
    context = context_of(*tools.images.load_pair(*pair), result.pictures, tools)
    try:
        return {str(row["mode"]): row for row in measure(context, names)["outputs"]}
    except UserError as error:
        tell(f"not measured again: {', '.join(names)} ({error})")
        return {}


def _check_settings(cell: Mapping[str, Any], entry: MethodEntry) -> None:
    """Refuse to make a cell again with other settings than it was made with."""
    if settings_of(entry.build()) != cell["settings"]:
        raise UserError(
            f"{cell['content']} × {cell['style']}, {cell['label']}: was made with other settings "
            "than this version has under the same names, so it cannot be made again; take the "
            "version that made it, or make the run anew"
        )


def _the_runs_pictures(
    identity: dict[str, Any], dataset: Dataset
) -> dict[tuple[str, str], Picture]:
    """Find each of the run's pictures in a data set, by hash."""
    found: dict[tuple[str, str], Picture] = {}
    for kind, option, here in (
        ("contents", "--content", dataset.contents),
        ("styles", "--style", dataset.styles),
    ):
        by_hash = {picture.sha256: picture for picture in here}
        for item in identity[kind]:
            if item["sha256"] not in by_hash:
                raise UserError(
                    f"{item['file']}: the run's picture with SHA-256 {item['sha256'][:16]}... is "
                    f"not here; name the folder that the run used with {option} or --data"
                )
            found[kind, item["name"]] = by_hash[item["sha256"]]
    return found


def _apart(a: float, b: float) -> float:
    # Some measures cross 0, where a relative difference says nothing; below 1 it is absolute.
    return abs(a - b) / max(abs(a), abs(b), 1.0)
