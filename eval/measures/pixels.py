"""Pixel distance: how far two outputs are apart, pixel by pixel.

Source: Wang, Zhao, Chen, Qiu, Mo, Lin, Xing, Lu, "Diversified Arbitrary Style Transfer via Deep
Feature Perturbation", CVPR 2020, arXiv 1909.08223, and the authors' code
(github.com/EndyWon/Deep-Feature-Perturbation, compute_pixel_dists.py): the mean absolute difference
over all pixels and channels, in [0, 1]. Its mean over all pairs of outputs is their first measure
of diversity, LPIPS their second.

Limits: 0 for equal outputs, 1 for black and white; about 1/3 for two pictures of uniform noise. A
shift by some pixels counts like another picture, and a change of brightness like another style.
"""

from __future__ import annotations

from itertools import combinations

import torch

from eval.measures.context import Context


def between_outputs(context: Context) -> dict[tuple[str, str], float]:
    """The pixel distance between every two outputs."""
    return {
        (a, b): pixel_distance(context.outputs[a], context.outputs[b])
        for a, b in combinations(context.outputs, 2)
    }


def pixel_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the mean absolute difference of two pictures, (1, 3, h, w) in [0, 1].

    Raises:
        ValueError: the pictures are of two sizes.
    """
    if one.shape != other.shape:
        raise ValueError(f"pictures of {tuple(one.shape)} and {tuple(other.shape)}")
    return float((one.double() - other.double()).abs().mean())
