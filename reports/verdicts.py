"""What a claim and a verdict are, and when a run is large enough for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reports import published
from reports.data import RunData

HOLDS, FAILS, OPEN = "holds", "does not hold", "not testable at this scale"

#: Fewer iterations than this show no style yet.
LEAST_ITERATIONS = 100
#: Fewer pairs than this carry no verdict about pairs.
LEAST_PAIRS = 5
#: A timed run of fewer iterations than this is mostly start-up.
LEAST_TIMED = 5


@dataclass(frozen=True)
class Claim:
    """One row of the claims table.

    Attributes:
        name: a few words.
        claim: what was published.
        source: where.
        rule: how the verdict follows from the data, in words.
        measured: what this run says.
        verdict: one of `HOLDS`, `FAILS`, `OPEN`.
        evidence: name of the figure or table that shows it.
    """

    name: str
    claim: str
    source: str
    rule: str
    measured: str
    verdict: str
    evidence: str


def verdict_of(data: object, holds: Callable[[], bool]) -> str:
    """Return the verdict of a rule, or that there is no data for it."""
    if not data:
        return OPEN
    return HOLDS if holds() else FAILS


def published_dfr(run: RunData) -> list[str]:
    """Return the labels of DFR as published: code reading, lambda 1, all four rotations."""
    return list(
        dict.fromkeys(
            cell["label"]
            for cell in run.cells
            if cell["method"] == "dfr"
            and cell["settings"]["reading"] == "code"
            and cell["settings"]["rotation_weight"] == 1
            and len(cell["settings"]["rotations"]) == published.DFR_MODES
        )
    )


def large_enough(run: RunData, labels: list[str]) -> bool:
    """Tell whether these methods' iterations and the run's pairs carry a verdict."""
    counts = [count for label, count in run.iterations.items() if label in labels]
    return bool(counts) and min(counts) >= LEAST_ITERATIONS and len(run.pairs) >= LEAST_PAIRS
