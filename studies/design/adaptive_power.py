"""What adaptive pairs are worth at best: how many people tell as much as those of a fixed plan."""

from __future__ import annotations

from math import ceil

import numpy as np
import pandas as pd

from studies.design.adaptive import gains_at, variances
from studies.design.davidson import Strengths

#: Log strengths reach from minus this to this, evenly. Of two methods that are as far apart as the
#: first and the last, the better one wins half, 88, 98, and 99.8 of 100 votes.
ENDS = (0.0, 1.0, 2.0, 3.0)
#: The votes that are not planned are dealt in so many parts.
_PARTS = 200


def people_needed(
    methods: int, participants: int, trials: int, random_share: float, ties: float
) -> pd.DataFrame:
    """Tell how many people with adaptive pairs make the strengths as sure as a fixed plan does.

    The strengths are taken as known, and people and pictures as alike, so this is what choosing
    saves at best: each next vote goes where it tells most, and the summed variance of the strengths
    is compared with that of as many votes that every two methods share equally.

    Args:
        methods: how many.
        participants: of the fixed plan.
        trials: of each.
        random_share: of the trials, whose pairs are planned.
        ties: share of votes on two equals that are "can't say".

    Returns:
        one row per spread of `ENDS`: ``ends``, ``people``.
    """
    votes = participants * trials
    each = np.full((methods, methods), 2 * votes / (methods * (methods - 1)))
    np.fill_diagonal(each, 0)
    tie = np.log(max(2 * ties / (1 - ties), 1e-6))
    rows = []
    for ends in ENDS:
        known = Strengths(np.linspace(ends, -ends, methods), np.asarray(tie))
        met = random_share * each
        for _ in range(_PARTS):
            gains = gains_at(known, met)
            best = gains >= gains.max() * (1 - 1e-9)  # equals share
            met = met + best * (2 * (1 - random_share) * votes / _PARTS / best.sum())
        chosen, planned = (float(variances(known, at[None]).sum()) for at in (met, each))
        rows.append({"ends": ends, "people": ceil(participants * chosen / planned - 1e-6)})
    return pd.DataFrame(rows)
