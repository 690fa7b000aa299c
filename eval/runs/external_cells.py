"""Cells of methods of which only the outputs are here: measured like any other, not made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from baselines.external import ExternalMethod, load_outputs, scan
from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.core.images import Size, load
from dfr.core.memory import Peak
from dfr.methods.method import Stylization
from eval.data.dataset import Dataset, Picture
from eval.runs.cell import row_of
from eval.runs.profiles import Profile
from eval.runs.tools import Tools

METHOD = "external"


def find_external(
    folder: Path | None, dataset: Dataset, size: Size, profile: Profile
) -> list[ExternalMethod]:
    """Find other people's outputs for a data set; they must have the working size.

    Raises:
        UserError: see `baselines.external.scan`; or a label that the profile uses too.
    """
    if folder is None:
        return []
    sizes = {picture.name: size.of(*load(picture.path).shape[-2:]) for picture in dataset.contents}
    methods = scan(
        folder,
        [picture.name for picture in dataset.contents],
        [picture.name for picture in dataset.styles],
        sizes.__getitem__,
    )
    taken = {entry.label for entry in profile.methods}
    for method in methods:
        if method.label in taken:
            raise UserError(
                f"{folder / method.label}: the profile has a method of this name too; rename the "
                "folder"
            )
    return methods


def identity_of(method: ExternalMethod) -> dict[str, Any]:
    """Describe a method for run.json: what it says of itself, its files' hashes, and its gaps."""
    return {
        "label": method.label,
        "title": method.title,
        "citation": method.citation,
        "seconds_per_output": method.seconds_per_output,
        "files": {
            f"{content} × {style}, {mode}": sha256(path)
            for (content, style), modes in method.outputs.items()
            for mode, path in modes.items()
        },
        "missing": [f"{gap.content} × {gap.style}, {gap.mode}" for gap in method.missing],
        "extra": [path.name for path in method.extra],
        "wrong_size": [
            f"{wrong.path.name} ({wrong.found[0]} x {wrong.found[1]} instead of "
            f"{wrong.expected[0]} x {wrong.expected[1]})"
            for wrong in method.wrong_size
        ],
    }


def make_external_cell(
    method: ExternalMethod, content: Picture, style: Picture, tools: Tools
) -> tuple[Stylization, dict[str, Any]]:
    """Measure a method's outputs of one pair.

    Returns:
        the outputs, and the row of the store. Seconds are those that the method's maker tells,
        on a machine of their own; NaN where they tell none.
    """
    pictures = load_outputs(method, content.name, style.name)
    each = float("nan") if method.seconds_per_output is None else method.seconds_per_output
    result = Stylization(
        method=METHOD,
        settings={"citation": method.citation},
        pictures=pictures,
        curves={},
        losses={},
        failed={},
        iterations=0,
        evaluations=0,
        seconds=each * len(pictures),
        seconds_targets=float("nan"),
    )
    pair = tools.images.load_pair(content.path, style.path)
    memory = Peak(float("nan"), "not measured")
    return result, row_of(METHOD, *pair, result, memory, tools)
