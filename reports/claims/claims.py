"""Published claims beside what was measured, each with a verdict computed by the rule beside it.

A rule is a function of the run; nothing here is typed in but the published numbers. A run too
small for a rule answers "not testable at this scale".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from reports.claims.modes import (
    effective,
    four_formulas,
    four_modes,
    lambda_controls,
    true_rotation,
)
from reports.claims.times import three_days, time_row
from reports.claims.verdicts import (
    FAILS,
    HOLDS,
    OPEN,
    PUBLISHED_SIZE,
    Claim,
    at_published_scale,
    verdict_of,
    with_interval,
)
from reports.claims.votes import dfr_over_decormst, shares_differ
from reports.run_data import RunData

#: The contents that the authors' repository ships: file, SHA-256, height, width.
AUTHORS_CONTENTS = Path(__file__).parent / "authors_contents.csv"
#: Fewer of them than this do not stand for all.
LEAST_CONTENTS = 10
#: How MSCOCO names its pictures.
COCO_NAME = r"(?:COCO_\w+_)?\d{12}\.jpg"


def five_correlations(run: RunData) -> Claim:
    """See whether each correlation of DeCorMST is really optimised."""
    curves = run.tables["curves"]
    labels = list(
        dict.fromkeys(cell["label"] for cell in run.cells if cell["method"] == "decormst")
    )
    ratios: dict[str, dict[str, float]] = {}
    told: list[str] = []
    for label in labels:
        ratios[label], parts = {}, []
        for mode, lines in curves[curves["label"] == label].groupby("mode", sort=False):
            pairs = lines.groupby(["content", "style"])["loss"]
            ends = pairs.last() / pairs.first()
            ratios[label][str(mode)] = float(ends.median())
            parts.append(f"{mode} {with_interval(ends, digits='.2g')}")
        told.append(f"{', '.join(parts)} ({run.solvers[label]})")
    judging = [label for label in labels if run.solvers[label] == "adam"]
    enough = at_published_scale(run, judging)
    return Claim(
        name="Five correlations",
        claim="Each of the five correlations, with the same weights and the same Adam, transfers "
        "the style in its own way.",
        source="DeCorMST, IEEE Access 2021",
        rule="Holds if every correlation ends lower in its own objective than the content picture "
        "it starts from (median over pairs of the loss at the end over the loss at the start is "
        f"below 1). Needs Adam, {PUBLISHED_SIZE}: Pearson's loss grows with the square of the "
        "number of pixels and Euclidean's with the number, so on smaller pictures the published "
        "weights are another method.",
        measured=f"Loss at the end over loss at the start: {'; '.join(told)}."
        if told
        else "No DeCorMST cell in this run.",
        verdict=verdict_of(
            judging if enough else [],
            lambda: all(ratio < 1 for label in judging for ratio in ratios[label].values()),
        ),
        evidence="loss_curves",
    )


def coco_contents(run: RunData) -> Claim:
    """See what the authors' own content pictures are, where the run used them."""
    theirs = pd.read_csv(AUTHORS_CONTENTS).set_index("sha256")
    used = [item["sha256"] for item in run.identity["contents"]]
    known = theirs.loc[[sha for sha in used if sha in theirs.index]]
    frame = ((known["height"] == 321) & (known["width"] == 481)) | (
        (known["height"] == 481) & (known["width"] == 321)
    )
    named = known["file"].str.fullmatch(COCO_NAME)
    here = f"This run: contents: {len(used)} ({run.identity['contents_from']}), styles: " + (
        f"{len(run.identity['styles'])} ({run.identity['styles_from']}). "
    )
    return Claim(
        name="MSCOCO contents",
        claim="The experiments use 15 MSCOCO contents and 20 WikiArt styles.",
        source="DFR slides",
        rule=f"Needs a run on at least {LEAST_CONTENTS} contents of the authors' repository (known "
        "by SHA-256). Does not "
        "hold if fewer than half of them carry an MSCOCO name (12 digits) and at least half have "
        "481 × 321 or 321 × 481 pixels, which is the one size of BSDS500; holds if at least half "
        "carry an MSCOCO name; otherwise it is open.",
        measured=here
        + (
            f"{len(known)} of them are those of the authors' repository: {int(frame.sum())} have "
            f"the size of BSDS500, {int(named.sum())} an MSCOCO name."
            if len(known)
            else "None of them is from the authors' repository, so this run cannot tell."
        ),
        verdict=_coco_verdict(named.mean(), frame.mean()) if len(known) >= LEAST_CONTENTS else OPEN,
        evidence="authors_contents",
    )


def _coco_verdict(named: float, frame: float) -> str:
    if named >= 0.5:
        return HOLDS
    return FAILS if frame >= 0.5 else OPEN


#: Every rule, in the order of the table. A new claim is one function and one line here.
RULES: tuple[Callable[[RunData], Claim], ...] = (
    four_modes,
    four_formulas,
    true_rotation,
    effective,
    lambda_controls,
    time_row,
    three_days,
    five_correlations,
    shares_differ,
    dfr_over_decormst,
    coco_contents,
)


def all_claims(run: RunData) -> list[Claim]:
    """Judge every claim against a run."""
    return [judge(run) for judge in RULES]
