"""Colour and pixel distance, each written another way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageChops, ImageStat

from dfr.core.images import to_bytes
from eval.measures.colour import colour_distance
from eval.measures.pixels import pixel_distance


def noise(seed: int, *shape: int) -> torch.Tensor:
    levels = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(seed))
    return levels.float() / 255


def test_colours_of_one_size_are_sorted_values_apart(content, style):
    wanted = [
        np.abs(np.sort(a.flatten()) - np.sort(b.flatten())).mean()
        for a, b in zip(content[0].numpy(), style[0].numpy(), strict=True)
    ]
    assert colour_distance(content, style) == pytest.approx(np.mean(wanted), rel=1e-5)


def test_colours_of_two_sizes_by_their_distribution_functions():
    one, other = noise(0, 1, 3, 9, 7) ** 2, noise(1, 1, 3, 20, 31)
    grid = np.linspace(0, 1, 200_001)
    wanted = [
        np.abs(
            np.searchsorted(np.sort(a.ravel()), grid, side="right") / a.size
            - np.searchsorted(np.sort(b.ravel()), grid, side="right") / b.size
        ).mean()
        for a, b in zip(one[0].numpy(), other[0].numpy(), strict=True)
    ]
    assert colour_distance(one, other) == pytest.approx(np.mean(wanted), abs=2e-4)


def test_colours_know_no_places_and_no_mixtures(content):
    assert colour_distance(content, content.flip(-1)) == pytest.approx(0, abs=1e-6)
    assert colour_distance(content * 0, content * 0 + 1) == pytest.approx(1)
    mixed = torch.stack([content[0, 0], content[0, 1].flip(-1), content[0, 2].flip(-2)])[None]
    assert colour_distance(content, mixed) == pytest.approx(0, abs=1e-6)


def test_pixels_as_the_published_code_counts_them():
    """On 8 bits: the sums of PIL's difference, over 255 h w 3."""
    one, other = noise(0, 1, 3, 12, 17), noise(1, 1, 3, 12, 17)
    pictures = [Image.fromarray(to_bytes(picture)) for picture in (one, other)]
    sums = ImageStat.Stat(ImageChops.difference(*pictures)).sum
    assert pixel_distance(one, other) == pytest.approx(sum(sums) / 255 / (12 * 17 * 3), rel=1e-6)


def test_limits_of_pixels(content):
    assert pixel_distance(content, content) == 0
    assert pixel_distance(content * 0, content * 0 + 1) == 1
    assert pixel_distance(noise(0, 1, 3, 99, 99), noise(1, 1, 3, 99, 99)) == pytest.approx(
        1 / 3, abs=0.01
    )
    with pytest.raises(ValueError, match="48, 64"):
        pixel_distance(content, content[..., :40])
