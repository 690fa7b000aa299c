"""Loss and gradient of a batch: what autograd says of each row, whatever goes in one pass."""

from __future__ import annotations

import dataclasses
from copy import copy

import pytest
import torch

from dfr.objective import gradients
from dfr.objective.gradients import loss_and_gradient, rows_per_pass, terms_of
from dfr.objective.objective import Objective
from dfr.objective.style_term import StyleTerm
from dfr.objective.style_terms import GRAM
from tests.conftest import styled_by


@pytest.fixture(scope="module")
def small(content, style) -> torch.Tensor:
    """Three pictures, (3, 3, 24, 32)."""
    parts = [picture[..., :24, :32] for picture in (content, style)]
    return torch.cat([*parts, (parts[0] + parts[1]) / 2])


@pytest.fixture(scope="module")
def three(small, encoder) -> Objective:
    return styled_by(small[:1], small[1:2], encoder, 1.0, 0.5, 2.0)


def alone(picture: torch.Tensor, objective: Objective, encoder) -> tuple[float, torch.Tensor]:
    """Loss and gradient of one picture, by autograd through the objective."""
    variable = picture.clone().requires_grad_()
    loss = objective(variable, encoder(variable, objective.layers)).total.sum()
    return float(loss.detach()), torch.autograd.grad(loss, variable)[0]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_each_row_has_its_own_loss_and_gradient(small, three, encoder, monkeypatch, most):
    monkeypatch.setattr(gradients, "PASS_PIXELS", {"cpu": most * 24 * 32})
    assert rows_per_pass(small) == most
    losses, slopes = loss_and_gradient(small, three, encoder)
    terms = terms_of(small, three, encoder)
    assert not losses.requires_grad
    assert not slopes.requires_grad
    assert slopes.is_contiguous()
    for row in range(3):
        part = three.rows([row])
        loss, slope = alone(small[row : row + 1], part, encoder)
        assert float(losses[row]) == pytest.approx(loss, rel=1e-4)
        assert float(terms.total[row]) == pytest.approx(loss, rel=1e-4)
        assert float((slopes[row] - slope[0]).norm() / slope.norm()) < 1e-3


def test_at_least_one_row_goes_through_at_once_and_more_elsewhere_than_on_a_cpu():
    assert rows_per_pass(torch.empty(1, 3, 2**10, 2**10)) == 1
    assert rows_per_pass(torch.empty(1, 3, 2**8, 2**7)) == 2
    assert rows_per_pass(torch.empty(1, 3, 2**8, 2**7, device="meta")) == 128


@pytest.mark.parametrize("broken", [[1], [0, 2], [0, 1, 2]])
def test_a_row_without_a_finite_loss_has_no_slope_and_spoils_no_other(
    small, three, encoder, broken
):
    style = {layer: target.clone() for layer, target in three.style.items()}
    for target in style.values():
        target[broken] = float("inf")
    whole = loss_and_gradient(small, three, encoder)
    losses, slopes = loss_and_gradient(small, dataclasses.replace(three, style=style), encoder)
    for row in range(3):
        if row in broken:
            assert not losses[row].isfinite()
            assert not slopes[row].any()
        else:
            assert float(losses[row]) == pytest.approx(float(whole[0][row]), rel=1e-5)
            assert torch.allclose(slopes[row], whole[1][row], rtol=1e-3, atol=1e-3)


def test_the_way_back_is_in_the_precision_of_the_way_there(small, three, encoder, monkeypatch):
    """Whatever was allowed before, and it is allowed again afterwards."""
    seen = []

    class Seen(torch.autograd.Function):
        @staticmethod
        def forward(_ctx, features):
            seen.append(torch.backends.cudnn.allow_tf32)
            return features.clone()

        @staticmethod
        def backward(_ctx, slope):
            seen.append(torch.backends.cudnn.allow_tf32)
            return slope

    term = StyleTerm("seen", lambda features: GRAM(Seen.apply(features)))
    watched = dataclasses.replace(three.rows([0]), terms=(term,))
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    loss_and_gradient(small[:1], watched, encoder)
    assert seen == [False] * 2 * len(watched.style)
    assert torch.backends.cudnn.allow_tf32
    other = copy(encoder)
    other.precision = "tf32"
    with other.convolving():
        assert torch.backends.cudnn.allow_tf32
