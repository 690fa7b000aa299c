"""How wide intervals will be, against simulated studies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.analysis.ratings import rank_ratings, tally_ratings
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.raters import Raters, even_ratings
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import rank
from studies.analysis.tally import tally
from studies.design.power import Assumptions
from studies.design.precision import strength_width, width_table

METHODS = tuple(f"m{number}" for number in range(6))
EQUAL = dict.fromkeys(METHODS, 0.0)
PICTURES = (5, 6)
LIKE_THEM = Assumptions(ties=0.15, dropout=0, contents=5, styles=6)


def mean_width(table: pd.DataFrame) -> float:
    return float((table["high"] - table["low"]).mean())


def test_the_width_of_pairs_is_that_of_simulated_studies():
    voters = Voters(EQUAL, tie=0.353, spread=0.5, pictures=0.5)  # 15 % say that they can't say
    widths = []
    for seed in range(4):
        votes, _ = simulate(round_robin(METHODS, 30, 20, seed, PICTURES), voters, seed)
        widths.append(mean_width(rank(tally(votes, METHODS), 2).table))
    assert strength_width(6, 600, 30, LIKE_THEM) == pytest.approx(np.mean(widths), rel=0.15)


def test_the_width_of_ratings_is_that_of_simulated_studies():
    raters = Raters(EQUAL, (-1.39, -0.4, 0.4, 1.39), offset=0.7, spread=0.5, pictures=0.5)
    widths = []
    for seed in range(4):
        votes, _ = simulate(even_ratings(METHODS, 30, 20, seed, PICTURES), raters, seed)
        widths.append(mean_width(rank_ratings(tally_ratings(votes, METHODS, 5), 2).table))
    assert strength_width(6, 600, 30, LIKE_THEM, 5) == pytest.approx(np.mean(widths), rel=0.2)


def test_more_votes_make_it_narrower_and_what_resembles_itself_wider():
    told = width_table(6, 600, 30, LIKE_THEM)[1].set_index("assumed")["width"].astype(float)
    assert told["independent votes"] < told["as assumed"]
    assert strength_width(6, 2400, 120, LIKE_THEM) < told["as assumed"]
    assert strength_width(6, 600, 30, LIKE_THEM, 5) > strength_width(6, 1200, 60, LIKE_THEM, 5)
