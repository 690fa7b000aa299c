"""Claims about DFR's modes, rotations and lambda, each with the rule of its verdict."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis import published_numbers as published
from eval.published.numbers import MODES, TWIN
from reports.claims.published_size import NEEDED, NO_SCALE, at_published_size, judged
from reports.claims.verdicts import (
    CONTRADICTED,
    HOLDS,
    LEAST_PAIRS,
    OPEN,
    Claim,
    published_dfr,
    this_run,
    verdict_of,
)
from reports.inputs.published_size import nearer_by_e
from reports.inputs.run_data import RunData
from reports.tables.intervals import with_interval

#: What would decide a claim about their pictures.
FIVE_PAIRS = "Five pairs at 422 × 512 with 3000 iterations of Adam."
#: LPIPS between the authors' own outputs of one pair, by lambda.
SWEEP = Path(__file__).parents[1] / "published" / "sweep.csv"


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
    )


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
    here = {mode: value > 0.5 for mode, value in closed.items()}
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
    )


def lambda_controls(run: RunData) -> Claim:
    """See whether the style loss rises with lambda, pair by pair."""
    frame = sweep_cells(run)
    risen: list[bool] = []
    levels = 0
    if not frame.empty:
        levels = frame["lambda"].nunique()
        for _, part in frame.groupby(["content", "style"]):
            losses = part.sort_values("lambda")["style_loss"].to_numpy()
            if len(losses) >= 3:
                risen.append(bool((np.diff(losses) > 0).all()))
    enough = at_published_size(run, set(frame["label"]), "dfr") and len(risen) >= LEAST_PAIRS
    share = sum(risen) / len(risen) if risen and enough else float("nan")
    verdict = HOLDS if share >= 0.9 else CONTRADICTED if share < 0.5 else OPEN
    return Claim(
        name="λ controls strength",
        claim="The rotation weight λ controls how strongly the rotated features shape the output.",
        source="DFR, NICS 2021",
        rule="Holds if, in at least 9 of 10 pairs, the distance from the unrotated style (style "
        "loss of rotation 90, shared setting) rises with every step of λ; contradicted if in fewer "
        "than half; open between. "
        "Needs 3 values of λ and 5 pairs at the published size, iterations and solver: the target "
        "of 90 degrees has no miniature.",
        measured=f"Rises with every step over {levels} values of λ in {sum(risen)} of "
        f"{len(risen)} pairs{_share(risen)}. {published_sweep()}",
        verdict=verdict,
        scale=NO_SCALE if verdict == OPEN else this_run(run, len(risen)),
        evidence="lambda_sweep",
        decides=f"{FIVE_PAIRS} Each with 3 values of λ." if verdict == OPEN else "",
    )


def published_sweep() -> str:
    """Tell what the authors' own sweep of lambda shows; empty where it was not measured."""
    if not SWEEP.is_file():
        return ""
    rows = pd.read_csv(SWEEP)
    told, floors = [], []
    for amount, part in rows.groupby("lambda"):
        apart = part["mode_a"].map(TWIN) != part["mode_b"]
        told.append(f"{amount:g}: {part.loc[apart, 'lpips'].median():.2f}")
        floors.append(float(part.loc[part["one_objective"], "lpips"].median()))
    return (
        "The authors' own outputs of one pair, median LPIPS between those of 0 or 180 and those of "
        f"90 or 270 degrees by λ: {', '.join(told)}; between outputs of one objective "
        f"{min(floors):.2f} to {max(floors):.2f}."
    )


def sweep_cells(run: RunData) -> pd.DataFrame:
    """Return every output of DFR at 90 degrees in the code reading, by lambda.

    Lambda 0 is the unrotated output (the same objective), taken from rotation 0. Where several
    solvers made outputs, those of `published_dfr`'s are taken.
    """
    found = []
    solvers = {run.solvers[label] for label in published_dfr(run)}
    for cell in run.cells:
        settings = cell["settings"]
        if solvers and run.solvers[cell["label"]] not in solvers:
            continue
        if cell["method"] != "dfr" or settings["reading"] != "code" or settings["fusion"] != "gram":
            continue
        weights = {"rot090": float(settings["rotation_weight"]), "rot000": 0.0}
        found += [
            {"lambda": amount, "content": cell["content"], "style": cell["style"],
             "label": cell["label"], "mode": mode}
            for mode, amount in weights.items()
            if mode in cell["files"]
        ]  # fmt: skip
    frame = pd.DataFrame(found, columns=["lambda", "content", "style", "label", "mode"])
    frame = frame.drop_duplicates(["content", "style", "lambda"])
    frame = frame.merge(run.tables["outputs"], on=["content", "style", "label", "mode"])
    order = {pair: index for index, pair in enumerate(run.pairs)}
    places = [order[pair] for pair in zip(frame["content"], frame["style"], strict=True)]
    frame = frame.assign(place=places).sort_values(["place", "lambda"], ignore_index=True)
    return frame.drop(columns="place")


def _share(risen: list[bool]) -> str:
    if not risen:
        return ""
    interval = stats.binomtest(sum(risen), len(risen)).proportion_ci(method="wilson")
    return (
        f" ({sum(risen) / len(risen):.0%}, 95 % interval {interval.low:.0%} to "
        f"{interval.high:.0%}, Wilson, pairs taken as independent)"
    )


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
