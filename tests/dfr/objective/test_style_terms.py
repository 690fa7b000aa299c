"""Style terms against calculations of another kind, and in an objective beside others."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.optimize import linear_sum_assignment

from baselines.decormst import DeCorMST
from dfr.core.errors import UserError
from dfr.objective.central_moments import SCALE
from dfr.objective.feature_statistics import STATISTICS
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.style_terms import STYLE_TERMS, style_term
from dfr.solvers.fast import Fast

NEW = ("sliced-wasserstein", "mean-deviation", "moments")


@pytest.fixture
def features() -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    one, other = (torch.rand(2, 5, 4, 6, generator=draw, dtype=torch.float64) for _ in range(2))
    return 80 * one, 120 * other


def apart(name: str, found: torch.Tensor, style: torch.Tensor) -> np.ndarray:
    term = style_term(name)
    return (term.distance(term(found), term(style))).numpy()


def test_sliced_wasserstein_is_the_cheapest_transport_along_each_direction(features):
    """By assigning places to places, which is not by sorting."""
    found, style = features
    projected = style_term("sliced-wasserstein").statistic
    unit = torch.eye(5, dtype=torch.float64).reshape(1, 5, 5, 1)
    rows = projected(unit)[0].numpy()  # each direction's entries, sorted
    assert (rows**2).sum(axis=1) == pytest.approx(np.ones(5))
    for row in range(2):
        costs = []
        for index in range(5):
            a, b = (projected(each)[row, index].numpy() for each in (found, style))
            shuffled = np.random.default_rng(index).permutation(b)
            cost = (a[:, None] - shuffled[None]) ** 2
            i, j = linear_sum_assignment(cost)
            costs.append(cost[i, j].mean())
        assert apart("sliced-wasserstein", found, style)[row] == pytest.approx(np.mean(costs))


def test_sliced_wasserstein_does_not_see_where_things_are(features):
    found, _ = features
    moved = found.flip(3).roll(1, 2)
    assert apart("sliced-wasserstein", found, moved) == pytest.approx([0, 0], abs=1e-20)


def test_mean_and_deviation_by_numpy(features):
    found, style = (each.flatten(2).numpy() for each in features)
    expected = ((found.mean(2) - style.mean(2)) ** 2 + (found.std(2) - style.std(2)) ** 2).mean(1)
    assert apart("mean-deviation", *features) == pytest.approx(expected)


def test_moments_by_scipy(features):
    found, style = (1 / (1 + np.exp(-each.flatten(2).numpy() / SCALE)) for each in features)
    expected = np.linalg.norm(found.mean(2) - style.mean(2), axis=1)
    for order in range(2, 6):
        difference = stats.moment(found, order, axis=2) - stats.moment(style, order, axis=2)
        expected = expected + np.linalg.norm(difference, axis=1)
    assert apart("moments", *features) == pytest.approx(expected)


@pytest.mark.parametrize("name", NEW)
def test_at_the_style_itself_the_distance_and_its_slope_are_nothing(features, name):
    term = style_term(name)
    leaf = features[1].clone().requires_grad_(True)
    distance = term.apart(term(leaf), term(features[1]))
    (slope,) = torch.autograd.grad(distance.sum(), leaf)
    assert distance.tolist() == [0, 0]
    assert slope.isfinite().all() and slope.abs().max() < 1e-9


@pytest.mark.parametrize("name", NEW)
def test_each_picture_counts_for_itself(features, name):
    term = style_term(name)
    found, style = features
    both = term.apart(term(found), term(style))
    alone = torch.cat([term.apart(term(found[k : k + 1]), term(style[k : k + 1])) for k in (0, 1)])
    assert torch.allclose(both, alone)


def test_the_published_five_stay_five():
    assert tuple(STYLE_TERMS)[:5] == tuple(STATISTICS) == DeCorMST().statistics
    assert tuple(STYLE_TERMS)[5:] == NEW
    with pytest.raises(UserError, match="did you mean pearson"):
        style_term("person")


def test_terms_of_all_shapes_in_one_objective_are_each_what_they_are_alone(encoder, content, style):
    names = ("sliced-wasserstein", "gram", "moments", "mean-deviation")
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(1))
    picture = torch.lerp(content, noise, 0.2)
    whole = DeCorMST(statistics=names).problem(content, style, encoder)
    losses, slopes = loss_and_gradient(picture.repeat(4, 1, 1, 1), whole.objective, whole.encoder)
    for row, name in enumerate(names):
        alone = DeCorMST(statistics=(name,)).problem(content, style, encoder)
        loss, slope = loss_and_gradient(picture, alone.objective, alone.encoder)
        assert float(losses[row]) == pytest.approx(float(loss[0]), rel=1e-5)
        assert float((slopes[row] - slope[0]).norm() / slope.norm()) < 1e-4


@pytest.mark.parametrize("name", NEW)
def test_an_output_goes_towards_the_style_by_its_own_term(encoder, content, style, name):
    method = DeCorMST(statistics=(name,), channels="correct", solver=Fast(iterations=8))
    found = method.stylize(content, style, encoder)
    assert found.losses[name]["style"] < 0.9 * found.content_losses[name]["style"]
