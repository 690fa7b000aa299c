"""Benchmarks of encoder, statistics, one step and one pair: `tox -e benchmark`.

Names and groups stay as they are, so that a run saved with ``--benchmark-autosave`` can be
compared with a later one (``--benchmark-compare``). Compare on one machine only.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch

from baselines.decormst_loop import LOOPS
from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.methods.feed_forward import FeedForwardMethod
from dfr.methods.registry import METHODS, build
from dfr.network.cpu import integers
from dfr.network.encoder import Encoder
from dfr.network.precisions import PRECISIONS
from dfr.objective.feature_statistics import STATISTICS
from dfr.solvers.synthesis import synthesise
from eval.speed.timing import correlation_pass, style_features

#: Of the features that the statistics are taken of: a profile's on a laptop.
SIZE = (96, 116)

FORMS = {
    **{f"{name}-vectorized": statistic for name, statistic in STATISTICS.items()},
    **{f"{name}-loop": statistic for name, statistic in LOOPS.items()},
}

#: Case -> the method and its settings.
CASES = {
    "dfr-1": ("dfr", {"rotations": [0]}),
    "dfr-2": ("dfr", {"rotations": [0, 90]}),
    "dfr-4": ("dfr", {}),
    "decormst": ("decormst", {}),
    "gatys": ("gatys", {}),
    "feedforward": ("feedforward", {}),
    **{
        name: (name, {"checkpoint": "official"})
        for name in ("adain", "lst", "safin", "adaattn", "microast", "wct")
    },
}
#: The networks take no steps.
ITERATING = ["dfr-1", "dfr-2", "dfr-4", "decormst", "gatys"]


def method_of(case: str, iterations: int) -> Any:
    name, settings = CASES[case]
    return build(name, {**settings, "iterations": iterations} if case in ITERATING else settings)


def test_every_method_has_a_case():
    assert {name for name, _ in CASES.values()} == set(METHODS)


@pytest.mark.benchmark(group="encoder")
@pytest.mark.parametrize("direction", ["forward", "forward and backward"])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_encoder(benchmark, encoder, content, precision, direction):
    if precision == "int8" and integers.missing():
        pytest.skip(f"int8: {integers.missing()}")
    network = Encoder(encoder.weights, precision=precision)
    picture = resize(content, *SIZE).requires_grad_(direction != "forward")

    def run():
        features = network(picture)
        if picture.requires_grad:
            torch.autograd.grad(sum(each.mean() for each in features.values()), picture)

    benchmark(run)


@pytest.mark.benchmark(group="statistics")
@pytest.mark.parametrize("form", FORMS)
def test_statistic(benchmark, encoder, content, form):
    """Five layers of one picture, forward and backward; the loop is DeCorMST's as published."""
    features = style_features(resize(content, *SIZE), encoder)
    benchmark(correlation_pass, FORMS[form], features)


@pytest.mark.benchmark(group="one step")
@pytest.mark.parametrize("case", ITERATING)
def test_one_step(benchmark, encoder, content, style, case):
    """One iteration of the engine, on what the method hands to it: no features, no targets."""
    method = method_of(case, 1)
    problem = method.problem(content, style, encoder)
    benchmark(synthesise, problem.start, problem.objective, problem.encoder, method.solver)


@pytest.mark.benchmark(group="one pair")
@pytest.mark.parametrize("case", CASES)
def test_one_pair(benchmark, encoder, content, style, case):
    """From two loaded pictures to all outputs, with three iterations."""
    method = method_of(case, 3)
    if isinstance(method, FeedForwardMethod):
        try:
            method.weights_at()
        except UserError as error:
            pytest.skip(str(error))
    benchmark(method.stylize, content, style, encoder)
