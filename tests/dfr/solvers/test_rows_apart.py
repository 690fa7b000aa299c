"""Each row of a batch goes its own way: its own memory, its own end, also where nobody looks."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from dfr.objective.objective import Objective
from dfr.solvers import fast, lbfgs, quasi_newton
from dfr.solvers.fast import Fast
from dfr.solvers.history import History
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.synthesis import Synthesis, synthesise
from tests.dfr.solvers.conftest import shallow_objective


def pairs(count: int, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        step = torch.randn(1, 3, 8, 8, generator=generator)
        found.append((step, step * torch.rand(1, 3, 8, 8, generator=generator)))
    return found


def remembers(history: History, taken: list[list[tuple[torch.Tensor, torch.Tensor] | None]]):
    """Add pairs to the rows, time by time; a row may have none."""
    none = torch.full((1, 3, 8, 8), float(7))
    for now in taken:
        steps, changes = (torch.cat([(pair or (none, none))[k] for pair in now]) for k in (0, 1))
        rows = torch.tensor([pair is not None for pair in now])
        products = (steps * changes).flatten(1).sum(dim=1)
        history.add(rows, steps, changes, torch.where(rows, 1 / products, 0.0))
    return history


@pytest.fixture
def gradient() -> torch.Tensor:
    return torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(9))


def test_a_row_remembers_what_it_took_whatever_the_others_did(gradient):
    """The second row takes a pair at every time, the first and the third at some of them."""
    first, second, third = pairs(3, 1), pairs(7, 2), pairs(5, 3)
    sparse = [first[0], None, first[1], None, None, None, first[2]]
    other = [None, *third[:3], None, *third[3:]]
    together = remembers(
        History(gradient, 4), [list(now) for now in zip(sparse, second, other, strict=True)]
    )
    found = together.over_curvature(gradient, lambda current: 0.5 * current)
    for row, own in enumerate((first, second, third)):
        alone = remembers(History(gradient[:1], 4), [[pair] for pair in own])
        expected = alone.over_curvature(gradient[row : row + 1], lambda current: 0.5 * current)
        assert torch.equal(found[row], expected[0])


def test_a_device_reads_the_same_pairs_as_the_cpu(monkeypatch, gradient):
    first, second, third = pairs(2, 1), pairs(6, 2), pairs(6, 3)
    taken = zip([first[0], None, None, first[1], None, None], second, third, strict=True)
    history = remembers(History(gradient, 4), [list(now) for now in taken])
    row_by_row = history.over_curvature(gradient, lambda current: current)
    monkeypatch.setattr(history, "_readers", lambda: [history._of_all])
    assert torch.equal(history.over_curvature(gradient, lambda current: current), row_by_row)


def test_what_is_remembered_gives_the_inverse_curvature(gradient):
    """L-BFGS's own law: the inverse takes the last change of gradient to the last step."""
    taken = pairs(6, 4)
    history = remembers(History(gradient[:1], 4), [[pair] for pair in taken])
    step, change = taken[-1]
    found = history.over_curvature(change, lambda current: 0.1 * current)
    assert torch.allclose(found, step, atol=1e-4)


def test_rows_that_forget_or_leave(gradient):
    taken = [[one, other] for one, other in zip(pairs(3, 5), pairs(3, 6), strict=True)]
    history = remembers(History(gradient[:2], 4), taken)
    both = history.over_curvature(gradient[:2], lambda current: current)
    history.forget(torch.tensor([True, False]))
    part = history.over_curvature(gradient[:2], lambda current: current)
    assert torch.equal(part[0], gradient[0])
    assert torch.equal(part[1], both[1])
    history.keep(torch.tensor([1]))
    assert torch.equal(history.over_curvature(gradient[1:2], lambda current: current), both[1:])


@pytest.fixture(scope="module")
def objective(encoder, content, style) -> Objective:
    """Four outputs; the third is not finite, the first is done early."""
    whole = shallow_objective(content, style, encoder, 0.0, 0.6, 1.0, 1.4)
    own = encoder(content, whole.layers)
    targets = {layer: target.clone() for layer, target in whole.style.items()}
    for layer, target in targets.items():
        target[0] = whole.terms[0](own[layer])[0]
        target[2] = float("nan")
    weights = dataclasses.replace(whole.weights, variation=0.0)
    return dataclasses.replace(whole, style=targets, weights=weights)


def as_on_a_device(monkeypatch, solve) -> Synthesis:
    """Solve with masks alone, and looks that come late and seldom."""
    with monkeypatch.context() as patch:
        for module in (quasi_newton, lbfgs):
            patch.setattr(module, "may_hold", lambda _: True)
        for module in (fast, lbfgs):
            patch.setattr(module, "looks_every", lambda _: 7)
        return solve()


@pytest.mark.parametrize(
    ("solver", "rows"),
    [
        (Fast(iterations=12, scouts=4, tolerance=1e-6, window=3), [0, 1, 2, 3]),
        (Fast(iterations=9, tolerance=1e-6, window=3), [0, 1, 2, 3]),
        (LBFGS(iterations=6, history=3), [1, 2, 3]),
    ],
    ids=["both phases of the fast solver", "its first phase", "L-BFGS"],
)
def test_masks_give_what_looks_give(monkeypatch, encoder, objective, content, solver, rows):
    """Rows that end between two looks are told and left as if they had gone at once."""
    monkeypatch.setattr(fast, "_SHORT", 10)
    start, part = content.repeat(len(rows), 1, 1, 1), objective.rows(rows)

    def solve() -> Synthesis:
        return synthesise(start, part, encoder, solver)

    at_once, late = solve(), as_on_a_device(monkeypatch, solve)
    broken = rows.index(2)
    assert list(at_once.failed) == [broken]
    assert list(at_once.done)[:1] == [0] * isinstance(solver, Fast)
    assert late.failed == at_once.failed and late.done == at_once.done
    assert late.evaluations == at_once.evaluations
    # The network's sums have another order where a row has left.
    assert torch.allclose(late.curve, at_once.curve, rtol=1e-2, equal_nan=True)
    assert torch.equal(late.curve.isnan(), at_once.curve.isnan())
    assert torch.allclose(late.pictures[broken], at_once.pictures[broken])
