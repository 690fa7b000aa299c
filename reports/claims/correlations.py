"""The claim about DeCorMST's five correlations."""

from __future__ import annotations

from reports.claims.verdicts import PUBLISHED_SIZE, Claim, at_published_scale, verdict_of
from reports.inputs.run_data import RunData
from reports.tables.intervals import with_interval


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
        measured=f"Final loss divided by the loss at the start: {'; '.join(told)}."
        if told
        else "No DeCorMST cell in this run.",
        verdict=verdict_of(
            judging if enough else [],
            lambda: all(ratio < 1 for label in judging for ratio in ratios[label].values()),
        ),
        evidence="loss_curves",
    )
