"""Loss and gradient of a batch of pictures, in as many passes as memory asks for."""

from __future__ import annotations

import torch

from dfr.encoder import Encoder
from dfr.objective import Objective

#: Pixels that go through the encoder in one pass, counted over the rows. On a CPU a batch is
#: faster than its rows one by one only while the rows are small (1.35 times at 56 x 68, not at
#: all from 96 x 116 on), and activations are the bulk of the memory, so large rows go alone.
PASS_PIXELS = {"cpu": 2**15}
#: On other devices a batch keeps the device busy for longer.
PASS_PIXELS_ELSEWHERE = 2**20


def rows_per_pass(pictures: torch.Tensor) -> int:
    """Return how many rows of (n, 3, h, w) pictures go through the encoder at once."""
    limit = PASS_PIXELS.get(pictures.device.type, PASS_PIXELS_ELSEWHERE)
    return max(1, limit // (pictures.shape[2] * pictures.shape[3]))


def loss_and_gradient(
    pictures: torch.Tensor, objective: Objective, encoder: Encoder
) -> tuple[torch.Tensor, torch.Tensor]:
    """Evaluate an objective and its slope at each picture.

    Args:
        pictures: (n, 3, h, w) in [0, 1], one row for each output of the objective.
        objective: with targets on the encoder's device.
        encoder: gives the features.

    Returns:
        the losses, (n,), and the gradients, (n, 3, h, w), contiguous; both detached. A row
        whose loss is not finite has a gradient of zeros, and does not touch the others.
    """
    count = len(pictures)
    most = rows_per_pass(pictures)
    losses, gradients = [], []
    for first in range(0, count, most):
        rows = range(first, min(first + most, count))
        part = objective if len(rows) == count else objective.rows(rows)
        batch = pictures[rows.start : rows.stop].detach().requires_grad_(True)
        values = part(batch, encoder(batch, part.layers)).total
        finite = values.detach().isfinite()
        losses.append(values.detach())
        if bool(finite.any()):
            (slope,) = torch.autograd.grad(values[finite].sum(), batch)
            # What has no finite loss has no slope either; 0 times inf would be nan.
            slope = torch.where(finite.view(-1, 1, 1, 1), slope, torch.zeros_like(slope))
        else:
            slope = torch.zeros_like(batch)
        gradients.append(slope.contiguous())  # the flip to BGR leaves it strided
    return torch.cat(losses), torch.cat(gradients)


@torch.no_grad()
def terms_of(
    pictures: torch.Tensor, objective: Objective, encoder: Encoder
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the weighted content, style and variation terms of each picture, (n,) each."""
    most = rows_per_pass(pictures)
    parts = []
    for first in range(0, len(pictures), most):
        rows = range(first, min(first + most, len(pictures)))
        batch = pictures[rows.start : rows.stop]
        parts.append(objective.rows(rows)(batch, encoder(batch, objective.layers)))
    content, style, variation = (torch.cat(each) for each in zip(*parts, strict=True))
    return content, style, variation
