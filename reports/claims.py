"""Published claims beside what was measured, each with a verdict computed by the rule beside it.

A rule is a function of the run; nothing here is typed in but the published numbers. A run too
small for a rule answers "not testable at this scale".
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import stats

from eval.timing import median_seconds
from reports import published
from reports.data import RunData
from reports.mode_claims import (
    effective,
    four_formulas,
    four_modes,
    lambda_controls,
    true_rotation,
)
from reports.verdicts import (
    FAILS,
    HOLDS,
    LEAST_ITERATIONS,
    LEAST_PAIRS,
    LEAST_TIMED,
    OPEN,
    Claim,
    large_enough,
    verdict_of,
)


def time_row(run: RunData) -> Claim:
    """Compare how time grows from DFR-1 to DFR-4."""
    median = median_seconds(run.timing) if run.timing else {}
    both = 1 in median and 4 in median
    rounds = {row["round"] for row in run.timing}
    enough = both and run.timing[0]["iterations"] >= LEAST_TIMED and len(rounds) >= 3
    growth = median[4] / median[1] if both else float("nan")
    told = published.DFR_SECONDS[4] / published.DFR_SECONDS[1]
    row = ", ".join(f"DFR-{n} {seconds:.2f} s" for n, seconds in sorted(median.items()))
    return Claim(
        name="Time of DFR-1 to DFR-4",
        claim="DFR-1 to DFR-4 take 361, 377, 396 and 417 s.",
        source="DFR slides, table of times",
        rule="Seconds are not comparable (the hardware is not told), their growth is: holds if "
        f"DFR-4 / DFR-1 is within 10 % of the published {told:.2f}. Needs {LEAST_TIMED} "
        "iterations and 3 rounds.",
        measured=(
            f"{row} for {run.timing[0]['iterations']} iterations: DFR-4 / DFR-1 is {growth:.2f}. "
            "The published code computes all four outputs whatever is asked for."
            if both
            else "The run has no timing yet."
        ),
        verdict=verdict_of(both and enough, lambda: abs(growth / told - 1) <= 0.1),
        evidence="time_by_outputs",
    )


def three_days(run: RunData) -> Claim:
    """Compare DeCorMST's cost with DFR's, at the published iterations."""
    cells = run.tables["cells"]
    times = {
        label: cells.loc[cells["label"] == label, "seconds_per_iteration"].median()
        for label in ("decormst", "dfr")
        if (cells["label"] == label).any()
    }
    both = len(times) == 2
    ratio = float("nan")
    if both:
        ratio = (times["decormst"] * published.DECORMST_ITERATIONS) / (
            times["dfr"] * published.DFR_ITERATIONS
        )
    told = published.DECORMST_SECONDS / published.DFR_SECONDS[4]
    return Claim(
        name="DeCorMST takes 3 days",
        claim="DeCorMST takes 3 days where DFR-4 takes 417 s.",
        source="DFR slides, table of times",
        rule=f"Holds if DeCorMST (five outputs, 1000 iterations) costs at least a tenth of the "
        f"published {told:.0f} times DFR-4 (four outputs, 3000 iterations), both on one engine, "
        "from the measured seconds per iteration.",
        measured=(
            f"One iteration: DeCorMST {times['decormst']:.3f} s (five outputs), DFR "
            f"{times['dfr']:.3f} s (four). At the published iterations DeCorMST would cost "
            f"{ratio:.2f} times DFR-4. The published notebook loops over channels in Python; "
            "the same arithmetic takes one call."
            if both
            else "The run lacks one of the two methods."
        ),
        verdict=verdict_of([ratio] if both else [], lambda: ratio >= told / 10),
        evidence="time_by_method",
    )


def five_correlations(run: RunData) -> Claim:
    """See whether each correlation of DeCorMST is really optimised."""
    curves = run.tables["curves"]
    labels = [cell["label"] for cell in run.cells if cell["method"] == "decormst"]
    part = curves[curves["label"].isin(labels)]
    ratios: dict[str, float] = {}
    for mode, lines in part.groupby("mode", sort=False):
        ends = [
            float(line["loss"].iloc[-1] / line["loss"].iloc[0])
            for _, line in lines.groupby(["content", "style"])
        ]
        ratios[str(mode)] = float(np.median(ends))
    told = ", ".join(f"{mode} {ratio:.2g}" for mode, ratio in ratios.items())
    return Claim(
        name="Five correlations",
        claim="Each of the five correlations, with the same weights and the same Adam, transfers "
        "the style in its own way.",
        source="DeCorMST, IEEE Access 2021",
        rule="Holds if every correlation ends lower in its own objective than the content picture "
        "it starts from (median over pairs of the loss at the end over the loss at the start is "
        f"below 1). Needs {LEAST_ITERATIONS} iterations and {LEAST_PAIRS} pairs.",
        measured=f"Loss at the end over loss at the start: {told}. The objectives are on scales "
        "that differ by orders of magnitude; where the start is nearly solved, Adam's first steps "
        "of a fixed size lead away from it."
        if told
        else "No DeCorMST cell in this run.",
        verdict=verdict_of(
            ratios if large_enough(run, labels) else {},
            lambda: max(ratios.values()) < 1,
        ),
        evidence="loss_curves",
    )


def user_study(run: RunData) -> Claim:  # noqa: ARG001  (judged from the published numbers)
    """Test the published user study's shares."""
    votes = {name: round(share * published.VOTES) for name, share in published.VOTE_SHARES.items()}
    ours, other = votes["DFR"], votes["DeCorMST"]
    test = stats.binomtest(ours, ours + other)
    interval = stats.binomtest(ours, published.VOTES).proportion_ci(method="wilson")
    return Claim(
        name="Users prefer DFR to DeCorMST",
        claim=f"In a study of {published.VOTES} votes by {published.VOTERS} people, DFR gets "
        f"{published.VOTE_SHARES['DFR']:.2f} of the votes and DeCorMST "
        f"{published.VOTE_SHARES['DeCorMST']:.2f}.",
        source="DFR slides, bar chart (shares read off it; no interval, no test)",
        rule="Holds if a binomial test of DFR's votes against DeCorMST's gives p < 0.05, taking "
        "the votes as independent, which favours the claim (each person gave many).",
        measured=f"{ours} votes against {other}: p = {test.pvalue:.2f}. DFR's share is "
        f"{published.VOTE_SHARES['DFR']:.2f} with a 95 % interval of {interval.low:.2f} to "
        f"{interval.high:.2f} (Wilson). No votes were collected in this run.",
        verdict=HOLDS if test.pvalue < 0.05 and ours > other else FAILS,
        evidence="claims",
    )


def coco_contents(run: RunData) -> Claim:
    """Say what the contents were."""
    return Claim(
        name="MSCOCO contents",
        claim="The experiments use 15 MSCOCO contents and 20 WikiArt styles.",
        source="DFR slides",
        rule="Not decided by any run: the authors' pictures would have to be compared with "
        "MSCOCO. (Their repository ships BSDS500 photographs as contents.)",
        measured=f"This run: contents: {len(run.identity['contents'])} "
        f"({run.identity['contents_from']}), styles: {len(run.identity['styles'])} "
        f"({run.identity['styles_from']}).",
        verdict=OPEN,
        evidence="claims",
    )


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
    user_study,
    coco_contents,
)


def all_claims(run: RunData) -> list[Claim]:
    """Judge every claim against a run."""
    return [judge(run) for judge in RULES]
