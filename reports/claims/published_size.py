"""Verdicts about published pictures: at the published size, or in a miniature that agrees with it.

Terms of the objectives grow with the number of pixels, each in its own way, so on smaller pictures
the published weights make another method. A run judges a published result only if it has the
published size and settings, or if it has the published balance
(`dfr.objective.balance`) at another size at which the study of scale (``reports/published``) found
the same conclusion as at the published size. Every other run leaves the verdict to what was
measured at the published size once, and says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eval.analysis import published_numbers as published
from eval.published.scale_conclusions import NO_MINIATURE
from reports.claims.verdicts import (
    CONTRADICTED,
    HOLDS,
    LEAST_PAIRS,
    OPEN,
    PUBLISHED_SCALE,
    this_run,
)
from reports.inputs.published_size import answers
from reports.inputs.run_data import RunData
from reports.tables.scale import least_side

#: What a run needs that judges a published result, in words.
NEEDED = (
    "A run judges it with the published settings, size and iterations (DFR 422 × 512, 3000, "
    "DeCorMST 321 × 481, 1000), or with the published balance at another size at which the study "
    f"of scale found the same conclusion, on {LEAST_PAIRS} pairs. For any other run it is judged "
    "by the outputs that were made at the published size once (reports/published, three pairs): it "
    "holds where it is true of every mode in every pair, is contradicted where there is a mode of "
    "which it is true in no pair, and is open otherwise."
)
#: How the outputs of the published size were made, where that is not as published.
_MADE: Mapping[str, str] = MappingProxyType(
    {"dfr": "", "decormst": ", colours in the order of the weights and not swapped as published"}
)
#: The scale of a verdict that is open for want of one.
NO_SCALE = "At no scale that could tell."


@dataclass(frozen=True)
class Judged:
    """The part of a claim that depends on the scale.

    Attributes:
        verdict: one of `reports.claims.verdicts.VERDICTS`.
        scale: at which it was reached.
        measured: what was measured at the published size, in words; empty if nothing was.
    """

    verdict: str
    scale: str
    measured: str


def judged(
    run: RunData, labels: Collection[str], method: str, conclusion: str, here: Mapping[str, bool]
) -> Judged:
    """Judge a conclusion about every mode of a method: it holds if it is true of each.

    Args:
        run: the run.
        labels: of the method in it; the one that may judge.
        method: ``dfr`` or ``decormst``.
        conclusion: its name in `eval.published.scale_conclusions.IN_WORDS`.
        here: mode -> whether it is true in this run; for its modes the published size is asked too.
    """
    known = published_size(method, conclusion, tuple(here))
    told = known.told if known else ""
    may = _may_judge(run, labels, method, conclusion, here)
    if may:
        verdict = HOLDS if all(here.values()) else CONTRADICTED
        return Judged(verdict, f"{this_run(run, _pairs(run, labels))} {may}", told)
    if known is None:
        return Judged(OPEN, NO_SCALE, told)
    return Judged(known.verdict, known.scale, told)


@dataclass(frozen=True)
class PublishedSize:
    """What was measured at the published size.

    Attributes:
        verdict: `HOLDS` if the conclusion is true of every mode in every pair, `CONTRADICTED` if
            there is a mode of which it is true in no pair, `OPEN` otherwise.
        scale: size, iterations and pairs, in words.
        told: the numbers.
    """

    verdict: str
    scale: str
    told: str


def published_size(method: str, conclusion: str, modes: tuple[str, ...]) -> PublishedSize | None:
    """Return what was found of some modes at the published size; None if some were not made."""
    found = answers(method, conclusion)
    if not modes or not set(modes) <= found.keys():
        return None
    shares = [found[mode].true / found[mode].pairs for mode in modes]
    verdict = CONTRADICTED if 0 in shares else HOLDS if set(shares) == {1} else OPEN
    (height, width), iterations = PUBLISHED_SCALE[method]
    pairs = min(found[mode].pairs for mode in modes)
    where = f"{height} × {width}, {iterations} iterations, {pairs} pairs{_MADE[method]}"
    numbers = ", ".join(f"{mode} {found[mode].numbers}" for mode in modes)
    return PublishedSize(
        verdict,
        f"The published size: {where} (reports/published, not this run).",
        f"At the published size ({where}): {numbers}.",
    )


def _may_judge(
    run: RunData, labels: Collection[str], method: str, conclusion: str, modes: Collection[str]
) -> str:
    """Say why a run may judge a conclusion; nothing where it may not."""
    cells = [cell for cell in run.cells if cell["label"] in labels]
    if at_published_size(run, labels, method):
        return "The published size and iterations."
    if not _as_published(run, cells, method):
        return ""
    if set(NO_MINIATURE) & set(modes) or not all(cell["settings"]["balanced"] for cell in cells):
        return ""
    sides = [least_side(method, conclusion, mode) for mode in modes]
    known = [side for side in sides if side is not None]
    if len(known) < len(sides) or min(max(cell["size"]) for cell in cells) < max(known):
        return ""
    return (
        "Another size with the published balance; from a longer side of "
        f"{max(known)} pixels on it agrees with the published size."
    )


def at_published_size(run: RunData, labels: Collection[str], method: str) -> bool:
    """Tell whether a method ran with its published size and settings on enough pairs.

    Args:
        run: the run.
        labels: of the method's cells.
        method: its name in `reports.claims.verdicts.PUBLISHED_SCALE`.
    """
    cells = [cell for cell in run.cells if cell["label"] in labels]
    size, _ = PUBLISHED_SCALE[method]
    # DFR resizes every picture to its size; DeCorMST's contents keep theirs, also upright.
    sizes = {size} if method == "dfr" else {size, size[::-1]}
    return _as_published(run, cells, method) and all(tuple(cell["size"]) in sizes for cell in cells)


def _as_published(run: RunData, cells: Sequence[Mapping[str, Any]], method: str) -> bool:
    """Tell whether cells have the published settings, whatever their size, on enough pairs."""
    pairs = {(cell["content"], cell["style"]) for cell in cells}
    return (
        len(pairs) >= LEAST_PAIRS
        and run.identity["profile"]["precision"] in published.PRECISIONS
        and run.identity["weights"]["source"] == published.WEIGHTS
        and all(_published_settings(cell["settings"], method) for cell in cells)
    )


def _published_settings(settings: Mapping[str, Any], method: str) -> bool:
    """Tell whether a method's settings are the published ones, but for its balance."""
    _, iterations = PUBLISHED_SCALE[method]
    wanted = {**published.ADAM, "counter_steps": published.COUNTER_STEPS[method]}
    solver = settings["solver"]
    return (
        all(solver.get(name) == value for name, value in wanted.items())
        and solver["iterations"] >= iterations
        and settings["loss_weights"] == published.LOSS_WEIGHTS[method]
        and settings.get("fusion", "gram") == "gram"
    )


def _pairs(run: RunData, labels: Collection[str]) -> int:
    return sum(cell["label"] in labels for cell in run.cells)
