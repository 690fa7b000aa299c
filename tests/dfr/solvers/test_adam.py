"""The published Adam: one counter for all outputs, and the step written out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import torch

from dfr.objective.objective import Objective
from dfr.solvers import adam
from dfr.solvers.adam import Adam
from dfr.solvers.synthesis import synthesise
from tests.conftest import styled_by

COUNTERS = (1, 3, 4)


def by_hand(start: torch.Tensor, objective: Objective, encoder, counter_steps: int) -> torch.Tensor:
    """Three iterations by the formula, row by row, with a counter that is really counted up."""
    pictures = [start[row : row + 1].clone() for row in range(3)]
    mean, square = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    for iteration in range(3):
        for row in range(3):
            part = objective.rows([row])
            picture = pictures[row].requires_grad_(True)
            loss = part(picture, encoder(picture, part.layers)).total.sum()
            (slope,) = torch.autograd.grad(loss, picture)
            mean[row] = 0.99 * mean[row] + 0.01 * slope
            square[row] = 0.999 * square[row] + 0.001 * slope**2
            # The counter goes up with every output: three share it, or four of which one has no
            # picture here; or each has its own.
            t = iteration * counter_steps + row % counter_steps + 1
            rate = 0.02 * (1 - 0.999**t) ** 0.5 / (1 - 0.99**t)
            moved = picture.detach() - rate * mean[row] / (square[row].sqrt() + 0.1)
            pictures[row] = moved.clamp(0, 1)
    return torch.cat(pictures)


@pytest.fixture(scope="module")
def start(content) -> torch.Tensor:
    return content.repeat(3, 1, 1, 1)


@pytest.fixture(scope="module")
def three(content, style, encoder) -> Objective:
    return styled_by(content, style, encoder, 1.0, 0.5, 2.0)


@pytest.mark.parametrize("counter_steps", COUNTERS)
def test_each_step_is_the_published_formula(start, three, encoder, counter_steps):
    found = synthesise(start, three, encoder, Adam(iterations=3, counter_steps=counter_steps))
    away = {
        other: float((found.pictures - by_hand(start, three, encoder, other)).abs().mean())
        for other in COUNTERS
    }
    # A step is a gradient over its own size, so rounding moves single pixels of tiny gradient.
    assert away.pop(counter_steps) < 0.1 * min(away.values())


def test_a_shared_counter_changes_steps_as_was_measured():
    """Against own counters: 0.58 at the 10th iteration, 1.2 at the 100th, and so on."""
    own, shared = Adam(iterations=1000), Adam(iterations=1000, counter_steps=4)
    ratio = (shared.steps(range(4)) / own.steps(range(4))).mean(dim=1)
    for iteration, expected in ((10, 0.58), (100, 1.2), (400, 1.53), (1000, 1.25)):
        assert float(ratio[iteration - 1]) == pytest.approx(expected, abs=0.02)
    first = shared.steps(range(4))[0] / own.steps(range(4))[0]
    assert float(first[0]) == pytest.approx(1.0) and float(first[3]) == pytest.approx(0.5, abs=0.02)


def test_turns_that_are_given_take_the_place_of_the_rows_numbers(start, three, encoder):
    """As where outputs of several pairs, or some outputs of one, are computed together."""
    solver, third = Adam(iterations=2, counter_steps=4), three.rows([2])
    beside = synthesise(start, three, encoder, solver).pictures[2:]
    in_its_turn = synthesise(start[2:], third, encoder, solver, turns=[2]).pictures
    in_the_first = synthesise(start[2:], third, encoder, solver).pictures
    away = float((in_the_first - beside).abs().mean())
    assert float((in_its_turn - beside).abs().mean()) < 0.01 * away


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize("on_cuda", [True, False])
def test_a_graph_is_captured_once_after_three_steps_and_on_cuda_alone(monkeypatch, graph, on_cuda):
    """When, not how: the capture itself needs a card, and `tox -e gpu` makes it there."""
    said = []
    encoder = SimpleNamespace(graphs=graph)
    state = SimpleNamespace(pictures=None, encoder=encoder, step=lambda: said.append("step"))
    monkeypatch.setattr(adam, "on_graphs", lambda _: on_cuda)

    def captured(of):
        assert of is state
        said.append("capture")
        return lambda: said.append("replay")

    monkeypatch.setattr(adam, "_captured", captured)
    take = adam.step_taker(state)
    for _ in range(5):
        take()
    with_graph = [*["step"] * 3, "capture", *["replay"] * 2]
    assert said == (with_graph if graph and on_cuda else ["step"] * 5)


def test_a_graph_that_cannot_be_captured_is_done_without(monkeypatch):
    """CUDA's message has more lines than one; those of a failed capture end with it."""
    said, capturing = [], []

    def step() -> None:
        if capturing:
            raise RuntimeError("operation not permitted when capturing\nFor debugging consider ...")
        said.append("step")

    @contextmanager
    def capture(_: object) -> Iterator[None]:
        capturing.append(True)
        try:
            yield
        finally:
            capturing.clear()

    monkeypatch.setattr(adam, "on_graphs", lambda _: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: None)
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: None)
    monkeypatch.setattr(torch.cuda, "graph", capture)
    encoder = SimpleNamespace(graphs=True)
    adam._warn.cache_clear()
    told = "no CUDA graph: operation not permitted when capturing; going on without one"
    with pytest.warns(UserWarning) as warned:
        for _ in range(2):  # two batches
            take = adam.step_taker(SimpleNamespace(pictures=None, encoder=encoder, step=step))
            for _ in range(5):
                take()
    assert [str(each.message) for each in warned] == [told]
    assert said == ["step"] * 10


def test_the_option_reaches_the_encoder_that_stylizes(dfr, files, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(adam, "step_taker", lambda state: seen.append(state) or state.step)
    done = dfr("stylize", files / "content.png", files / "style.png", "--no-graph", "--size",
               "32x40", "--rotations", "0", "--iterations", "1", "--out", tmp_path)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not seen[0].encoder.graphs
