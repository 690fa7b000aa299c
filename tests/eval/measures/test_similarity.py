"""SSIM against a loop over its windows, and its limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from eval.measures.similarity import ssim


def loop(one: torch.Tensor, other: torch.Tensor) -> float:
    """The definition of 2004, window by window, in two passes."""
    bell = np.array([math.exp(-(k**2) / (2 * 1.5**2)) for k in range(-5, 6)])
    window = np.outer(bell, bell) / bell.sum() ** 2
    c1, c2 = 0.01**2, 0.03**2
    values = []
    for a, b in zip(one[0].double().numpy(), other[0].double().numpy(), strict=True):
        for top in range(a.shape[0] - 10):
            for left in range(a.shape[1] - 10):
                x, y = (each[top : top + 11, left : left + 11] for each in (a, b))
                mx, my = (window * x).sum(), (window * y).sum()
                vx, vy = (window * (x - mx) ** 2).sum(), (window * (y - my) ** 2).sum()
                both = (window * (x - mx) * (y - my)).sum()
                likeness = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
                values.append(likeness * (2 * both + c2) / (vx + vy + c2))
    return float(np.mean(values))


def test_equals_the_loop(content, style):
    for part in (0.1, 0.6, 1):
        one, other = content[..., :20, :26], torch.lerp(content, style, part)[..., :20, :26]
        assert ssim(other, one) == pytest.approx(loop(other, one), abs=1e-9)


def test_the_smallest_picture_is_one_window(content, style):
    one, other = content[..., :11, :11], style[..., :11, :11]
    assert ssim(one, other) == pytest.approx(loop(one, other), abs=1e-9)
    with pytest.raises(ValueError, match="win_size"):
        ssim(one[..., :10], other[..., :10])


def test_limits(content, style):
    noise = torch.rand(content.shape, generator=torch.Generator().manual_seed(0))
    assert ssim(content, content) == pytest.approx(1, abs=1e-12)
    assert abs(ssim(noise, content)) < 0.1
    assert ssim(1 - content, content) < 0
    values = [ssim(torch.lerp(content, style, part), content) for part in (0, 0.2, 0.5, 1)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < values[0] - 0.5
    assert ssim(style, content) == pytest.approx(ssim(content, style))
