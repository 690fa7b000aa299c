"""Claims about how near every mode of DFR comes to its target, and to the style picture."""

from __future__ import annotations

from collections.abc import Mapping

from eval.published.numbers import MODES
from eval.published.scale_conclusions import GAP_CLOSED
from reports.claims.published_size import NEEDED, judged
from reports.claims.verdicts import CONTRADICTED, HOLDS, OPEN, Claim, published_dfr
from reports.inputs.published_size import nearer_by_e
from reports.inputs.run_data import RunData
from reports.tables.intervals import with_interval

#: What would decide a claim about their pictures.
FIVE_PAIRS = "Five pairs at 422 × 512 with 3000 iterations of Adam."


def targets_reached(run: RunData) -> Claim:
    """See whether every mode really goes towards what it targets."""
    return _gap(
        run,
        "own_gap_closed",
        conclusion="own_gap_closed",
        name="Every mode reaches its target",
        claim="Every mode of DFR transfers the style effectively: judged by the mode's own target.",
        gap="between the content picture and the mode's own target (its rotated Gram matrices)",
        needs="The run has no losses of the content picture.",
        outcomes={
            HOLDS: "Every mode of DFR closes more than half of the gap to its own target.",
            CONTRADICTED: "Not every mode of DFR closes half of the gap to its own target.",
        },
    )


def style_reached(run: RunData) -> Claim:
    """See whether every mode goes towards the style picture itself."""
    return _gap(
        run,
        "style_gap_closed",
        conclusion="unrotated_gap_closed",
        name="Every mode comes near the style picture",
        claim="Every mode of DFR transfers the style effectively: judged by the unrotated style.",
        gap="between the content picture and the style picture itself (its unrotated Gram "
        "matrices, shared setting)",
        needs="This run has no output of DFR.",
        outcomes={
            HOLDS: "Every mode of DFR closes more than half of the gap to the style picture.",
            CONTRADICTED: "Not every mode of DFR closes half of the gap to the style picture.",
        },
        more=nearer_by_e("dfr"),
    )


def _gap(
    run: RunData,
    column: str,
    *,
    conclusion: str,
    name: str,
    claim: str,
    gap: str,
    needs: str,
    outcomes: Mapping[str, str],
    more: str = "",
) -> Claim:
    """Judge whether every mode of DFR closes more than half of a gap."""
    outputs, labels = run.tables["outputs"], published_dfr(run)
    part = outputs[outputs["label"].isin(labels)].dropna(subset=column)
    by_mode = part.groupby("mode", sort=False)
    closed = {str(mode): float(lines[column].median()) for mode, lines in by_mode}
    told = ", ".join(
        f"{mode} {with_interval(lines.set_index(['content', 'style'])[column])}"
        for mode, lines in by_mode
    )
    solver = run.solvers[labels[0]] if labels else ""
    here = {mode: value > GAP_CLOSED for mode, value in closed.items()}
    if not set(MODES) <= here.keys():  # a run that lacks one of them cannot tell
        labels, here = labels[:0], dict.fromkeys(MODES, False)
    found = judged(run, labels, "dfr", conclusion, here)
    if told:
        measured = (
            "This run (1 = the target itself, 0 = the content picture), median over "
            f"{len(run.pairs)} pairs with 95 % interval: {told} ({solver}). "
        )
    else:
        measured = f"{needs} "
    return Claim(
        name=name,
        claim=claim,
        source="DFR, NICS 2021",
        rule=f"Holds if every mode closes more than half of the gap in style loss {gap}; "
        "contradicted if one does not. In a run it is the median over pairs. The bound of one half "
        f"is this suite's. {NEEDED} The targets of 90 and 270 degrees mix places and channels, so "
        "they have no miniature.",
        measured=f"{measured}{found.measured} {more}".strip(),
        verdict=found.verdict,
        scale=found.scale,
        evidence="modes",
        decides=FIVE_PAIRS if found.verdict == OPEN else "",
        outcome=outcomes.get(found.verdict, ""),
        numbers=found.measured or measured,
    )
