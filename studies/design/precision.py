"""How wide the intervals of strengths will be: what a planned precision can be.

Were n votes on every two of m methods independent and no method stronger, a strength would have the
variance 4 (m - 1) / (n m²), n being those that decide (the inverse of the information of Bradley
and Terry's model); were n ratings of each, 3 (m - 1) / (n m (1 - Σ p_k³)), which is half of
Whitehead's of a difference, less what the mean of all takes away. What makes votes worth less is
counted as in `studies.design.power`: of a method's votes, which it shares with many opponents, the
correlations are half of those of votes on the same two.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy import stats

from eval.analysis.crossed import LEVEL
from studies.design.power import (
    INDEPENDENT,
    Assumptions,
    picture_correlations,
    worth_of,
)
from studies.design.rating_power import mark_shares, rating_worth


def strength_width(
    methods: int, votes: int, participants: int, given: Assumptions, scale: int = 0
) -> float:
    """Return how wide the 95 % interval of a method's strength typically is.

    Args:
        methods: m that are compared.
        votes: of the whole study, asked for.
        participants: who share them.
        given: what votes are like.
        scale: marks of a rating; 0 where two pictures are compared.
    """
    if scale:
        worth = rating_worth(votes / methods, participants, given)
        alone = 3 / worth.decisive / (1 - (mark_shares(0, scale) ** 3).sum())
    else:
        kept = (1 - given.dropout) * (1 - given.ties)
        half = given.model_copy(update={"correlation": given.correlation / 2})
        correlations = picture_correlations(0.5, given.pictures) / 2
        worth = worth_of(2 * votes / methods, participants, kept, correlations, half)
        alone = 2 * (methods - 1) / (votes * kept)
    variance = alone * (methods - 1) / methods * worth.seen
    quantile = stats.t.ppf((1 + LEVEL) / 2, worth.freedom)
    return float(2 * quantile * np.sqrt(variance))


def width_table(
    methods: int, votes: int, participants: int, given: Assumptions, scale: int = 0
) -> tuple[str, pd.DataFrame]:
    """Return a title, and how wide the intervals will be, as assumed and of independent votes."""
    return told_widths(
        {
            assumed: strength_width(methods, votes, participants, what, scale)
            for assumed, what in (("as assumed", given), ("independent votes", INDEPENDENT))
        }
    )


def told_widths(widths: Mapping[str, float]) -> tuple[str, pd.DataFrame]:
    """Return the title and the table of how wide the intervals will be, by what is assumed."""
    title = (
        "Typical width of the 95 % interval of a strength; the widest is a fifth to two fifths "
        "wider (for precision = ...)"
    )
    told = [f"{width:.2f}" for width in widths.values()]
    return title, pd.DataFrame({"assumed": list(widths), "width": told})
