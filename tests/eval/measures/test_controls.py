"""Where controls stand: what a measure says of the photograph, the style picture and noise."""

from __future__ import annotations

import pytest

from dfr.objective.objective import yardstick
from eval.measures.context import Context
from eval.measures.pca_bases import fit_bases
from eval.measures.registry import DEFAULT, LESS_IS_BETTER, OUTPUT_MEASURES, columns_of
from eval.runs.added import CONTROL, CONTROLS
from eval.runs.controls import control_pictures, control_rows, noise

PAIR = ("chelsea", "stained_glass")
#: Measure -> the control that has the best value there can be, and that value.
BEST = {
    "style_loss": ("style", 0),
    "relative_style_loss": ("style", 0),
    "style_gap_closed": ("style", 1),
    "e_statistic": ("style", 13.8155),
    "sifid_style": ("style", 0),
    "colour_style": ("style", 0),
    "content_loss": ("photograph", 0),
    "lpips_content": ("photograph", 0),
    "ssim_content": ("photograph", 1),
    "c_statistic": ("photograph", 1),
    "c_learned": ("photograph", 1),
    "cfsd": ("photograph", 0),
}


@pytest.fixture(scope="module")
def rows(encoder, content, style, lpips) -> dict[str, dict]:
    ruler = yardstick(content, style, encoder)
    context = Context(content, style, {}, ruler, encoder, lpips, fit_bases([content], encoder))
    found = control_rows(context, PAIR)
    assert {row["label"] for row in found} == {CONTROL}
    return {row["mode"]: row for row in found}


def test_every_measure_says_where_the_controls_stand(rows):
    assert set(BEST) == set(OUTPUT_MEASURES)
    assert set(rows) == set(CONTROLS)
    for row in rows.values():
        columns = {column for name in DEFAULT if name in OUTPUT_MEASURES
                   for column in columns_of(name)}  # fmt: skip
        assert columns < set(row)


@pytest.mark.parametrize("name", [name for name in BEST if name in DEFAULT])
def test_the_control_that_has_all_of_it_has_the_best_value(rows, name):
    mode, value = BEST[name]
    assert rows[mode][name] == pytest.approx(value, abs=1e-4)
    sign = -1 if name in LESS_IS_BETTER else 1
    for other in set(CONTROLS) - {mode}:
        assert sign * rows[other][name] < sign * value - 1e-4 * abs(value) - 1e-9


def test_noise_is_near_to_nothing(rows):
    assert rows["noise"]["style_gap_closed"] < 0.5
    assert rows["noise"]["c_statistic"] < 0.4
    assert rows["noise"]["ssim_content"] < 0.1
    assert rows["noise"]["lpips_content"] > 0.8


def test_the_photograph_has_closed_no_gap(rows):
    assert rows["photograph"]["style_gap_closed"] == pytest.approx(0, abs=1e-6)


def test_noise_is_the_same_for_a_pair_and_another_for_the_next(content, style):
    shape = (1, 3, 24, 32)
    one = noise(PAIR, shape)
    assert one.shape == shape
    assert (one * 255).round().div(255).allclose(one)
    assert noise(PAIR, shape).equal(one)
    assert not noise(("chelsea", "waves"), shape).equal(one)
    assert abs(float(one.mean()) - 0.5) < 0.02
    assert set(control_pictures(content, style, PAIR)) == set(CONTROLS)
