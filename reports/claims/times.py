"""Claims about time, judged from the run's timing."""

from __future__ import annotations

import pandas as pd

from eval.analysis import published_numbers as published
from eval.analysis.times import (
    LEAST_ROUNDS,
    Estimate,
    estimates,
    fit_power,
    median_interval,
    of_case,
    paired_ratio,
    timed,
)
from reports.claims.verdicts import LEAST_TIMED, Claim, verdict_of
from reports.inputs.run_data import RunData

#: Height x width of the published setting.
_PIXELS = 422 * 512
#: DeCorMST's outputs.
_CORRELATIONS = 5

_NEEDS = f"Needs {LEAST_TIMED} iterations a turn and {LEAST_ROUNDS} rounds."


def time_row(run: RunData) -> Claim:
    """Compare how time grows from DFR-1 to DFR-4."""
    rows = timed(run.timing)
    growth = paired_ratio(of_case(rows, "outputs", "DFR-4"), of_case(rows, "outputs", "DFR-1"))
    told = published.DFR_SECONDS[4] / published.DFR_SECONDS[1]
    low, high = 0.9 * told, 1.1 * told
    meets = growth.high >= low and growth.low <= high
    too_wide = growth.high - growth.low > high - low
    medians = estimates(rows[rows["kind"] == "outputs"], "outputs", "per_iteration")
    row = ", ".join(
        f"DFR-{item['outputs']} {item['median']:.3g}"
        for item in medians.sort_values("outputs").to_dict("records")
    )
    return Claim(
        name="Time of DFR-1 to DFR-4",
        claim="DFR-1 to DFR-4 take 361, 377, 396 and 417 s.",
        source="DFR slides, table of times",
        rule="The published seconds cannot be compared, since the hardware is not named; their "
        "growth can. Holds if "
        "the 95 % interval of DFR-4 / DFR-1, seconds per iteration, round by round, meets the "
        f"published {told:.2f} ± 10 % ({low:.2f} to {high:.2f}); not testable if it meets it "
        f"only because it is wider than that range. {_NEEDS}",
        measured=(
            f"DFR-4 / DFR-1 is {growth.show()} in {growth.count} rounds. Seconds per iteration "
            f"on this machine: {row}. The published code always computes all four outputs."
            if growth
            else "The run has no timing of DFR-1 and DFR-4."
        ),
        verdict=verdict_of(
            _enough(rows, "outputs", growth) and not (meets and too_wide), lambda: meets
        ),
        evidence="time_by_outputs",
    )


def three_days(run: RunData) -> Claim:
    """Compare DeCorMST's cost with DFR's, at the published iterations, with and without loops."""
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
        rule="Holds if DeCorMST (five outputs, 1000 iterations) with the published notebook's "
        "loops over channels costs at least a tenth of the published "
        f"{told:.0f} times DFR-4 (four outputs, 3000 iterations): if the 95 % interval of the "
        "ratio, round by round and on one engine, reaches that. In favour of the claim, each of "
        "the five outputs is charged for the loops over means, deviations and norms in every "
        f"iteration, even if it does not use them. {_NEEDS}",
        measured=(
            f"One iteration: DFR-4 {dfr.median():.3g} s, DeCorMST {decormst.median():.3g} s "
            f"(five outputs); the loops would add {loop.median():.3g} s. At the published "
            f"iterations DeCorMST costs {plain.show()} times DFR-4, with the loops "
            f"{looped.show()} times. {_extrapolated(rows, dfr, decormst, loop)}"
            if looped
            else "The run has no timing of DFR-4, of DeCorMST with the published solver, and of "
            "the loop beside one call."
        ),
        verdict=verdict_of(_enough(rows, "method", looped), lambda: looped.high >= told / 10),
        evidence="loop_against_vectorized",
    )


def _enough(rows: pd.DataFrame, kind: str, found: Estimate) -> bool:
    """Tell whether turns were long enough and rounds many enough for a verdict."""
    turns = rows.loc[(rows["kind"] == kind) & (rows["iterations"] > 0), "iterations"]
    return found.count >= LEAST_ROUNDS and not turns.empty and bool(turns.min() >= LEAST_TIMED)


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
