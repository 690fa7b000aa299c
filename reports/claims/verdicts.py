"""What a claim and a verdict are, and when a run is large enough for one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eval.analysis import published_numbers as published
from reports.inputs.run_data import RunData

HOLDS, FAILS, OPEN = "holds", "does not hold", "not testable at this scale"

#: Solver -> fewer iterations than this show no style yet. 40 of the fast solver end lower than 100
#: of Adam, on real pairs from 56 x 68 to 88 x 108 pixels by 40 % or more for the unrotated style.
LEAST_ITERATIONS = MappingProxyType({"adam": 100, "lbfgs": 100, "fast": 40})
#: Fewer pairs than this carry no verdict about pairs.
LEAST_PAIRS = 5
#: What a verdict about pictures needs, in words; see `large_enough`.
ENOUGH = (
    f"{LEAST_ITERATIONS['adam']} iterations ({LEAST_ITERATIONS['fast']} of the fast solver) and "
    f"{LEAST_PAIRS} pairs"
)
#: Method -> the pixels of a picture and the iterations that were published. Terms of the objectives
#: grow with the number of pixels, each in its own way, so below it the published weights make
#: another method, and a run says nothing about published pictures.
PUBLISHED_SCALE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"dfr": (422 * 512, 3000), "decormst": (321 * 481, 1000)}
)
#: What a verdict about published pictures needs, in words; see `at_published_scale`.
PUBLISHED_SIZE = (
    "the published size and iterations (DFR 422 × 512 and 3000, DeCorMST 321 × 481 and 1000) and "
    f"{LEAST_PAIRS} pairs"
)
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


def at_published_scale(run: RunData, labels: Collection[str]) -> bool:
    """Tell whether these methods ran with the published size and iterations, on enough pairs."""
    cells = [cell for cell in run.cells if cell["label"] in labels]
    return large_enough(run, labels) and all(
        cell["size"][0] * cell["size"][1] >= pixels
        and cell["settings"]["solver"]["name"] == "adam"
        and cell["settings"]["solver"]["iterations"] >= iterations
        for cell in cells
        for pixels, iterations in [PUBLISHED_SCALE[cell["method"]]]
    )


def _long_enough(solver: Mapping[str, Any] | None) -> bool:
    # What it was given, not what it took: it may be done before.
    return solver is None or solver["iterations"] >= LEAST_ITERATIONS[solver["name"]]
