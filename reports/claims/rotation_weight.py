"""The claim about DFR's rotation weight, lambda."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from eval.published.numbers import TWIN
from reports.claims.published_size import NO_SCALE, at_published_size
from reports.claims.targets import FIVE_PAIRS
from reports.claims.verdicts import (
    CONTRADICTED,
    HOLDS,
    LEAST_PAIRS,
    OPEN,
    Claim,
    published_dfr,
    this_run,
)
from reports.inputs.run_data import RunData

#: LPIPS between the authors' own outputs of one pair, by lambda.
SWEEP = Path(__file__).parents[1] / "published" / "sweep.csv"


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
