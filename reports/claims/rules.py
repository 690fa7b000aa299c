"""Published claims beside what was measured, each with a verdict computed by the rule beside it.

A rule is a function of the run; nothing here is typed in but the published numbers. A run too
small for a rule answers "not testable at this scale".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

import pandas as pd

from reports.claims.contents import coco_contents
from reports.claims.correlations import five_correlations
from reports.claims.modes import (
    effective,
    four_formulas,
    four_modes,
    lambda_controls,
    true_rotation,
)
from reports.claims.times import three_days, time_row
from reports.claims.verdicts import Claim
from reports.claims.votes import dfr_over_decormst, shares_differ
from reports.inputs.run_data import RunData

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
    shares_differ,
    dfr_over_decormst,
    coco_contents,
)


def all_claims(run: RunData) -> list[Claim]:
    """Judge every claim against a run."""
    return [judge(run) for judge in RULES]


def claims_table(claims: list[Claim]) -> pd.DataFrame:
    """Return the claims as a table."""
    return pd.DataFrame([asdict(claim) for claim in claims])
