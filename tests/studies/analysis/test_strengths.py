"""Bradley-Terry and Davidson: by hand, against scipy and choix, their laws, and their limits."""

from __future__ import annotations

import itertools

import choix
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import optimize

from studies.analysis.strengths import against_average, bradley_terry, compared, finite
from studies.design.davidson import PRIOR, davidson, pair_chances

#: As good as no prior at all.
NONE = 1e-9


def symmetric(table: np.ndarray) -> np.ndarray:
    upper = np.triu(table, 1)
    return upper + upper.T


@st.composite
def count_tables(draw, size=4, least=0):
    """Wins and ties of a few methods."""
    cells = st.integers(least, 12)
    wins = draw(hnp.arrays(np.float64, (size, size), elements=cells.map(float)))
    ties = draw(hnp.arrays(np.float64, (size, size), elements=cells.map(float)))
    np.fill_diagonal(wins, 0)
    return wins, symmetric(ties)


def test_two_methods_by_hand():
    """Two parameters and three counts: the model's chances are the shares themselves."""
    wins, ties = np.array([[0.0, 30], [10, 0]]), np.array([[0.0, 20], [20, 0]])
    found = davidson(wins, ties, NONE)
    assert found.methods[0] - found.methods[1] == pytest.approx(np.log(3), abs=1e-7)
    assert np.exp(found.tie) == pytest.approx(20 / np.sqrt(30 * 10), abs=1e-7)
    won, tied = pair_chances(found.methods, found.tie)
    assert [won[0, 1], won[1, 0], tied[0, 1]] == pytest.approx([1 / 2, 1 / 6, 1 / 3])


@pytest.mark.parametrize("seed", range(4))
def test_davidson_is_the_maximum_of_the_plain_likelihood(seed):
    """scipy's minimiser, on Davidson's formula written out vote by vote, without logarithms."""
    random = np.random.default_rng(seed)
    wins = random.integers(0, 9, (5, 5)).astype(float) * (1 - np.eye(5))
    ties = symmetric(random.integers(0, 5, (5, 5)).astype(float))

    def minus_likelihood(x):
        strength, nu = np.exp(np.append(x[:4], -x[:4].sum())), np.exp(x[4])
        total = 0.0
        for i, j in itertools.combinations(range(5), 2):
            root = nu * np.sqrt(strength[i] * strength[j])
            whole = strength[i] + strength[j] + root
            total += (wins[i, j] + PRIOR) * np.log(strength[i] / whole)
            total += (wins[j, i] + PRIOR) * np.log(strength[j] / whole)
            total += (ties[i, j] + PRIOR) * np.log(root / whole)
        return -total

    best = optimize.minimize(minus_likelihood, np.zeros(5), method="BFGS", options={"gtol": 1e-7})
    found = davidson(wins, ties)
    assert found.methods[:4] == pytest.approx(best.x[:4], abs=1e-5)
    assert found.tie == pytest.approx(best.x[4], abs=1e-5)
    assert found.methods.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_without_ties_it_is_bradley_and_terrys(seed):
    random = np.random.default_rng(seed)
    wins = random.integers(1, 9, (6, 6)).astype(float) * (1 - np.eye(6))
    votes = [(i, j) for i, j in np.ndindex(6, 6) for _ in range(int(wins[i, j]))]
    theirs = choix.opt_pairwise(6, votes, alpha=1e-10, tol=1e-10)
    assert davidson(wins, np.zeros((6, 6)), NONE).methods == pytest.approx(theirs, abs=1e-5)
    assert bradley_terry(wins) == pytest.approx(theirs, abs=1e-5)


def test_many_at_once_are_the_same_as_one_by_one():
    random = np.random.default_rng(0)
    wins = random.integers(0, 30, (3, 4, 5, 5)).astype(float)
    ties = random.integers(0, 9, (3, 4, 5, 5)).astype(float)
    ties = ties + ties.swapaxes(-1, -2)
    found = davidson(wins, ties)
    assert found.methods.shape == (3, 4, 5)
    assert found.tie.shape == (3, 4)
    for place in np.ndindex(3, 4):
        alone = davidson(wins[place], ties[place])
        assert found.methods[place] == pytest.approx(alone.methods, abs=1e-9)
        assert found.tie[place] == pytest.approx(alone.tie, abs=1e-9)


@given(count_tables(), st.permutations(range(4)))
def test_names_do_not_matter(tables, order):
    wins, ties = tables
    place = np.ix_(order, order)
    found, renamed = davidson(wins, ties), davidson(wins[place], ties[place])
    assert renamed.methods == pytest.approx(found.methods[list(order)], abs=1e-7)
    assert renamed.tie == pytest.approx(found.tie, abs=1e-7)


