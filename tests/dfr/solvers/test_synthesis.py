from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
import torch

from dfr.core.devices import make_process_repeatable
from dfr.core.errors import UserError
from dfr.objective.feature_statistics import gram
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import Objective
from dfr.objective.style_term import StyleTerm
from dfr.objective.style_terms import GRAM
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.synthesis import solver_named, synthesise
from tests.dfr.solvers.conftest import shallow_objective


@pytest.fixture(scope="module")
def objective(encoder, content, style) -> Objective:
    """Three outputs: 50 %, 100 % and 150 % of the style's Gram matrices."""
    return shallow_objective(content, style, encoder, 0.5, 1.0, 1.5)


def tensorflow_adam(objective, encoder, start, steps) -> np.ndarray:
    """Adam as TensorFlow writes it, in NumPy, clipping to [0, 1] after each step."""
    x, m, v = start.numpy().astype(np.float64), 0.0, 0.0
    lr, beta1, beta2, epsilon = 0.02, 0.99, 0.999, 1e-1
    for t in range(1, steps + 1):
        picture = torch.tensor(x, dtype=torch.float32, requires_grad=True)
        loss = objective(picture, encoder(picture, objective.layers)).total.sum()
        g = torch.autograd.grad(loss, picture)[0].numpy().astype(np.float64)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        x = np.clip(x - rate * m / (np.sqrt(v) + epsilon), 0, 1)
    return x


def test_adam_is_the_published_one(encoder, objective, content):
    part = dataclasses.replace(objective.rows([1]))
    found = synthesise(content, part, encoder, Adam(iterations=4)).pictures.numpy()
    expected = tensorflow_adam(part, encoder, content, 4)
    assert np.abs(found - expected).max() < 1e-3  # steps are of 2e-2; float32 against float64
    assert np.abs(found - content.numpy()).max() > 0.05


def test_epsilon_is_beside_the_uncorrected_root(encoder, objective, content):
    """With a tiny loss epsilon decides the step, and the two conventions differ 30-fold."""
    weights = dataclasses.replace(objective.weights, content=0.0, style=1e-11, variation=0.0)
    faint = dataclasses.replace(objective.rows([1]), weights=weights)
    found = synthesise(content, faint, encoder, Adam(iterations=1)).pictures.numpy()
    expected = tensorflow_adam(faint, encoder, content, 1)
    step = np.abs(expected - content.numpy()).max()
    assert 0 < step < 0.01
    assert np.abs(found - expected).max() < 0.05 * step


def test_adam_lowers_every_loss_inside_the_box(encoder, objective, content):
    result = synthesise(content.repeat(3, 1, 1, 1), objective, encoder, Adam(iterations=15))
    assert result.curve.shape == (3, 16)
    assert (result.curve[:, -1] < 0.7 * result.curve[:, 0]).all()
    assert result.pictures.min() >= 0
    assert result.pictures.max() <= 1
    assert torch.allclose(result.curve[:, -1], result.terms.total, rtol=1e-5)


def test_lbfgs_lowers_every_loss_inside_the_box_and_faster(encoder, objective, content):
    start = content.repeat(3, 1, 1, 1)
    quick = synthesise(start, objective, encoder, LBFGS(iterations=8))
    slow = synthesise(start, objective, encoder, Adam(iterations=quick.evaluations))
    assert (quick.terms.total < slow.terms.total).all()
    assert quick.pictures.min() >= 0
    assert quick.pictures.max() <= 1


@pytest.mark.parametrize("solver", [Adam(iterations=5), LBFGS(iterations=3), Fast(iterations=4)])
def test_an_output_does_not_depend_on_its_neighbours(encoder, objective, content, solver):
    start = content.repeat(3, 1, 1, 1)
    one, other = (
        synthesise(start, objective.rows(rows), encoder, solver) for rows in ([0, 1, 2], [1, 1, 2])
    )
    assert not torch.equal(one.pictures[0], other.pictures[0])
    assert torch.equal(one.pictures[2], other.pictures[2])
    assert torch.equal(one.curve[2], other.curve[2])


def test_an_output_alone_has_the_loss_and_slope_it_has_among_others(encoder, objective, content):
    together = loss_and_gradient(content.repeat(3, 1, 1, 1), objective, encoder)
    for row in range(3):
        alone = loss_and_gradient(content, objective.rows([row]), encoder)
        assert float(together[0][row] / alone[0][0]) == pytest.approx(1, abs=1e-5)
        # Sums are grouped otherwise; of the many activations some lie so near 0 that it decides.
        assert (together[1][row] - alone[1][0]).norm() < 0.01 * alone[1].norm()


@pytest.mark.parametrize("solver", [Adam(iterations=5), LBFGS(iterations=3), Fast(iterations=4)])
def test_the_same_seed_gives_the_same_bytes(encoder, objective, content, solver):
    results = []
    for _ in range(2):
        make_process_repeatable()
        torch.manual_seed(7)
        results.append(synthesise(content.repeat(3, 1, 1, 1), objective, encoder, solver))
    assert torch.equal(results[0].pictures, results[1].pictures)
    assert torch.equal(results[0].curve, results[1].curve)


