"""How far two pictures' colours are apart, whatever their places.

The first Wasserstein distance between the values of one channel, mean over R, G and B:

    W = mean over channels of the integral over v of |P(v) - Q(v)|,

with the distribution functions P and Q of values in [0, 1]: how far a value has to be moved on
average. scipy's.

Limits: 0 for the style itself and any picture of its pixels in another order, 1 for black against
white. Each channel is looked at for itself, so two pictures may have the same reds, greens and
blues and mix them to other colours. That the colours are right says nothing about strokes.
"""

from __future__ import annotations

import torch
from scipy import stats

from eval.measures.context import Context


def to_style(context: Context) -> dict[str, float]:
    """The colour distance of each output to the style."""
    return {
        mode: colour_distance(picture, context.style) for mode, picture in context.outputs.items()
    }


def colour_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the distance in [0, 1] of two pictures, (1, 3, h, w) in [0, 1], of any sizes."""
    return float(
        sum(
            stats.wasserstein_distance(a.flatten().cpu().numpy(), b.flatten().cpu().numpy())
            for a, b in zip(one[0], other[0], strict=True)
        )
        / 3
    )
