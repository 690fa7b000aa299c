"""Claims about time: not comparable, so they tell what is known instead of a verdict."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from eval.analysis import published_numbers as published
from eval.analysis.times import (
    estimates,
    fit_power,
    median_interval,
    of_case,
    paired_ratio,
    timed,
)
from reports.claims.verdicts import NOT_COMPARABLE, Claim
from reports.inputs.run_data import RunData

#: Height x width of the published setting.
_PIXELS = math.prod(published.SIZES["dfr"])
#: DeCorMST's outputs.
_CORRELATIONS = 5

#: Why no run can judge the published seconds.
_WHY = (
    "The published seconds cannot be compared with any measured here: neither the hardware nor the "
    "number of pairs is told"
)


def time_row(run: RunData) -> Claim:
    """Tell how time grows from DFR-1 to DFR-4, and what the published row can be."""
    rows = timed(run.timing)
    growth = paired_ratio(of_case(rows, "outputs", "DFR-4"), of_case(rows, "outputs", "DFR-1"))
    medians = estimates(rows[rows["kind"] == "outputs"], "outputs", "per_iteration")
    row = ", ".join(
        f"DFR-{item['outputs']} {item['median']:.3g}"
        for item in medians.sort_values("outputs").to_dict("records")
    )
    seconds = published.DFR_SECONDS
    slope, base = np.polyfit(list(seconds), list(seconds.values()), 1)
    here = "The run has no timing of DFR-1 and DFR-4. "
    if growth:
        here = (
            f"Here DFR-4 / DFR-1 is {growth.show()} in {growth.count} rounds, since only the "
            f"outputs that are asked for are computed; seconds per iteration: {row}. "
        )
    return Claim(
        name="Time of DFR-1 to DFR-4",
        claim="DFR-1 to DFR-4 take 361, 377, 396 and 417 s.",
        source="DFR slides, table of times",
        rule=f"{_WHY}, and the published code always computes four outputs, so DFR-1 and DFR-4 "
        "are the same work in it. No verdict.",
        measured=f"{here}The published row is {base:.0f} s and {slope:.1f} s more for each output "
        "(least squares), as if the same four outputs were computed each time and more of them "
        "saved.",
        verdict=NOT_COMPARABLE,
        scale=_timed_at(run, rows),
        evidence="time_by_outputs",
    )


def three_days(run: RunData) -> Claim:
    """Tell DeCorMST's cost beside DFR's, at the published iterations, with and without loops."""
    rows = timed(run.timing)
    dfr, decormst, loop = of_case(rows, "outputs", "DFR-4"), _decormst(run, rows), _added(rows)
    steps = published.DECORMST_ITERATIONS / published.DFR_ITERATIONS
    plain = paired_ratio(steps * decormst, dfr)
    looped = paired_ratio(steps * (decormst + loop), dfr)
    told = published.DECORMST_SECONDS / published.DFR_SECONDS[4]
    return Claim(
        name="DeCorMST takes 3 days",
        claim="DeCorMST takes 3 days where DFR-4 takes 417 s.",
        source="DFR slides, table of times",
        rule=f"{_WHY}. What is known: the published notebook computes means, deviations and norms "
        "in a loop over channels. Here the same arithmetic is timed with and without such loops; "
        "each of the five outputs is charged for all of them in every iteration. No verdict.",
        measured=(
            f"One iteration: DFR-4 {dfr.median():.3g} s, DeCorMST {decormst.median():.3g} s "
            f"(five outputs); the loops would add {loop.median():.3g} s. At the published "
            f"iterations DeCorMST costs {plain.show()} times DFR-4, with the loops "
            f"{looped.show()} times; published are {told:.0f} times. "
            f"{_extrapolated(rows, dfr, decormst, loop)}"
            if looped
            else "The run has no timing of DFR-4, of DeCorMST with the published solver, and of "
            "the loop beside one call."
        ),
        verdict=NOT_COMPARABLE,
        scale=_timed_at(run, rows),
        evidence="loop_against_vectorized",
    )


def _timed_at(run: RunData, rows: pd.DataFrame) -> str:
    """Tell where and at which size this run was timed."""
    part = rows[rows["kind"] == "outputs"]
    if part.empty:
        return "Nothing was timed."
    height, width = part.iloc[0][["height", "width"]]
    devices = " and ".join(dict.fromkeys(item["device"] for item in run.environments))
    return f"This run: {height} × {width} pixels, {devices}."


def _decormst(run: RunData, rows: pd.DataFrame) -> pd.Series:
    """Seconds of an iteration of five outputs of DeCorMST with the published solver, by round."""
    labels = [
        entry["label"]
        for entry in run.identity["profile"]["methods"]
        if entry["method"] == "decormst" and run.solvers.get(entry["label"]) == "adam"
    ]
    name = labels[0] if labels else ""
    return _CORRELATIONS * of_case(rows, "method", name, "per_output_iteration")


def _added(rows: pd.DataFrame) -> pd.Series:
    """Seconds that loops over means, deviations and norms add to an iteration, by round.

    Pearson's correlation loops over means and deviations, the cosine over norms.
    """
    added = [
        of_case(rows, "correlations", f"{name} loop")
        - of_case(rows, "correlations", f"{name} vectorized")
        for name in ("pearson", "cosine")
    ]
    return _CORRELATIONS * (added[0] + added[1])


def _extrapolated(rows: pd.DataFrame, dfr: pd.Series, decormst: pd.Series, loop: pd.Series) -> str:
    """Say what the published setting would take on this machine, and what that rests on."""
    pixels = rows.loc[rows["kind"] == "outputs", "pixels"].iloc[0]
    power = fit_power(rows[rows["kind"] == "size"], "pixels", "per_iteration")
    exponent = power.slope.median if power else 1.0
    more = (_PIXELS / pixels) ** (1 - exponent)
    origin = f"as fitted; in proportion to pixels, {more:.1f} times that" if power else "assumed"
    growth = (_PIXELS / pixels) ** exponent
    hours = {
        "DFR-4": published.DFR_ITERATIONS * dfr,
        "DeCorMST": published.DECORMST_ITERATIONS * decormst,
        "with the loops": published.DECORMST_ITERATIONS * (decormst + loop),
    }
    told = ", ".join(
        f"{name} {median_interval(seconds * growth / 3600).median:.2g} h"
        for name, seconds in hours.items()
    )
    return (
        f"Extrapolated, not measured: one pair at 422 × 512 on this machine would take {told}. "
        f"This assumes that every part grows with pixels to the power {exponent:.2f} ({origin}), "
        "which is too much for the loops (the number of their calls does not grow), and that a "
        "call in the published framework costs as much as one here."
    )
