"""Style and content loss in one yardstick for all methods: the shared setting's, unrotated.

A method that minimises something else is measured with the same ruler. The picture measured is
the 8-bit one that is kept.
"""

from __future__ import annotations

import torch

from dfr.objective.objective import Weights
from eval.measures.context import Context


@torch.no_grad()
def style_loss(context: Context) -> dict[str, float]:
    """Style loss of each output: 1e-2 x the mean over layers of the Gram matrices' MSE."""
    return _term(context, "style")


@torch.no_grad()
def content_loss(context: Context) -> dict[str, float]:
    """Content loss of each output: 1e4 x the MSE of relu5_2."""
    return _term(context, "content")


@torch.no_grad()
def style_gap_closed(context: Context) -> dict[str, float]:
    """How much of the way from the content to the style each output has gone, by style loss.

    1 - L_style(output) / L_style(content picture): 0 for the content picture itself, 1 where the
    Gram matrices are those of the style, negative where an output is further off than before; NaN
    where content and style are one picture.
    """
    content = context.content.to(context.encoder.device)
    start = context.yardstick(content, context.encoder(content, context.yardstick.layers))
    gap = float(start.style[0]) or float("nan")
    return {mode: 1 - loss / gap for mode, loss in _term(context, "style").items()}


@torch.no_grad()
def relative_style_loss(context: Context) -> dict[str, float]:
    """Style loss of each output, relative to its style's own scale.

    L_style(output) divided by the style loss of a picture without any style, whose Gram matrices
    are all 0: 1e-2 x the mean over layers of mean(G^2). Gram matrices of styles differ in size by
    orders of magnitude, so only this may be averaged over styles.
    """
    weights, targets = context.yardstick.weights, context.yardstick.style.values()
    assert isinstance(weights, Weights)
    scale = weights.style * sum(float(gram.square().mean()) for gram in targets) / len(targets)
    return {mode: loss / scale for mode, loss in _term(context, "style").items()}


def _term(context: Context, name: str) -> dict[str, float]:
    return {mode: float(getattr(terms, name)[0]) for mode, terms in context.terms.items()}
