from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.network.encoder import Encoder
from dfr.objective.feature_statistics import gram
from dfr.objective.gradients import PASS_PIXELS, loss_and_gradient, rows_per_pass, terms_of
from dfr.objective.objective import Objective
from dfr.objective.style_term import StyleTerm
from dfr.objective.style_terms import GRAM
from dfr.solvers import fast
from dfr.solvers.adam import Adam
from dfr.solvers.fast import Fast, first_picture
from dfr.solvers.lbfgs import LBFGS
from dfr.solvers.spectrum import BANDS, Spectrum
from dfr.solvers.synthesis import synthesise
from tests.dfr.solvers.conftest import shallow_objective


@pytest.fixture(scope="module")
def objective(encoder, content, style) -> Objective:
    """Two outputs: 60 % and 100 % of the style's Gram matrices."""
    return shallow_objective(content, style, encoder, 0.6, 1.0)


def test_it_needs_a_third_of_adam_s_evaluations(encoder, objective, content):
    start = content.repeat(2, 1, 1, 1)
    slow = synthesise(start, objective, encoder, Adam(iterations=60))
    quick = synthesise(start, objective, encoder, Fast(iterations=20))
    assert (quick.terms.total < slow.terms.total).all()


def test_the_picture_stays_in_the_box_and_its_loss_is_the_lowest_seen(encoder, objective, content):
    result = synthesise(content.repeat(2, 1, 1, 1), objective, encoder, Fast(iterations=25))
    assert result.pictures.min() == 0
    assert result.pictures.max() == 1
    assert result.curve.shape == (2, 26)
    assert (result.curve.diff(dim=1) <= 0).all()
    assert torch.allclose(result.curve[:, -1], result.terms.total, rtol=1e-5)
    assert result.evaluations == 27  # start, 25 steps, the result's terms


def test_a_picture_that_is_done_leaves_the_batch(encoder, objective, content, monkeypatch):
    """The first output asks for nothing: it is done at once, the other goes on alone."""
    own = encoder(content.repeat(2, 1, 1, 1), objective.layers)
    style = {
        layer: torch.cat([gram(own[layer])[:1], target[1:]])
        for layer, target in objective.style.items()
    }
    kept = {layer: own[layer][:1] for layer in objective.content}
    weights = dataclasses.replace(objective.weights, variation=0.0)
    easy = dataclasses.replace(objective, content=kept, style=style, weights=weights)
    batches, preprocess = [], Encoder.preprocess

    def noted(self, pictures):
        batches.append(len(pictures))
        return preprocess(self, pictures)

    # Of the class: put back on the encoder itself, it would stay there, bound to this one, and go
    # along into every copy.
    monkeypatch.setattr(Encoder, "preprocess", noted)
    result = synthesise(
        content.repeat(2, 1, 1, 1), easy, encoder, Fast(iterations=30, tolerance=1e-7)
    )
    assert result.done[0] < 30
    assert 1 not in result.done
    assert torch.equal(result.pictures[0], content[0])
    assert batches[0] == 2
    assert set(batches[result.done[0] + 2 : -1]) == {1}
    assert not torch.equal(result.pictures[1], content[0])


def test_a_tolerance_ends_it_early_and_the_curve_stays_flat(encoder, objective, content):
    told = []
    result = synthesise(
        content,
        objective.rows([1]),
        encoder,
        Fast(iterations=200, tolerance=0.02, window=5),
        lambda *now: told.append(now),
    )
    (done,) = result.done.values()
    assert 5 <= done < 200
    before, after = result.curve[0, done - 5], result.curve[0, done]
    assert before - after < 0.02 * 5 * after
    assert torch.allclose(result.curve[0, done:], after, rtol=1e-5)
    assert told[-1] == (200, 200)


class Breaking:
    """A statistic that turns to nan after a number of calls; autograd calls it once a pass."""

    def __init__(self, after: int) -> None:
        self.calls, self.after = 0, after

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return gram(features) * (1.0 if self.calls <= self.after else math.nan)


@pytest.mark.parametrize(
    ("solver", "passes"),
    [
        pytest.param(Fast(iterations=40, tolerance=0.0), 3, id="in the quasi-Newton phase"),
        pytest.param(Fast(iterations=40, scouts=2, tolerance=0.0), 6, id="in the spectral phase"),
    ],
)
def test_a_nan_on_the_way_is_a_failure_and_not_the_end(
    monkeypatch, encoder, content, style, solver, passes
):
    """The output is stopped, with the best picture that it had; the other goes on."""
    if solver.scouts == 2:
        monkeypatch.setattr(fast, "_SHORT", 40)
    objective = shallow_objective(content, style, encoder, 1.0, 0.5)
    layers = len(objective.style)
    sharp = dataclasses.replace(
        objective, terms=(StyleTerm("breaking", Breaking(passes * layers)), GRAM)
    )
    start = content.repeat(2, 1, 1, 1)
    result = synthesise(start, sharp, encoder, solver)
    assert list(result.failed) == [0]
    assert "the loss was not finite at iteration" in result.failed[0]
    assert 0 not in result.done
    assert result.pictures.isfinite().all()
    assert not torch.equal(result.pictures[0], content[0])
    best = terms_of(result.pictures[:1], objective.rows([0]), encoder).total
    seen = result.curve[0][result.curve[0].isfinite()]
    assert float(best) == pytest.approx(float(seen[-1]), rel=1e-4)
    assert result.curve[0, -1].isnan()
    assert result.curve[1].isfinite().all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"history": 0}, "history 0: must be at least 1"),
        ({"scouts": 0}, "scouts 0: must be at least 1"),
        ({"window": 0}, "window 0: must be at least 1"),
        ({"tolerance": -0.1}, "tolerance -0.1: must be at least 0 and below 1"),
        ({"tolerance": math.nan}, "tolerance nan: must be"),
        ({"beta1": 1.0}, "beta1 1.0: must be at least 0 and below 1"),
        ({"beta2": 1.0}, "beta2 1.0: must be at least 0 and below 1"),
        ({"lr": 0.0}, "lr 0.0: must be a positive number"),
        ({"lr": math.nan}, "lr nan: must be a positive number"),
        ({"style_share": 1.5}, "style share 1.5: must be from 0 to 1"),
    ],
)
def test_settings_that_solve_nothing_are_refused(settings, words):
    with pytest.raises(UserError, match=words):
        Fast(**settings)


