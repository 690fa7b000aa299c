"""Published claims beside what was measured, each with a verdict computed by the rule beside it.

A rule is a function of the run and of what was measured at the published size once; nothing here
is typed in but the published numbers. There are four outcomes, see `reports.claims.verdicts`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pandas as pd

from reports.claims.contents import coco_contents
from reports.claims.correlations import cosine, four_correlations
from reports.claims.modes import four_formulas, four_modes, true_rotation
from reports.claims.rotation_weight import lambda_controls
from reports.claims.targets import style_reached, targets_reached
from reports.claims.times import three_days, time_row
from reports.claims.verdicts import Claim
from reports.claims.votes import dfr_over_decormst, shares_differ
from reports.inputs.run_data import RunData

#: Every rule, in the order of the table. A new claim is one function and one line here.
RULES: tuple[Callable[[RunData], Claim], ...] = (
    four_modes,
    four_formulas,
    true_rotation,
    targets_reached,
    style_reached,
    lambda_controls,
    time_row,
    three_days,
    four_correlations,
    cosine,
    shares_differ,
    dfr_over_decormst,
    coco_contents,
)


def all_claims(run: RunData) -> list[Claim]:
    """Judge every claim against a run."""
    return [judge(run) for judge in RULES]


def claims_table(claims: list[Claim]) -> pd.DataFrame:
    """Return the claims as a table, with a dash for what is empty."""
    return pd.DataFrame(
        [{name: text or "–" for name, text in asdict(claim).items()} for claim in claims]
    )