@pytest.mark.parametrize("solver", [Adam(iterations=6), LBFGS(iterations=3)])
def test_a_nan_stops_that_output_only(encoder, objective, content, solver):
    style = {layer: target.clone() for layer, target in objective.style.items()}
    style["block2_conv1"][1, 0, 0] = float("nan")
    broken = dataclasses.replace(objective, style=style)
    start = content.repeat(3, 1, 1, 1)
    result = synthesise(start, broken, encoder, solver)
    healthy = synthesise(start, objective, encoder, solver)
    assert list(result.failed) == [1]
    assert re.search(r"not finite at iteration 0($|[^.\d])", result.failed[1])
    assert "--precision fp32" in result.failed[1]
    assert torch.equal(result.pictures[[0, 2]], healthy.pictures[[0, 2]])
    assert torch.equal(result.curve[[0, 2]], healthy.curve[[0, 2]])
    assert result.curve[1].isnan().all()
    assert result.pictures.isfinite().all()


def test_an_infinite_gradient_stops_that_output_only(encoder, objective, content):
    """sqrt has an infinite slope at zero: a finite loss with a gradient that is not."""

    def rooted(features: torch.Tensor) -> torch.Tensor:
        return gram(features).sub(gram(features).detach()).sqrt()

    sharp = dataclasses.replace(objective, terms=(GRAM, StyleTerm("rooted", rooted), GRAM))
    result = synthesise(content.repeat(3, 1, 1, 1), sharp, encoder, Adam(iterations=4))
    assert list(result.failed) == [1]
    assert "gradient was not finite" in result.failed[1]
    assert result.terms.total[[0, 2]].isfinite().all()


def test_an_output_that_fails_later_keeps_its_last_finite_picture(encoder, objective, content):
    """Its third loss is not finite: the picture of the second stays, and the others go on."""
    calls = []

    def wears_out(features: torch.Tensor) -> torch.Tensor:
        calls.append(features)
        return gram(features) * (1 if len(calls) < 3 else float("nan"))

    start = content.repeat(3, 1, 1, 1)
    worn = dataclasses.replace(objective, terms=(GRAM, StyleTerm("wears out", wears_out), GRAM))
    worn = dataclasses.replace(worn, style={"block1_conv1": worn.style["block1_conv1"]})
    whole = dataclasses.replace(worn, terms=(GRAM, StyleTerm("whole", gram), GRAM))
    found = synthesise(start, worn, encoder, Adam(iterations=4))
    healthy = synthesise(start, whole, encoder, Adam(iterations=4))
    assert list(found.failed) == [1]
    assert "loss was not finite at iteration 2" in found.failed[1]
    once = synthesise(start, whole, encoder, Adam(iterations=1)).pictures
    assert torch.equal(found.pictures[1], once[1])
    assert torch.equal(found.curve[1, :2], healthy.curve[1, :2])
    assert found.curve[1, 2:].isnan().all()
    assert torch.equal(found.pictures[[0, 2]], healthy.pictures[[0, 2]])
    assert torch.equal(found.curve[[0, 2]], healthy.curve[[0, 2]])
    assert found.evaluations == healthy.evaluations == 5


def test_a_loss_that_is_nan_while_its_gradient_is_finite_stops_lbfgs(encoder, objective, content):
    """Torch's line search has no place for it, and raised an IndexError."""

    def flat_and_nan(features: torch.Tensor) -> torch.Tensor:
        return gram(features) * 0 + float("nan")

    sharp = dataclasses.replace(objective, terms=(StyleTerm("flat", flat_and_nan), GRAM, GRAM))
    result = synthesise(content.repeat(3, 1, 1, 1), sharp, encoder, LBFGS(iterations=3))
    assert list(result.failed) == [0]
    assert "the loss was not finite at iteration 0" in result.failed[0]
    assert torch.allclose(result.pictures[0], content[0], atol=0.5 / 255)


def test_if_all_fail_the_loop_ends(encoder, objective, content):
    style = {layer: torch.full_like(t, float("inf")) for layer, t in objective.style.items()}
    broken = dataclasses.replace(objective, style=style)
    result = synthesise(content.repeat(3, 1, 1, 1), broken, encoder, Adam(iterations=50))
    assert sorted(result.failed) == [0, 1, 2]
    assert result.curve.shape == (3, 51)
    assert result.evaluations <= 2


def test_progress_is_told_to_the_end(encoder, objective, content):
    told = []
    synthesise(
        content, objective.rows([0]), encoder, Adam(iterations=3), lambda *now: told.append(now)
    )
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_no_iterations_is_refused(encoder, objective, content):
    with pytest.raises(UserError, match="at least 1"):
        synthesise(content, objective.rows([0]), encoder, Adam(iterations=0))


def test_solvers_by_name():
    assert solver_named("adam", 12) == Adam(iterations=12)
    with pytest.raises(UserError, match="did you mean lbfgs"):
        solver_named("bfgs", 1)
