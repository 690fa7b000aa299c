"""Time of DFR-1, DFR-2, ..., and the mode audit of every style of a run."""

from __future__ import annotations

import statistics
import time
from typing import Any

from dfr.audit import audit
from dfr.device import synchronise
from dfr.encoder import Encoder
from dfr.images import Size, load_pair
from dfr.model import DFR
from dfr.rotation import PUBLISHED
from dfr.synthesis import Adam
from eval.dataset import Dataset
from eval.profiles import Timing

#: The readings whose modes are audited; ``angle`` has no fixed set of modes.
AUDITED = ("code", "paper", "spatial")


def time_outputs(
    settings: Timing, dataset: Dataset, size: Size, encoder: Encoder
) -> list[dict[str, Any]]:
    """Time DFR-X for each number X of outputs, on the first pair.

    One run for warming up, then rounds in which every X has its turn, so that a slow minute
    does not fall on one of them. The time includes features and targets.

    Returns:
        one row per X and round: outputs, round, iterations, seconds.
    """
    content, style = load_pair(dataset.contents[0].path, dataset.styles[0].path, size)

    def run(outputs: int) -> float:
        method = DFR(rotations=PUBLISHED[:outputs], solver=Adam(iterations=settings.iterations))
        synchronise(encoder.device)
        began = time.perf_counter()
        method.stylize(content, style, encoder)
        synchronise(encoder.device)
        return time.perf_counter() - began

    run(max(settings.outputs))
    return [
        {
            "outputs": outputs,
            "round": turn,
            "iterations": settings.iterations,
            "seconds": run(outputs),
        }
        for turn in range(settings.repeats)
        for outputs in settings.outputs
    ]


def median_seconds(rows: list[dict[str, Any]]) -> dict[int, float]:
    """Return the median seconds of each number of outputs."""
    by_outputs: dict[int, list[float]] = {}
    for row in rows:
        by_outputs.setdefault(int(row["outputs"]), []).append(float(row["seconds"]))
    return {outputs: statistics.median(seconds) for outputs, seconds in by_outputs.items()}


def audit_rows(dataset: Dataset, size: Size, encoder: Encoder) -> list[dict[str, Any]]:
    """Audit the four published rotations in each reading, for every style.

    Returns:
        one row per style and reading: distances between modes per layer, groups of modes that
        are the same objective, and how many are distinct.
    """
    rows = []
    for style in dataset.styles:
        _, picture = load_pair(dataset.contents[0].path, style.path, size)
        for reading in AUDITED:
            found = audit(DFR(reading=reading), picture, encoder)
            rows.append(
                {
                    "style": style.name,
                    "reading": reading,
                    "modes": list(found.modes),
                    "distances": [
                        {"mode": b, "against": a, **layers}
                        for (b, a), layers in found.distances.items()
                    ],
                    "groups": [list(group) for group in found.groups],
                    "distinct": found.distinct,
                }
            )
    return rows
