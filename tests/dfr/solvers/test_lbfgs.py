"""L-BFGS on a batch against torch's, row by row, and its line search against what it promises."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective
from dfr.solvers.batch import per_row
from dfr.solvers.compact_history import CompactHistory
from dfr.solvers.history import History, dot
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.line_search import LineSearch, Tried
from dfr.solvers.synthesis import synthesise
from tests.dfr.solvers.conftest import shallow_objective


def with_torch(start: torch.Tensor, objective: Objective, encoder, iterations: int):
    """One picture's losses before each iteration and its last picture, by torch's own L-BFGS."""
    variable = start.clamp(0.5 / 255, 1 - 0.5 / 255).logit().contiguous().requires_grad_(True)

    def loss_there() -> torch.Tensor:
        optimiser.zero_grad()
        picture = variable.sigmoid()
        loss = objective(picture, encoder(picture, objective.layers)).total.sum()
        loss.backward()
        variable.grad = variable.grad.contiguous()
        return loss

    optimiser = torch.optim.LBFGS(
        [variable], max_iter=1, max_eval=25, history_size=3, tolerance_grad=0,
        tolerance_change=0, line_search_fn="strong_wolfe",
    )  # fmt: skip
    losses = [float(optimiser.step(loss_there).detach()) for _ in range(iterations)]
    return losses, variable.detach().sigmoid()


def test_each_row_is_torch_s_own_run(encoder, content, style):
    """In float64, where rounding does not grow: rows whose searches take unequal evaluations."""
    exact = Encoder(encoder.weights, precision="fp64")
    objective = shallow_objective(content.double(), style.double(), exact, 0.5, 1.5)
    start = content.double().repeat(2, 1, 1, 1)
    found = synthesise(start, objective, exact, LBFGS(iterations=6, history=3))
    for row in range(2):
        losses, picture = with_torch(start[:1], objective.rows([row]), exact, 6)
        assert found.curve[row, :-1].tolist() == pytest.approx(losses, rel=1e-8)
        assert torch.allclose(found.pictures[row], picture[0], atol=1e-8)


def test_a_row_is_what_it_is_alone_to_the_last_bit(encoder, content, style):
    """On a CPU, also past the pairs that are remembered: its searches take their own number."""
    objective = shallow_objective(content, style, encoder, 0.5, 1.0, 1.5)
    start = torch.cat([content, content.flip(3), style])
    solver = LBFGS(iterations=9, history=3)
    together = synthesise(start, objective, encoder, solver)
    for row in range(3):
        alone = synthesise(start[row : row + 1], objective.rows([row]), encoder, solver)
        assert torch.equal(together.pictures[row], alone.pictures[0])
        assert torch.equal(together.curve[row], alone.curve[0])


def test_it_tells_its_evaluations_and_its_iterations(encoder, content, style):
    objective = shallow_objective(content, style, encoder, 0.5, 1.0)
    told = []
    found = synthesise(
        content.repeat(2, 1, 1, 1), objective, encoder, LBFGS(iterations=4),
        lambda *now: told.append(now),
    )  # fmt: skip
    assert found.evaluations >= 6  # start, one for each iteration at least, the result's terms
    assert found.curve.shape == (2, 5)
    assert found.curve.isfinite().all() and not found.done
    assert told == sorted(told) and told[-1] == (8, 8)


def test_a_picture_at_its_target_is_done_at_once(encoder, content, style):
    """Its slope is 0: there is no way down, and the other goes on."""
    grey = torch.full_like(content, 0.5)
    whole = shallow_objective(grey, style, encoder, 1.0, 1.0)
    own = encoder(grey.repeat(2, 1, 1, 1), whole.layers)
    targets = {layer: target.clone() for layer, target in whole.style.items()}
    for layer, target in targets.items():
        target[0] = whole.terms[0](own[layer])[0]
    easy = Objective(
        content={layer: own[layer][:1] for layer in whole.content},
        style=targets, terms=whole.terms, weights=whole.weights,
    )  # fmt: skip
    found = synthesise(grey.repeat(2, 1, 1, 1), easy, encoder, LBFGS(iterations=3))
    assert dict(found.done) == {0: 0}
    assert (found.curve[0] == found.curve[0, 0]).all()
    assert torch.allclose(found.pictures[0], grey[0], atol=1e-6)
    assert found.curve[1, -1] < 0.9 * found.curve[1, 0]


#: Losses along a line, with their slopes; all fall at 0.
LINES = {
    "bowl": (lambda t, a: (t - a) ** 2, lambda t, a: 2 * (t - a)),
    "steep wall": (lambda t, a: -t + (t / a) ** 8, lambda t, a: -1 + 8 * (t / a) ** 7 / a),
    "valley": (
        lambda t, a: -1 / (1 + (t / a - 2) ** 2),
        lambda t, a: 2 * (t / a - 2) / a / (1 + (t / a - 2) ** 2) ** 2,
    ),
}


def searched(kinds: list[str], widths: list[float], first: float, most: int = 25):
    """Search along several lines at once; return each row's evaluations, and the search."""
    count = len(kinds)
    width = torch.tensor(widths, dtype=torch.float64)

    def at(t: torch.Tensor) -> Tried:
        losses = torch.stack([LINES[kind][0](t[k], width[k]) for k, kind in enumerate(kinds)])
        slopes = torch.stack([LINES[kind][1](t[k], width[k]) for k, kind in enumerate(kinds)])
        return Tried(t, losses, slopes, per_row(slopes))

    none = torch.zeros(count, dtype=torch.float64)
    search = LineSearch.idle(per_row(none))
    everywhere = torch.ones(count, dtype=torch.bool)
    begun = at(none)
    search.begin(everywhere, begun, torch.ones_like(none), torch.full_like(none, first))
    took, results = [0] * count, [None] * count
    for evaluation in range(1, most + 1):
        ended = search.go_on(at(search.length), most)
        for row in ended.nonzero().flatten().tolist():
            if not took[row]:
                took[row], results[row] = evaluation, Tried(*(each[row] for each in search.low))
        if all(took):
            break
    return begun, took, results


