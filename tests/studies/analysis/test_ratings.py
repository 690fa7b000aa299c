"""Strengths from marks on a scale: against another program, by derivatives, and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.analysis.cumulative_link import Marks, cumulative, finite, mark_chances, scores
from studies.analysis.rating_results import RatingResult, analyse_ratings
from studies.analysis.ratings import influences, rank_ratings, tally_ratings
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.raters import Raters, even_ratings
from studies.design.trial import NOTHING, Side, Trial

METHODS = ("a", "b", "c", "d")
RATERS = Raters(
    dict(zip(METHODS, (1.0, 0.3, -0.3, -1.0), strict=True)),
    (-1.5, -0.4, 0.6, 1.7),
    offset=0.7,
    spread=0.4,
    pictures=0.4,
)


def votes_of(seed: int = 1, people: int = 24, trials: int = 16) -> pd.DataFrame:
    design = even_ratings(METHODS, people, trials, seed, (4, 5))
    return simulate(design, RATERS, seed)[0]


def test_strengths_are_those_of_statsmodels():
    model = pytest.importorskip("statsmodels.miscmodels.ordinal_model").OrderedModel
    ratings = tally_ratings(votes_of(), METHODS, 5)
    dummies = np.eye(4)[ratings.method][:, 1:]
    theirs = model(ratings.mark, dummies, distr="logit").fit(disp=0, method="bfgs", gtol=1e-9)
    strengths = np.concatenate([[0], theirs.params[:3]])
    found = cumulative(ratings.counts, 1e-9)
    np.testing.assert_allclose(found.methods, strengths - strengths.mean(), atol=1e-4)


def test_the_scores_are_derivatives_of_the_log_chances():
    at, step = np.array([0.5, -0.2, -0.3, -1.0, 0.1, 0.9]), 1e-6

    def log_chances(point: np.ndarray) -> np.ndarray:
        return np.log(mark_chances(Marks(point[:3], point[3:])))

    both = [
        (log_chances(at + step * unit) - log_chances(at - step * unit)) / 2 / step
        for unit in np.eye(6)
    ]
    found = scores(Marks(at[:3], at[3:]))
    np.testing.assert_allclose(found, np.moveaxis(np.array(both), 0, -1), atol=1e-8)


def test_a_vote_moves_the_strengths_as_its_influence_says():
    votes = votes_of()
    ratings = tally_ratings(votes, METHODS, 5)
    found = cumulative(ratings.counts)
    moved = influences(ratings, np.arange(4), found)
    np.testing.assert_allclose(moved.sum(axis=1), 0, atol=1e-12)
    for number in (0, 7, 100):
        without = ratings.counts
        without[ratings.method[number], ratings.mark[number]] -= 1
        change = found.methods - cumulative(without).methods
        np.testing.assert_allclose(moved[number], change, atol=4e-4)


@pytest.mark.parametrize(
    ("counts", "is_finite"),
    [
        ([[3, 2, 1], [1, 2, 3]], True),
        ([[3, 2, 0], [0, 2, 3]], False),  # only the middle mark is shared: they move apart
        ([[3, 2, 0], [0, 0, 3]], False),
        ([[3, 0, 1], [1, 0, 3]], True),  # nobody gave the middle one
        ([[0, 5, 0], [0, 4, 0]], False),
        ([[1, 0, 0], [2, 2, 2]], False),
        ([[1, 1, 1], [1, 1, 1], [0, 0, 9]], False),
    ],
)
def test_it_is_known_where_the_ratings_alone_give_no_finite_strengths(counts, is_finite: bool):
    assert finite(np.array(counts, dtype=float)) == is_finite
    small, smaller = (
        np.ptp(cumulative(np.array(counts, dtype=float), prior).methods) for prior in (1e-2, 1e-4)
    )
    one_mark = np.count_nonzero(np.sum(counts, axis=0)) == 1  # tells nothing, so they are equal
    assert (abs(smaller - small) < 0.5) == (is_finite or one_mark)


def test_intervals_hold_the_truth_in_most_of_a_few_studies():
    """Many studies, and how often: tests/benchmarks/test_rating_coverage.py."""
    chances = RATERS.chances(METHODS)
    truth = cumulative(chances, 1e-12).methods
    means = chances @ np.arange(1, 6)
    held = []
    for seed in range(8):
        table = rank_ratings(tally_ratings(votes_of(seed), METHODS, 5), draws=2).table
        held.append((table["low"] <= truth) & (truth <= table["high"]))
        held.append((table["mean_low"] <= means) & (means <= table["mean_high"]))
    assert np.mean(held) >= 0.85


def test_chances_are_those_of_simulated_people():
    raters = Raters(RATERS.strengths, RATERS.thresholds, offset=0.5, pictures=0.5, lapse=0.1)
    votes, _ = simulate(even_ratings(METHODS, 1500, 4, 1, (40, 40)), raters, 2)
    counts = tally_ratings(votes, METHODS, 5).counts
    np.testing.assert_allclose(counts / counts.sum(axis=1)[:, None], raters.chances(METHODS),
                               atol=0.04)  # fmt: skip


@pytest.fixture(scope="module")
def result() -> RatingResult:
    design = [
        [*trials, Trial("repeat", *(trials[0].content, trials[0].style), *(trials[0].left, NOTHING),
                        repeats=0),
         Trial("catch", "content-00", "style-00", Side("noise"), NOTHING, "1,2")]
        for trials in even_ratings(METHODS, 20, 12, 3, (4, 5))
    ]  # fmt: skip
    votes, people = simulate(design, RATERS, 3)
    lazy = votes["participant"] == "voter-0003"
    votes.loc[lazy, "answer"] = "4"
    return analyse_ratings(votes, people, methods=METHODS, scale=5, drop_at=1)["overall"]


def test_tables_of_a_study_fit_together(result: RatingResult):
    assert result.strengths["method"].tolist() == list(METHODS)
    assert result.summary["votes"].item() == result.strengths["votes"].sum() == 19 * 12
    assert result.catches.set_index("participant")["dropped"].sum() == 1
    assert result.funnel.set_index("stage").loc["kept", "participants"] == 19
    marks = result.marks.groupby("method")
    assert marks["share"].sum().to_numpy() == pytest.approx(1)
    by_hand = (result.marks["mark"] * result.marks["share"]).groupby(result.marks["method"]).sum()
    told = result.strengths.set_index("method")["mean"]
    assert by_hand.to_dict() == pytest.approx(told.to_dict())
    modes = result.modes.set_index("method")["mean"]
    assert modes.to_dict() == pytest.approx(told.to_dict())
    assert result.styles["votes"].sum() == 19 * 12
    assert result.consistency["repeats"].item() == 19
    assert 0 < result.consistency["share"].item() <= 1
    assert -1 < result.agreement["alpha"].item() < 1
    lazy = result.attention.set_index("participant").loc["voter-0003"]
    assert lazy["doubtful"] == "same answer"
    assert result.everybody["votes"].sum() == 20 * 12
    assert len(result.pairs) == 6
    assert result.pairs["apart"].dtype == bool


def test_nothing_and_almost_nothing_can_be_analysed():
    votes = votes_of(people=2, trials=4)
    for some in (votes.iloc[:0], votes.iloc[:1], votes[votes["left_method"] == "a"], votes):
        people = pd.DataFrame({"participant": [], "slot": [], "joined_at": [], "finished": []})
        found = analyse_ratings(
            some, people, methods=METHODS, scale=5, drop_at=2, questions=["overall"]
        )["overall"]
        assert len(found.strengths) == 4
        assert found.strengths["low"].isna().all()  # two people are too few for an interval
        assert not found.pairs["apart"].any()
