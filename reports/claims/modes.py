"""Claims about DFR's modes, rotations and lambda, each with the rule of its verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis import published_numbers as published
from reports.claims.verdicts import (
    LEAST_PAIRS,
    PUBLISHED_SIZE,
    Claim,
    at_published_scale,
    published_dfr,
    verdict_of,
)
from reports.inputs.run_data import RunData
from reports.tables.intervals import with_interval


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
        "more than 1e-5 relative in some layer) for every style; does not hold otherwise.",
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
    return Claim(
        name=name,
        claim=claim,
        source=source,
        rule=rule,
        measured=measured,
        verdict=verdict_of(counts, lambda: min(counts) > more_than),
        evidence="mode_audit",
    )


def effective(run: RunData) -> Claim:
    """See whether every mode really goes towards the style."""
    outputs = run.tables["outputs"]
    labels = published_dfr(run)
    part = outputs[outputs["label"].isin(labels)]
    by_mode = part.groupby("mode", sort=False)
    closed = by_mode["style_gap_closed"].median()
    told = ", ".join(
        f"{mode} {with_interval(lines.set_index(['content', 'style'])['style_gap_closed'])}"
        for mode, lines in by_mode
    )
    return Claim(
        name="Effective stylization",
        claim="Every mode of DFR transfers the style effectively.",
        source="DFR, NICS 2021",
        rule="Holds if every mode closes more than half of the gap in style loss between content "
        "and style (median over pairs, shared setting); does not hold otherwise. Needs "
        f"{PUBLISHED_SIZE}.",
        measured="Gap closed (1 = the style's own statistics, 0 = the content picture), median "
        f"over {len(run.pairs)} pairs with 95 % interval: {told} ({run.solvers[labels[0]]})."
        if told
        else "This run has no output of DFR.",
        verdict=verdict_of(
            closed.to_list() if at_published_scale(run, labels) else [],
            lambda: bool((closed > 0.5).all()),
        ),
        evidence="style_against_content",
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
    enough = at_published_scale(run, set(frame["label"]))
    return Claim(
        name="λ controls strength",
        claim="The rotation weight λ controls how strongly the rotated features shape the output.",
        source="DFR, NICS 2021",
        rule="Holds if, in at least 9 of 10 pairs, the distance from the unrotated style (style "
        "loss of rotation 90, shared setting) rises with every step of λ. Needs 3 values of λ, "
        f"{PUBLISHED_SIZE}.",
        measured=f"Rises with every step over {levels} values of λ in {sum(risen)} of "
        f"{len(risen)} pairs{_share(risen)}.",
        verdict=verdict_of(
            risen if enough and len(risen) >= LEAST_PAIRS else [],
            lambda: sum(risen) >= 0.9 * len(risen),
        ),
        evidence="lambda_sweep",
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