@given(
    kinds=st.lists(st.sampled_from(["bowl", "steep wall", "valley"]), min_size=1, max_size=4),
    width=st.floats(0.01, 100),
    first=st.floats(0.01, 100),
)
def test_a_search_ends_where_the_wolfe_conditions_hold(kinds, width, first):
    begun, took, results = searched(kinds, [width * (1 + k) for k in range(len(kinds))], first)
    for row, found in enumerate(results):
        assert 1 <= took[row] <= 25
        fall = begun.loss[row] + 1e-4 * found.length * begun.slope[row]
        assert found.loss <= fall or found.length == 0
        assert abs(found.slope) <= -0.9 * begun.slope[row] or took[row] == 25
        assert torch.equal(found.gradient.flatten(), found.slope.flatten())


@given(width=st.floats(0.1, 10), first=st.floats(0.1, 10))
def test_a_row_s_search_is_what_it_is_alone(width, first):
    kinds = ["bowl", "steep wall", "valley"]
    _, together, results = searched(kinds, [width] * 3, first)
    for row, kind in enumerate(kinds):
        _, alone, result = searched([kind], [width], first)
        assert together[row] == alone[0]
        assert torch.equal(results[row].length, result[0].length)


@given(seed=st.integers(0, 1000), taken=st.integers(0, 9))
def test_the_compact_form_is_the_two_loops(seed, taken):
    """For rows that took a different number of pairs, of which four are remembered."""
    generator = torch.Generator().manual_seed(seed)
    gradient, bends = torch.randn(2, 3, 3, 6, 7, generator=generator, dtype=torch.float64)
    compact, loops = CompactHistory(gradient, 4), History(gradient, 4)
    for time in range(taken):
        step = torch.randn(3, 3, 6, 7, generator=generator, dtype=torch.float64)
        rows = torch.tensor([True, time % 2 == 0, time % 3 == 0])
        step = torch.where(per_row(rows), step, 0.0)
        change = step * bends.exp()
        compact.add(rows, step, change)
        loops.add(rows, step, change, torch.where(rows, 1 / dot(step, change), 0.0))
    for chosen in ([0, 1, 2], [2, 0], [1]):
        scale = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)[chosen]
        indices = torch.tensor(chosen)
        part, other = CompactHistory(gradient, 4), History(gradient, 4)
        part.__dict__.update(compact.__dict__)
        other.__dict__.update(loops.__dict__)
        part.keep(indices)
        other.keep(indices)
        found = part.over_curvature(gradient[indices], scale)
        expected = other.over_curvature(
            gradient[indices], lambda current, scale=scale: current * per_row(scale)
        )
        assert torch.allclose(found, expected, rtol=1e-8, atol=1e-10)
