"""What every rule of a verdict stands on: its outcomes, and the scale that a verdict needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eval.analysis import published_numbers as published
from reports.inputs.run_data import RunData

#: The outcomes. Open: what is known does not decide it, and the claim says what would. Not
#: comparable: nothing that could be measured here would decide it.
HOLDS, CONTRADICTED, OPEN, NOT_COMPARABLE = "holds", "contradicted", "open", "not comparable"
VERDICTS = (HOLDS, CONTRADICTED, OPEN, NOT_COMPARABLE)

#: Solver -> fewer iterations than this show no style yet. 40 of the fast solver end lower than 100
#: of Adam, on real pairs from 56 x 68 to 88 x 108 pixels by 40 % or more for the unrotated style.
LEAST_ITERATIONS = MappingProxyType({"adam": 100, "lbfgs": 100, "fast": 40})
#: Fewer pairs than this carry no verdict about pairs.
LEAST_PAIRS = 5
#: What votes on a run's outputs need, in words; see `large_enough`.
ENOUGH = (
    f"{LEAST_ITERATIONS['adam']} iterations ({LEAST_ITERATIONS['fast']} of the fast solver) and "
    f"{LEAST_PAIRS} pairs"
)
#: Method -> height and width of a picture and the iterations that were published.
PUBLISHED_SCALE: Mapping[str, tuple[tuple[int, int], int]] = MappingProxyType(
    {
        "dfr": (published.SIZES["dfr"], published.DFR_ITERATIONS),
        "decormst": (published.SIZES["decormst"], published.DECORMST_ITERATIONS),
    }
)


@dataclass(frozen=True)
class Claim:
    """One row of the claims table.

    Attributes:
        name: a few words.
        claim: what was published.
        source: where.
        rule: how the verdict follows from the data, in words.
        measured: what this run says, and what was measured at the published size.
        verdict: one of `VERDICTS`.
        scale: at which scale the verdict was reached.
        evidence: name of the figure or table that shows it.
        decides: what would decide it, where the verdict is open; else empty.
        outcome: what was found, in one sentence, where the verdict is settled; else empty.
        numbers: of the outcome: the part of ``measured`` on which the verdict stands.
    """

    name: str
    claim: str
    source: str
    rule: str
    measured: str
    verdict: str
    scale: str
    evidence: str
    decides: str = ""
    outcome: str = ""
    numbers: str = ""

    def __post_init__(self) -> None:
        """Refuse an outcome that is none, and an open one that does not say what would decide."""
        assert self.verdict in VERDICTS
        assert bool(self.decides) == (self.verdict == OPEN)


def verdict_of(data: object, holds: Callable[[], bool]) -> str:
    """Return the verdict of a rule, or that it is open where there is no data for it."""
    if not data:
        return OPEN
    return HOLDS if holds() else CONTRADICTED


def this_run(run: RunData, pairs: int | None = None) -> str:
    """Tell the scale of a run in a few words."""
    count = len(run.pairs) if pairs is None else pairs
    return f"This run: {run.size} pixels, {count} pairs."


def published_dfr(run: RunData) -> list[str]:
    """Return the label of DFR as published: code reading, lambda 1, all four rotations.

    One or none: where several solvers made it, the one that did on most pairs.
    """
    return _on_most_pairs(
        cell["label"]
        for cell in run.cells
        if cell["method"] == "dfr"
        and cell["settings"]["reading"] == "code"
        and cell["settings"]["rotation_weight"] == 1
        and len(cell["settings"]["rotations"]) == published.DFR_MODES
    )


def decormst(run: RunData) -> list[str]:
    """Return the label of DeCorMST, likewise."""
    return _on_most_pairs(cell["label"] for cell in run.cells if cell["method"] == "decormst")


def _on_most_pairs(labels: Iterable[str]) -> list[str]:
    return [label for label, _ in Counter(labels).most_common(1)]


def large_enough(run: RunData, labels: Collection[str]) -> bool:
    """Tell whether these methods' iterations and pairs carry a verdict."""
    cells = [cell for cell in run.cells if cell["label"] in labels]
    pairs = Counter(cell["label"] for cell in cells)
    return (
        bool(cells)
        and min(pairs.values()) >= LEAST_PAIRS
        and all(_long_enough(cell["settings"].get("solver")) for cell in cells)
    )


def _long_enough(solver: Mapping[str, Any] | None) -> bool:
    # What it was given, not what it took: it may be done before.
    return solver is None or solver["iterations"] >= LEAST_ITERATIONS[solver["name"]]
