"""The claim about the content pictures: what the authors' repository really ships."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN, Claim
from reports.inputs.run_data import RunData

#: The contents that the authors' repository ships: file, SHA-256, height, width.
AUTHORS_CONTENTS = Path(__file__).parent / "authors_contents.csv"
#: Fewer of them than this do not stand for all.
LEAST_CONTENTS = 10
#: How MSCOCO names its pictures.
COCO_NAME = r"(?:COCO_\w+_)?\d{12}\.jpg"


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
    enough = len(known) >= LEAST_CONTENTS
    verdict = _coco_verdict(named.mean(), frame.mean()) if enough else OPEN
    return Claim(
        name="MSCOCO contents",
        claim="The experiments use 15 MSCOCO contents and 20 WikiArt styles.",
        source="DFR slides",
        rule=f"Needs a run on at least {LEAST_CONTENTS} contents of the authors' repository (known "
        "by SHA-256). Contradicted "
        "if fewer than half of them carry an MSCOCO name (12 digits) and at least half have "
        "481 × 321 or 321 × 481 pixels, which is the one size of BSDS500; holds if at least half "
        "carry an MSCOCO name; otherwise it is open.",
        measured=here
        + (
            f"{len(known)} of them are those of the authors' repository: {int(frame.sum())} have "
            f"the size of BSDS500, {int(named.sum())} an MSCOCO name."
            if len(known)
            else "None of them is from the authors' repository, so this run cannot tell."
        ),
        verdict=verdict,
        scale="No files that could tell."
        if verdict == OPEN
        else "The files of the authors' repository; the experiments themselves cannot be seen.",
        evidence="authors_contents",
        decides=f"A run on at least {LEAST_CONTENTS} contents of the authors' repository."
        if verdict == OPEN
        else "",
    )


def _coco_verdict(named: float, frame: float) -> str:
    if named >= 0.5:
        return HOLDS
    return CONTRADICTED if frame >= 0.5 else OPEN
