"""The C statistic against an exhaustive count, and its limits."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch

from eval.measures.coherence import (
    CONTENT_QUANTILE,
    QUANTILES,
    c_statistic,
    edges,
    f_score,
    pairs,
    pixels,
)


def most_pairs(found: np.ndarray, wanted: np.ndarray, reach: float) -> int:
    """The largest number of pairs, by trying every partner for one pixel after the other."""
    partners = [tuple(place) for place in np.argwhere(wanted)]

    def best(rest: list, free: frozenset) -> int:
        if not rest:
            return 0
        (y, x), others = rest[0], rest[1:]
        near = [p for p in free if (p[0] - y) ** 2 + (p[1] - x) ** 2 <= reach**2]
        return max(best(others, free), *(1 + best(others, free - {p}) for p in near), 0)

    return best([tuple(place) for place in np.argwhere(found)], frozenset(partners))


@pytest.mark.parametrize(("seed", "reach"), list(product(range(6), (1.0, 1.5, 2.3))))
def test_pairs_against_every_possibility(seed, reach):
    found, wanted = np.random.default_rng(seed).random((2, 5, 6)) < 0.22
    matched = most_pairs(found, wanted, reach)
    assert pairs(found, wanted, reach) == matched
    precision, recall = matched / found.sum(), matched / wanted.sum()
    if matched:
        expected = 2 * precision * recall / (precision + recall)
        assert f_score(found, wanted, reach) == pytest.approx(expected)


def test_a_pixel_is_matched_once():
    line = np.zeros((20, 20), dtype=bool)
    line[10, 2:18] = True
    band = np.zeros_like(line)
    band[9:12, 2:18] = True
    assert f_score(band, line, 1.0) == pytest.approx(2 * 16 / (48 + 16))
    assert f_score(np.roll(line, 1, axis=0), line, 1.0) == 1
    assert f_score(np.roll(line, 2, axis=0), line, 1.0) == 0
    nothing = np.zeros_like(line)
    assert f_score(nothing, line, 1.0) == 0
    assert f_score(line, nothing, 1.0) == 0
    assert f_score(nothing, nothing, 1.0) == 1


def square(side: int = 20, height: int = 48, width: int = 64) -> torch.Tensor:
    """A bright square in the dark."""
    picture = torch.full((1, 3, height, width), 0.2)
    picture[..., 14 : 14 + side, 20 : 20 + side] = 0.8
    return picture


def test_the_contour_of_a_square_is_its_outline():
    found = edges(square()).contours(CONTENT_QUANTILE)
    for y, x in np.argwhere(found):
        outside = max(13.5 - y, y - 33.5, 19.5 - x, x - 39.5)
        assert abs(outside) <= 1.5, (y, x)
    assert 4 * 20 * 0.8 <= found.sum() <= 4 * 20 * 1.2


def test_the_strength_is_the_slope_of_the_luminance():
    ramp = torch.linspace(0, 1, 64).expand(1, 3, 48, 64).clone()
    strength = edges(ramp).strength
    assert strength[10:-10, 10:-10] == pytest.approx(1 / 63, rel=1e-3)
    ramp[:, 0], ramp[:, 2] = 0, 0
    assert edges(ramp).strength[24, 32] == pytest.approx(0.7152 / 63, rel=1e-3)


@pytest.mark.parametrize(("shape", "blur"), [((48, 64), 1.0), ((300, 400), 2.5)])
def test_a_step_is_blurred_by_a_part_of_the_diagonal(shape, blur):
    """The slope of a blurred step is its height times the blur's bell."""
    step = torch.zeros(1, 3, *shape)
    step[..., 20:] = 0.6
    row = edges(step).strength[shape[0] // 2, 15:25]
    away = np.arange(15, 25) - 19.5
    bell = np.exp(-((away / blur) ** 2) / 2) / (blur * np.sqrt(2 * np.pi))
    assert row == pytest.approx(0.6 * bell, abs=0.6 * bell.max() * 0.05)


def test_a_step_that_nobody_sees_is_no_contour():
    for height, seen in ((0.001, False), (0.01, True)):
        faint = torch.full((1, 3, 48, 64), 0.5)
        faint[..., 30:] += height
        assert edges(faint).contours(CONTENT_QUANTILE).any() == seen


def test_contours_are_nested_and_never_rounding(content):
    found = edges(content)
    kept = [found.contours(quantile) for quantile in QUANTILES]
    for more, fewer in pairwise(kept):
        assert not (fewer & ~more).any()
        assert fewer.sum() < more.sum()
    flat = edges(torch.full_like(content, 0.3))
    assert not any(flat.contours(quantile).any() for quantile in QUANTILES)


def test_the_content_itself_has_the_highest_value(content, style):
    for picture in (content, style, square()):
        assert c_statistic(picture, picture) == 1


def test_contrast_and_brightness_do_not_count(content):
    assert c_statistic(0.4 * content + 0.3, content) == pytest.approx(1)
    assert c_statistic(1 - content, content) > 0.97


def test_it_falls_with_what_hides_the_content(content, style):
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    for other in (noise, style):
        values = [c_statistic(torch.lerp(content, other, part), content) for part in (0, 0.3, 0.9)]
        assert values[0] == 1
        assert values[1] < 0.9
        assert values[2] < values[1] - 0.2
        assert c_statistic(other, content) < 0.4


def test_a_square_elsewhere_or_none_is_lost():
    assert c_statistic(torch.full_like(square(), 0.5), square()) == 0
    assert c_statistic(square().roll((1, 0), (-2, -1)), square()) > 0.95
    assert c_statistic(square(side=6), square()) < 0.5
    assert c_statistic(torch.full_like(square(), 0.5), torch.full_like(square(), 0.1)) == 1


def test_lengths_follow_the_diagonal():
    assert pixels(0.0075, (300, 400)) == pytest.approx(3.75)
    assert pixels(0.0075, (30, 40)) == 1


def test_two_sizes_are_refused(content):
    with pytest.raises(ValueError, match="48, 64"):
        c_statistic(content[..., :40], content)