def test_what_follows_the_scouts_goes_much_deeper(monkeypatch, encoder, objective, content):
    monkeypatch.setattr(fast, "_SHORT", 60)
    scouts = synthesise(content, objective.rows([1]), encoder, Fast(iterations=60, scouts=60))
    both = synthesise(content, objective.rows([1]), encoder, Fast(iterations=60, scouts=15))
    assert torch.equal(both.curve[0, :15], scouts.curve[0, :15])
    assert both.terms.total < 0.9 * both.curve[0, 15]


def test_with_few_evaluations_all_are_scouts(encoder, objective, content):
    few = synthesise(content, objective.rows([1]), encoder, Fast(iterations=8, scouts=3))
    same = synthesise(content, objective.rows([1]), encoder, Fast(iterations=8, scouts=8))
    assert torch.equal(few.curve, same.curve)


def test_only_the_fast_solver_begins_beside_the_content(content, style):
    for solver in (Adam(), LBFGS(), Fast(style_share=0.0)):
        assert torch.equal(first_picture(solver, content, style), content)
    mixed = first_picture(Fast(style_share=0.25), content, style)
    fitted = resize(style, *content.shape[-2:])
    assert torch.allclose(mixed, 0.75 * content + 0.25 * fitted, atol=1e-6)


@given(
    down=st.integers(0, 16), right=st.integers(0, 16), grey=st.booleans(), factor=st.floats(0.1, 10)
)
def test_the_spectrum_finds_the_curvature_of_a_wave(down, right, grey, factor):
    """A wave whose slope changes by `factor` per unit, among noise whose slope changes by 1."""
    size = (32, 32)
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    wave = torch.cos(2 * math.pi * (down * y + right * x) / 32)
    colours = torch.tensor([1.0, 1.0, 1.0] if grey else [1.0, -1.0, 0.0]).view(1, 3, 1, 1)
    picture = 100 * wave * colours
    noise = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    spectrum = Spectrum(picture, floor=0.01)
    spectrum.learn(picture + noise, factor * picture + noise, torch.tensor([True]), 0.9)
    found = spectrum.curvature()[0]
    frequency = math.hypot(min(down, 32 - down), min(right, 32 - right)) / 32
    band = sum(frequency > edge for edge in BANDS)
    other = spectrum.curvature()[0, 1 if grey else 0]
    seen = other[other > 0].median()
    assert found[0 if grey else 1, band] / seen == pytest.approx(factor, rel=0.1)


@given(st.integers(1, 3), st.integers(32, 50), st.integers(32, 50))
def test_preconditioning_with_nothing_learned_only_scales(count, height, width):
    slopes = torch.randn(count, 3, height, width, generator=torch.Generator().manual_seed(2))
    spectrum = Spectrum(slopes, floor=0.01)
    flat = spectrum.precondition(slopes)
    assert torch.allclose(flat / flat.norm(), slopes / slopes.norm(), atol=1e-6)


@given(st.integers(0, 1000), st.floats(0.01, 100))
def test_whitening_twice_is_preconditioning(seed, factor):
    """Up to a scale: and white noise, whitened once, is as strong as before."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(1, 3, 64, 64, generator=generator)
    spectrum = Spectrum(noise, floor=0.1)
    bends = noise.mean(dim=1, keepdim=True) * factor + noise.roll(1, dims=3)
    spectrum.learn(noise, bends, torch.tensor([True]), 0.9)
    whiten = spectrum.whitening()
    twice, flat = whiten(whiten(noise)), spectrum.precondition(noise)
    assert torch.allclose(twice / twice.norm(), flat / flat.norm(), atol=1e-5)
    assert float(whiten(noise).std()) == pytest.approx(float(noise.std()), rel=0.1)


def test_passes_change_neither_losses_nor_gradients(monkeypatch, encoder, objective, content):
    pictures = torch.cat([content, 0.5 * content])
    whole = loss_and_gradient(pictures, objective, encoder)
    terms = terms_of(pictures, objective, encoder)
    assert rows_per_pass(pictures) >= 2
    monkeypatch.setitem(PASS_PIXELS, "cpu", 1)
    assert rows_per_pass(pictures) == 1
    parts = loss_and_gradient(pictures, objective, encoder)
    assert torch.allclose(whole[0], parts[0], rtol=1e-5)
    # Sums are grouped otherwise, and of the many activations some lie so near 0 that it decides.
    assert (whole[1] - parts[1]).norm() < 0.01 * whole[1].norm()
    assert torch.allclose(sum(terms), whole[0], rtol=1e-5)
