"""The floor of chance: how far two outputs of one and the same objective are from each other.

Rounding grows in an optimisation, so two runs of one objective end in different pictures. Outputs
that are no further apart than that are not diverse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfr.core.images import load
from dfr.network.lpips import Lpips
from eval.runs.store import AGAIN, RunStore


def floor_rows(store: RunStore, lpips: Mapping[str, Lpips]) -> list[dict[str, Any]]:
    """Compare every output that was made a second time with the first.

    Args:
        store: a run whose cells are there.
        lpips: trunk -> the LPIPS distance: ``alex`` and ``vgg``.

    Returns:
        content, style, label, mode, and the distances ``lpips`` and ``lpips_vgg``. Of modes
        of one objective the first alone is there.
    """
    rows = []
    for again in store.cells_again():
        label = str(again["label"]).removesuffix(AGAIN)
        first = store.cell_folder(again["content"], again["style"], label)
        second = store.cell_folder(again["content"], again["style"], again["label"])
        files = store.read_cell(first)["files"]
        for mode, item in again["files"].items():
            if mode not in files or mode in again["twin_of"]:
                continue
            one, other = load(first / files[mode]["file"]), load(second / item["file"])
            rows.append(
                {
                    "content": again["content"],
                    "style": again["style"],
                    "label": label,
                    "mode": mode,
                    "lpips": float(lpips["alex"](one, other)),
                    "lpips_vgg": float(lpips["vgg"](one, other)),
                }
            )
    return rows