@given(count_tables())
def test_the_opposite_answers_give_the_opposite_strengths(tables):
    wins, ties = tables
    found, opposite = davidson(wins, ties), davidson(wins.T, ties)
    assert opposite.methods == pytest.approx(-found.methods, abs=1e-7)
    assert opposite.tie == pytest.approx(found.tie, abs=1e-7)


@given(count_tables(), st.floats(0.2, 50))
def test_counts_matter_only_in_proportion_to_the_prior(tables, scale):
    wins, ties = tables
    found = davidson(wins, ties)
    scaled = davidson(scale * wins, scale * ties, scale * PRIOR)
    assert scaled.methods == pytest.approx(found.methods, abs=1e-7)
    assert scaled.tie == pytest.approx(found.tie, abs=1e-7)


@given(hnp.arrays(np.float64, 4, elements=st.floats(-3, 3)), st.floats(-5, 5), st.floats(-3, 2))
def test_only_differences_of_strengths_show(strengths, offset, tie):
    for one, other in zip(
        pair_chances(strengths, np.array(tie)),
        pair_chances(strengths + offset, np.array(tie)),
        strict=True,
    ):
        assert other == pytest.approx(one, abs=1e-9)


@given(hnp.arrays(np.float64, 4, elements=st.floats(-2, 2)), st.floats(-2, 1))
def test_exact_chances_give_the_strengths_back(strengths, tie):
    won, tied = pair_chances(strengths, np.array(tie))
    found = davidson(won, tied, 1e-12)
    assert found.methods == pytest.approx(strengths - strengths.mean(), abs=1e-6)
    assert found.tie == pytest.approx(tie, abs=1e-6)


def test_share_against_the_average():
    assert against_average(np.array([0.0, np.log(3), -np.log(3)])) == pytest.approx(
        [0.5, 0.75, 0.25]
    )


@pytest.mark.parametrize("prior", [0.0, -1.0, float("nan")])
def test_no_prior_is_refused(prior):
    with pytest.raises(ValueError, match="must be above 0"):
        davidson(np.zeros((2, 2)), np.zeros((2, 2)), prior)


def rises_for_ever(wins: np.ndarray, ties: np.ndarray) -> bool:
    """Look for a direction in which no vote's chance ever falls and some rises: a linear program.

    Fewer ties, where there are none, is not such a direction: that is what ν = 0 is.
    """
    size = len(wins)
    rows = []
    for i, j in itertools.combinations(range(size), 2):
        answers = np.zeros((3, size + 1))
        answers[0, [i, j]], answers[1, [i, j]], answers[2, size] = [0.5, -0.5], [-0.5, 0.5], 1
        for given_, count in enumerate((wins[i, j], wins[j, i], ties[i, j])):
            if count:
                rows += [answers[given_] - answers[other] for other in range(3) if other != given_]
    gains = np.array(rows)
    bounds = [(-1, 1)] * size + [(-1 if ties.any() else 0, 1)]
    best = optimize.linprog(
        -gains.sum(axis=0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=bounds
    )
    return bool(-best.fun > 1e-6)


@given(count_tables(3).filter(lambda tables: compared(sum(tables) + tables[0].T).all()))
def test_finite_of_three_methods_is_what_a_linear_program_says(tables):
    assert finite(*tables) == (not rises_for_ever(*tables))


def test_finite_of_sparse_votes_is_what_a_linear_program_says():
    """Few votes, so that both answers come up often."""
    random = np.random.default_rng(0)
    told = []
    for _ in range(100):
        wins = (random.random((4, 4)) < 0.3) * (1.0 - np.eye(4))
        ties = symmetric((random.random((4, 4)) < 0.25).astype(float))
        if compared(wins + wins.T + ties).all():
            told.append(finite(wins, ties))
            assert told[-1] == (not rises_for_ever(wins, ties))
    assert 10 < sum(told) < len(told) - 10


def test_a_tie_alone_does_not_hold_a_winner_back():
    """Strength and ν can grow together: 5 wins, 1 tie, no loss."""
    wins, ties = np.array([[0.0, 5], [0, 0]]), np.array([[0.0, 1], [1, 0]])
    assert not finite(wins, ties)
    assert davidson(wins, ties, 1e-6).methods[0] > davidson(wins, ties, 1e-3).methods[0] + 1
    assert finite(wins + wins.T / 5, ties)
