"""The published balance at any size: what each term would weigh at the published size.

Let N be the number of places of a layer (or of pixels of the picture), and N_p that at the size
that was published. Features of a layer look the same at both sizes in their means over places; what
is summed over places grows with N:

- **Gram** F F^T / N, **covariance** (F - mu) (F - mu)^T / N and **cosine** U U^T with
  U = F / |F| are means over places, or do not depend on their number. Their squared differences
  stay: factor 1.
- **Pearson** Z Z^T is as published not divided by N, so it grows with N and its squared difference
  with N^2: factor (N_p / N)^2.
- **Euclidean** sqrt(G_ii + G_jj - 2 G_ij) with G = F F^T grows with the root of N, and its squared
  difference with N: factor N_p / N.
- **Total variation** is a sum over pixels: factor N_p / N.
- The **content** term is a mean over places: factor 1.

N is counted for each layer as VGG-19's poolings leave it, odd sizes rounded down. A picture that is
enlarged 2 x 2 by repeating pixels has four times the places with the same features, so with these
factors its style terms are the same. For total variation the factor is right on average over
pictures of one kind at both sizes, as outputs of a method are; repeating pixels makes edges longer
but not more frequent, so there the term halves instead.

The balance does not shrink the receptive field of VGG-19: strokes keep their size in pixels. And
the `code` and `paper` readings of 90 and 270 degrees have no miniature at all: they mix places and
channels by h w against c, so another size is another target (see `dfr.methods.rotation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from dfr.network.weights import CONVOLUTIONS
from dfr.objective.objective import Objective, RowWeights, Weights
from dfr.objective.style_term import StyleTerm


def places(layer: str, height: int, width: int) -> int:
    """Return N, the places of a layer of VGG-19 for a picture of height x width."""
    if layer not in CONVOLUTIONS:
        raise ValueError(f"no layer {layer}")
    halvings = int(layer.removeprefix("block").split("_")[0]) - 1
    return (height >> halvings) * (width >> halvings)


def balanced(
    weights: Weights,
    terms: Sequence[StyleTerm],
    layers: Sequence[str],
    size: tuple[int, int],
    published: tuple[int, int],
    device: torch.device | None = None,
) -> RowWeights:
    """Return the weights of each output with which a run at ``size`` has the published balance.

    Args:
        weights: as published.
        terms: of the n outputs, each with the growth of its distance.
        layers: of the style term.
        size: height and width of the run's pictures.
        published: height and width at which the weights were published.
        device: of the result.
    """
    pixels = published[0] * published[1] / (size[0] * size[1])
    plain = replace(weights, variation=weights.variation * pixels)
    rows = plain.for_rows(len(terms), layers, device)
    growth = [term.growth for term in terms]
    style = {
        layer: weight
        * torch.tensor(
            [(places(layer, *published) / places(layer, *size)) ** power for power in growth],
            device=device,
        )
        for layer, weight in rows.style.items()
    }
    return replace(rows, style=style)


def with_balance(
    objective: Objective, content: torch.Tensor, published: tuple[int, int]
) -> Objective:
    """Return an objective with the published balance.

    Args:
        objective: with the published weights, the same for all outputs.
        content: (1, 3, h, w), for the size of the run's pictures and the device.
        published: height and width at which the weights were published.
    """
    assert isinstance(objective.weights, Weights)
    size = content.shape[-2], content.shape[-1]
    layers = tuple(objective.style)
    weights = balanced(objective.weights, objective.terms, layers, size, published, content.device)
    return replace(objective, weights=weights)
