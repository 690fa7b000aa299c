"""Loss and gradient of a batch of pictures, in as many passes as memory asks for."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective, Terms

#: Pixels that go through the encoder in one pass, counted over the rows. On a CPU the rows of a
#: batch share the reading of kernels (at 96 x 116, five in one pass took 0.80 of the time of two
#: and two and one, and 0.62 of that of five passes), and large ones gain nothing (170 x 256);
#: activations are the bulk of the memory, so large rows go alone.
PASS_PIXELS = {"cpu": 2**16}
#: On other devices a batch keeps the device busy for longer; a pixel takes about 2.5 kB.
PASS_PIXELS_ELSEWHERE = 2**22


def rows_per_pass(pictures: torch.Tensor, device: str | None = None) -> int:
    """Return how many rows of (n, 3, h, w) pictures go through the encoder at once.

    Args:
        pictures: of this size.
        device: kind of the device that they go to; the one that they are on if None.
    """
    limit = PASS_PIXELS.get(device or pictures.device.type, PASS_PIXELS_ELSEWHERE)
    return max(1, limit // (pictures.shape[2] * pictures.shape[3]))


def _passes(
    pictures: torch.Tensor, objective: Objective
) -> Iterator[tuple[torch.Tensor, Objective]]:
    """Cut pictures and their objective into what goes through the encoder at once."""
    most = rows_per_pass(pictures)
    if most >= len(pictures):
        yield pictures, objective
        return
    for first in range(0, len(pictures), most):
        batch = pictures[first : first + most]
        yield batch, objective.rows(range(first, first + len(batch)))


@torch.enable_grad()
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
    losses, gradients = [], []
    for rows, part in _passes(pictures, objective):
        batch = rows.detach().requires_grad_(True)
        with encoder.convolving():
            values = part(batch, encoder.as_kept(batch, part.layers)).total
            # A row's loss depends on that row alone, so one that is not finite touches no other.
            (slope,) = torch.autograd.grad(values.sum(), batch)
        finite = values.detach().isfinite()
        losses.append(values.detach())
        slope = torch.where(finite.view(-1, 1, 1, 1), slope, 0.0)
        gradients.append(slope.contiguous())  # the flip to BGR leaves it strided
    return torch.cat(losses), torch.cat(gradients)


@torch.no_grad()
def terms_of(pictures: torch.Tensor, objective: Objective, encoder: Encoder) -> Terms:
    """Return the weighted terms of each picture; see `loss_and_gradient` for the arguments."""
    parts = [
        part(batch, encoder(batch, part.layers)) for batch, part in _passes(pictures, objective)
    ]
    return Terms(*(torch.cat(each) for each in zip(*parts, strict=True)))
