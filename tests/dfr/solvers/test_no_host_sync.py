"""No solver's loop waits for a graphics processor, but where the host looks every some iterations.

Shown without one, on torch's device ``meta``: its tensors have shapes and no values, so whatever
reads a value, or copies one to the host, raises. What copies to the device is noticed besides.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from baselines.decormst import DeCorMST
from baselines.gatys import Gatys
from dfr.core.precision import widest
from dfr.core.progress import silent
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.optimisation import Problem
from dfr.network.encoder import Encoder
from dfr.objective.gradients import PASS_PIXELS
from dfr.objective.style_terms import STYLE_TERMS
from dfr.solvers import fast, lbfgs
from dfr.solvers.adam import Adam, State, step_taker
from dfr.solvers.fast import Fast
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.outcomes import Outcomes

METHODS = {
    "dfr balanced": DFR(balanced=True, rotations=(90.0,)),
    "every style term": DeCorMST(statistics=tuple(STYLE_TERMS)),
    "gatys": Gatys(),
}

#: Of a number on mps.
MOST_BYTES = widest(torch.device("mps")).itemsize


class StaysThere(TorchDispatchMode):
    """Raises where an operation takes or gives tensors of two devices; single numbers may mix.

    So it does where a tensor on the device has more digits than mps, of all devices, has.

    Args:
        moving: whether values may move between devices.
    """

    def __init__(self, moving: bool = False) -> None:
        super().__init__()
        self.moving = moving

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        copies = func.overloadpacket in (torch.ops.aten._to_copy, torch.ops.aten.copy_)
        devices = set()
        for leaf in tree_leaves((args, kwargs, out)):
            if isinstance(leaf, torch.Tensor):
                if leaf.dim() or copies:
                    devices.add(leaf.device.type)
                if leaf.is_meta and leaf.is_floating_point():
                    assert leaf.dtype.itemsize <= MOST_BYTES, func
        if len(devices) > 1 and not self.moving:
            raise RuntimeError(f"{func} moves values between {' and '.join(sorted(devices))}")
        return out


def watched(step: Callable[..., None]) -> Callable[..., None]:
    def taken(*arguments: Any) -> None:
        with StaysThere():
            step(*arguments)

    return taken


class NeverLooked(Outcomes):
    """Outcomes for rows without values: where the host would look, all are still there."""

    def look(self, *_: object) -> None:
        return None

    def take_rest(self, *_: object) -> None:
        pass

    def result(self, *_: object, **__: object) -> Any:
        return self


def problem_there(encoder: Encoder, method: Any) -> Problem:
    there = Encoder(encoder.weights).to("meta")
    content, style = (torch.zeros((1, 3, 48, 64), device="meta") for _ in range(2))
    with StaysThere(moving=True):
        return method.problem(content, style, there)


def take_steps_of_adam(problem: Problem) -> torch.Tensor:
    state = State(problem.start, problem.objective, problem.encoder, Adam(iterations=5))
    step = step_taker(state)
    for _ in range(2):
        step()
    return state.curve


def run(solver: Fast | LBFGS) -> Callable[[Problem], torch.Tensor]:
    def taken(problem: Problem) -> torch.Tensor:
        return solver.minimise(problem.start, problem.objective, problem.encoder, silent).curve

    return taken


RUNS = {
    "adam": take_steps_of_adam,
    "fast": run(Fast(iterations=4, scouts=2, window=1)),
    "lbfgs": run(LBFGS(iterations=3, history=2)),
}


@pytest.fixture(autouse=True)
def few_and_unseen(monkeypatch):
    """The second phase begins early in few iterations, nobody looks, and no step sends a thing."""
    monkeypatch.setattr(fast, "_SHORT", 4)
    monkeypatch.setattr(fast, "Outcomes", NeverLooked)
    monkeypatch.setattr(lbfgs, "Outcomes", NeverLooked)
    left = iter([[3], []])
    monkeypatch.setattr(lbfgs._Run, "left", lambda _: next(left))
    monkeypatch.setattr(lbfgs._Run, "evaluations", lambda _: 0)
    for owner, name in ((State, "step"), (Fast, "_step"), (lbfgs._Run, "step")):
        monkeypatch.setattr(owner, name, watched(getattr(owner, name)))


@pytest.mark.parametrize(
    ("solver", "name"),
    # The terms are the same code in every solver.
    [*product(RUNS, ("dfr balanced", "gatys")), ("adam", "every style term")],
)
def test_steps_read_nothing_back(encoder, solver, name):
    assert RUNS[solver](problem_there(encoder, METHODS[name])).is_meta


@pytest.mark.parametrize("solver", RUNS)
def test_passes_of_one_row_send_nothing_over(monkeypatch, encoder, solver):
    monkeypatch.setitem(PASS_PIXELS, "meta", 1)
    assert RUNS[solver](problem_there(encoder, DFR(rotations=(0.0, 90.0)))).is_meta


def test_float64_on_a_device_is_noticed():
    assert widest(torch.device("cuda")) == torch.float64
    with StaysThere(), pytest.raises(AssertionError):
        torch.zeros(2, device="meta").double()


def test_what_reads_back_is_noticed(encoder):
    problem = problem_there(encoder, DFR())
    state = State(problem.start, problem.objective, problem.encoder, Adam(iterations=5))
    outcomes = Outcomes(problem.start, 5)
    for read in (
        lambda: state.failed,
        lambda: bool(state.active.any()),
        lambda: state.curve.cpu(),
        lambda: float(state.curve[0, 0]),
        lambda: outcomes.result(5),
        lambda: torch.zeros(3).to("meta"),
    ):
        with StaysThere(), pytest.raises((RuntimeError, NotImplementedError)):
            read()
