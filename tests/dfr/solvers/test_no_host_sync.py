"""The loop of published Adam never waits for a graphics processor.

Shown without one, on torch's device ``meta``: its tensors have shapes and no values, so whatever
reads a value, or copies one to the host, raises.
"""

from __future__ import annotations

import pytest
import torch

from baselines.decormst import DeCorMST
from baselines.gatys import Gatys
from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import Encoder
from dfr.solvers.adam import Adam, State, step_taker

METHODS = {
    "dfr": DFR(),
    "dfr balanced": DFR(balanced=True),
    "decormst": DeCorMST(),
    "other terms": DeCorMST(statistics=("sliced-wasserstein", "moments", "mean-deviation")),
    "gatys": Gatys(solver=Adam(iterations=5)),
}


def before_the_first_step(encoder, method) -> State:
    there = Encoder(encoder.weights).to("meta")
    content, style = (torch.zeros((1, 3, 48, 64), device="meta") for _ in range(2))
    problem = method.problem(content, style, there)
    return State(problem.start, problem.objective, problem.encoder, Adam(iterations=5))


@pytest.mark.parametrize("name", METHODS)
def test_steps_read_nothing_back(encoder, name):
    state = before_the_first_step(encoder, METHODS[name])
    step = step_taker(state)
    for _ in range(3):
        step()
    assert state.pictures.is_meta and state.curve.is_meta


def test_what_reads_back_is_noticed(encoder):
    state = before_the_first_step(encoder, DFR())
    for read in (
        lambda: state.failed,
        lambda: bool(state.active.any()),
        lambda: state.curve.cpu(),
        lambda: float(state.curve[0, 0]),
    ):
        with pytest.raises((RuntimeError, NotImplementedError)):
            read()
