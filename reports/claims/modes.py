"""Claims about DFR's modes: how many different objectives there are, in each reading."""

from __future__ import annotations

from eval.analysis import published_numbers as published
from reports.claims.verdicts import CONTRADICTED, OPEN, Claim, published_dfr, verdict_of
from reports.inputs.run_data import RunData

#: Reading -> how its modes are come by, at the start of a sentence.
_WHERE = {
    "code": "As the published code computes them",
    "paper": "By the slides' formulas",
    "spatial": "With the feature map really turned",
}


def four_modes(run: RunData) -> Claim:
    """Count the distinct objectives in the published code's reading."""
    return _about_modes(
        run,
        "code",
        more_than=published.DFR_MODES - 1,
        name="Four modes",
        claim="Rotating style features by 0, 90, 180 and 270 degrees gives four outputs of "
        "different style.",
        source="DFR, NICS 2021; authors' code",
        rule="Holds if, in the reading of the published code, all four Gram targets differ (by "
        "more than 1e-5 relative in some layer) for every style; contradicted otherwise.",
        more=_twins(run),
    )


def four_formulas(run: RunData) -> Claim:
    """Count the distinct objectives in the slides' formulas."""
    return _about_modes(
        run,
        "paper",
        more_than=published.DFR_MODES - 1,
        name="Four modes, by the formulas",
        claim="The formulas of the four rotations define four different targets.",
        source="DFR slides",
        rule="As for “Four modes”, in the reading of the slides' formulas.",
    )


def true_rotation(run: RunData) -> Claim:
    """Count the distinct objectives of a true rotation in the plane."""
    return _about_modes(
        run,
        "spatial",
        more_than=1,
        name="Rotating the feature map",
        claim="Turning a feature map in the plane, as drawn, changes the style that is matched.",
        source="DFR slides, the picture of the method",
        rule="Holds if a true rotation gives more than one distinct objective for every style. "
        "(A Gram matrix sums over places, so it cannot.)",
    )


def _about_modes(
    run: RunData,
    reading: str,
    *,
    more_than: int,
    name: str,
    claim: str,
    source: str,
    rule: str,
    more: str = "",
) -> Claim:
    """Judge a claim by the number of distinct objectives in a reading, over all styles."""
    counts = [int(row["distinct"]) for row in run.audit if row["reading"] == reading]
    measured = "This run has not compared the modes yet."
    if counts:
        measured = (
            f"Distinct objectives among the {published.DFR_MODES} modes, over {len(counts)} "
            f"styles: {_span(counts)}; {_same(run, reading)}.{more}"
        )
    verdict = verdict_of(counts, lambda: min(counts) > more_than)
    return Claim(
        name=name,
        claim=claim,
        source=source,
        rule=rule,
        measured=measured,
        verdict=verdict,
        scale=f"The targets of {len(counts)} styles at {run.size} pixels; equal ones are equal at "
        "every size.",
        evidence="mode_audit",
        decides="Comparing the targets of this run's styles." if verdict == OPEN else "",
        outcome=_outcome(reading, counts, verdict) if counts else "",
        numbers=f"For each of {len(counts)} styles: {_same(run, reading)}." if counts else "",
    )


def _outcome(reading: str, counts: list[int], verdict: str) -> str:
    several = "one objective" if max(counts) == 1 else f"{_span(counts)} different objectives"
    wanted = ", not four" if verdict == CONTRADICTED and reading != "spatial" else ""
    return f"{_WHERE[reading]}, DFR's four modes are {several}{wanted}."


def _span(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _same(run: RunData, reading: str) -> str:
    """Tell which modes are one objective for every style."""
    groups = [
        {tuple(group) for group in row["groups"] if len(group) > 1}
        for row in run.audit
        if row["reading"] == reading
    ]
    always = set.intersection(*groups)
    return (
        "; ".join(f"{' and '.join(group)} are the same" for group in sorted(always))
        or "no two modes are the same for every style"
    )


def _twins(run: RunData) -> str:
    """Tell how near the outputs of the published twins are, by LPIPS."""
    pairs = run.tables["pairs"]
    pairs = pairs[pairs["label"].isin(published_dfr(run))]
    told = []
    for a, b in (("rot000", "rot180"), ("rot090", "rot270"), ("rot000", "rot090")):
        part = pairs[(pairs["mode_a"] == a) & (pairs["mode_b"] == b)]["lpips"]
        if len(part):
            told.append(f"{a} and {b} {part.mean():.3f}")
    once = any(cell["same_as"] for cell in run.cells if cell["label"] in published_dfr(run))
    note = " (modes of one objective were computed once here)" if once else ""
    return f" Mean LPIPS of the outputs: {', '.join(told)}{note}." if told else ""
