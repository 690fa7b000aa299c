from __future__ import annotations

import dataclasses

import pytest
import torch

from dfr.core.images import resize
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.optimisation import OptimisationMethod, Posed, nudged, stylization
from dfr.methods.problem import Problem
from dfr.methods.registry import METHODS, build, method_class
from dfr.network.encoder import Encoder
from dfr.objective.gradients import terms_of
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast
from dfr.solvers.synthesis import synthesise

OPTIMISING = [name for name in METHODS if issubclass(method_class(name), OptimisationMethod)]


def test_the_names_of_the_methods_are_those_of_the_table():
    assert OPTIMISING == ["dfr", "gatys", "decormst"]
    assert [method_class(name).name for name in OPTIMISING] == OPTIMISING


@pytest.mark.parametrize("name", OPTIMISING)
def test_the_share_of_the_style_that_is_recorded_is_in_the_start(encoder, content, style, name):
    """A setting that a record tells of must have been used, by every method that has it."""
    mixed = build(name, {"solver": {"name": "fast", "style_share": 0.25}})
    plain = build(name, {"solver": {"name": "fast", "style_share": 0.0}})
    expected = 0.75 * content + 0.25 * resize(style, *content.shape[-2:])
    for row in mixed.problem(content, style, encoder).start:
        assert torch.allclose(row, expected[0], atol=1e-6)
    for row in plain.problem(content, style, encoder).start:
        assert torch.equal(row, content[0])


def test_the_style_is_mixed_into_noise_too(encoder, content, style):
    starts = [
        build(
            "gatys",
            {
                "start": "noise",
                "samples": 2,
                "solver": {"name": "fast", "style_share": share},
            },
        )
        .problem(content, style, encoder, seed=3)
        .start
        for share in (0.0, 0.5)
    ]
    assert starts[1].shape == (2, *content.shape[1:])
    assert torch.allclose(starts[1], (starts[0] + style) / 2, atol=1e-6)


@pytest.fixture(scope="module")
def problem(encoder, content, style) -> Problem:
    """Four modes in three rows: with merging, 0 and 180 are one objective."""
    method = DFR(reading="spatial", rotations=(0, 90), merge=False)
    two = method.problem(content, style, encoder)
    return dataclasses.replace(two, rows={"a": 0, "b": 1, "c": 0, "d": 1})


def test_a_mode_is_the_same_as_the_first_of_its_row(problem):
    assert problem.same_as == {"c": "a", "d": "b"}


def test_every_mode_gets_its_row(problem):
    """The pictures, the losses, the curve and the failure of the row that is a mode's own."""
    style = {layer: target.clone() for layer, target in problem.objective.style.items()}
    style["block1_conv1"][1] = float("nan")
    objective = dataclasses.replace(problem.objective, style=style)
    broken = dataclasses.replace(problem, objective=objective)
    method = DFR(solver=Adam(iterations=2))
    synthesis = synthesise(broken.start, objective, broken.encoder, method.solver)
    before = terms_of(broken.start, objective, broken.encoder)
    posed = Posed(method, broken.start[:1], broken, broken.start, seconds=1.0)
    result = stylization(posed, synthesis, before, rows_beside=0, seconds=2.0)
    assert set(result.pictures) == set(result.losses) == {"a", "c"}
    assert torch.equal(result.pictures["c"], synthesis.pictures[:1])
    assert set(result.failed) == {"b", "d"}
    assert result.curves["c"] == synthesis.curve[0].tolist()
    assert result.losses["a"]["total"] == pytest.approx(result.curves["a"][-1])
    assert result.content_losses["a"]["total"] == pytest.approx(result.curves["a"][0])
    assert result.computed == 2
    assert (result.iterations, result.evaluations) == (2, 3)
    assert (result.seconds, result.seconds_targets) == (3.0, 1.0)


def test_iterations_are_those_of_the_row_that_took_most(problem):
    method = DFR(solver=Fast(iterations=9, tolerance=0.5, window=2))
    synthesis = synthesise(problem.start, problem.objective, problem.encoder, method.solver)
    done = {0: 3, 1: 5}
    done_early = dataclasses.replace(synthesis, done=done)
    before = terms_of(problem.start, problem.objective, problem.encoder)
    posed = Posed(method, problem.start[:1], problem, problem.start, seconds=0.0)
    result = stylization(posed, done_early, before, rows_beside=0, seconds=1.0)
    assert result.iterations == 5
    assert result.done == {"a": 3, "b": 5, "c": 3, "d": 5}


@pytest.mark.parametrize("solver", ["adam", "lbfgs", "fast"])
def test_every_solver_runs_in_float64(solver, encoder, content, style):
    method = build("dfr", {"rotations": [0], "solver": solver, "iterations": 3})
    plain = method.stylize(content, style, encoder)
    exact = method.stylize(content, style, Encoder(encoder.weights, precision="fp64"))
    assert exact.pictures["rot000"].dtype == torch.float64
    first, *_, last = exact.curves["rot000"]
    assert first == pytest.approx(plain.curves["rot000"][0], rel=1e-4)
    assert last < first


@pytest.mark.parametrize("name", OPTIMISING)
def test_again_is_the_same_objective_from_a_start_that_looks_the_same(
    encoder, content, style, name
):
    some = {"decormst": {"statistics": ["gram", "cosine"]}, "dfr": {"rotations": [0, 180]}}
    method = build(name, {"iterations": 2, **some.get(name, {})})
    first = method.stylize(content, style, encoder)
    again = method.stylize_again(content, style, encoder)
    assert again.settings == first.settings
    assert (again.same_as, again.twin_of) == (first.same_as, first.twin_of)
    assert again.content_losses == first.content_losses
    for mode, picture in first.pictures.items():
        apart = (again.pictures[mode] - picture).abs()
        assert 0 < apart.max() < 0.2
    repeated = method.stylize_again(content, style, encoder)
    for mode, picture in again.pictures.items():
        assert torch.equal(repeated.pictures[mode], picture)


def test_a_nudge_is_half_a_level_and_leaves_no_value_out_of_range():
    pictures = torch.linspace(0, 1, 3 * 40 * 50).reshape(1, 3, 40, 50)
    changed = nudged(pictures, seed=3)
    inside = (pictures > 1 / 510) & (pictures < 1 - 1 / 510)
    apart = (changed - pictures)[inside]
    assert torch.allclose(apart.abs(), torch.tensor(1 / 510), atol=1e-6)
    assert 0.45 < (apart > 0).float().mean() < 0.55
    assert changed.min() == 0
    assert changed.max() == 1
    assert torch.equal(changed, nudged(pictures, seed=3))
    assert not torch.equal(changed, nudged(pictures, seed=4))
