"""Pairs that are solved as one batch are what each of them is alone."""

from __future__ import annotations

import dataclasses

import pytest

from dfr.core.errors import UserError
from dfr.methods.optimisation import Request, stylize_together
from dfr.methods.registry import build
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast
from dfr.solvers.lbfgs import LBFGS

SOLVERS = {
    "adam": Adam(iterations=4, counter_steps=4),
    "lbfgs": LBFGS(iterations=2),
    "fast": Fast(iterations=6),
}
LONGER = {"adam": 20, "lbfgs": 5, "fast": 20}


@pytest.fixture(scope="module")
def pairs(content, style):
    """Three pairs of one size: the second has both pictures mirrored, the third swapped."""
    content, style = content[..., :24, :32], style[..., :24, :32]
    return [(content, style), (content.flip(3), style.flip(2)), (style, content)]


def requests(pairs, methods, again=False):
    return [Request(method, *pair, again) for pair, method in zip(pairs, methods, strict=True)]


def assert_same(together, alone):
    assert together.pictures.keys() == alone.pictures.keys()
    for mode, picture in alone.pictures.items():
        assert (together.pictures[mode] - picture).abs().max() < 1e-5
    for mode, curve in alone.curves.items():
        assert together.curves[mode] == pytest.approx(curve, rel=1e-4, nan_ok=True)
    assert together.content_losses == alone.content_losses
    for key in ("failed", "same_as", "twin_of", "done", "iterations", "settings", "computed"):
        assert getattr(together, key) == getattr(alone, key), key


@pytest.mark.slow
@pytest.mark.parametrize("solver", SOLVERS)
def test_they_still_are_after_more_iterations(encoder, pairs, solver):
    longer = dataclasses.replace(SOLVERS[solver], iterations=LONGER[solver])
    test_pairs_of_several_methods_are_what_they_are_alone(encoder, pairs, longer)


@pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS)
def test_pairs_of_several_methods_are_what_they_are_alone(encoder, pairs, solver):
    """DFR with two rows of one objective, DeCorMST with five terms and other colours, DFR with one.

    The first and the last share a batch, and there the last one's row keeps its own turn.
    """
    methods = [
        build("dfr", {"rotations": [0, 180], "reading": "spatial", "balanced": True}),
        build("decormst", {"statistics": ["gram", "pearson"]}),
        build("dfr", {"rotations": [90], "merge": True}),
    ]
    methods = [dataclasses.replace(method, solver=solver) for method in methods]
    told = []
    found = stylize_together(
        requests(pairs, methods), encoder, progress=lambda *now: told.append(now)
    )
    for together, method, pair in zip(found, methods, pairs, strict=True):
        assert_same(together, method.stylize(*pair, encoder))
    assert [each.rows_beside for each in found] == [1, 0, 2]
    parts = [done / total for done, total in told]
    assert parts == sorted(parts)
    assert parts[-1] == 1


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_pair_that_is_not_finite_touches_no_other(encoder, pairs, solver):
    method = build("dfr", {"rotations": [0]})
    method = dataclasses.replace(method, solver=dataclasses.replace(SOLVERS[solver], iterations=3))
    (first, style), second = pairs[:2]
    broken = style.clone()
    broken[0, 0, 0, 0] = float("nan")
    found = stylize_together(requests([(first, broken), second], [method] * 2), encoder)
    assert found[0].failed
    assert not found[0].pictures
    assert_same(found[1], method.stylize(*second, encoder))


def test_the_starts_of_a_second_making_are_nudged_in_a_batch_too(encoder, pairs):
    method = build("dfr", {"rotations": [0], "iterations": 2})
    found = stylize_together(requests(pairs[:2], [method] * 2, again=True), encoder, seed=5)
    for together, pair in zip(found, pairs[:2], strict=True):
        assert_same(together, method.stylize_again(*pair, encoder, seed=5))


def test_the_seconds_of_a_batch_are_shared_by_rows(encoder, pairs):
    methods = [build("dfr", {"rotations": rows, "iterations": 3}) for rows in ([0], [0, 90, 180])]
    methods = [dataclasses.replace(each, reading="spatial") for each in methods]
    one, three = stylize_together(requests(pairs[:2], methods), encoder)
    loop = [each.seconds - each.seconds_targets for each in (one, three)]
    assert loop[1] == pytest.approx(3 * loop[0])
    assert (one.rows_beside, three.rows_beside) == (3, 1)


def test_a_pair_that_is_done_first_has_its_own_iterations_and_evaluations(encoder, content, style):
    """The first pair's style is its content: nothing is left to do but the variation."""
    method = build("dfr", {"rotations": [0], "loss_weights": {"variation": 0.0}})
    method = dataclasses.replace(method, solver=Fast(iterations=12, style_share=0.0, window=2))
    same, other = stylize_together(
        requests([(content, content), (content, style)], [method] * 2), encoder
    )
    assert same.iterations < other.iterations == 12
    for found, pair in ((same, (content, content)), (other, (content, style))):
        alone = method.stylize(*pair, encoder)
        assert (found.iterations, found.evaluations) == (alone.iterations, alone.evaluations)


def test_pictures_of_other_sizes_go_in_another_batch(encoder, pairs):
    method = build("dfr", {"rotations": [0], "iterations": 2})
    content, style = pairs[0]
    small = content[:, :, :20]
    found = stylize_together(requests([(content, style), (small, style)], [method] * 2), encoder)
    assert [each.rows_beside for each in found] == [0, 0]
    assert found[1].pictures["rot000"].shape == small.shape


def test_other_solvers_are_refused(encoder, pairs):
    methods = [build("dfr", {"iterations": count}) for count in (2, 3)]
    with pytest.raises(UserError, match="different solvers"):
        stylize_together(requests(pairs[:2], methods), encoder)
