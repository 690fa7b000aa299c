"""What the contenders on PyTorch share: the published Adam, and the total variation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from protocol import BETA1, BETA2, EPSILON, RATE, VARIATION_WEIGHT

#: On CUDA, float32 convolutions are to be float32 throughout, as on a CPU.
torch.backends.cudnn.allow_tf32 = False


def published_adam(
    content: torch.Tensor, evaluate: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[], torch.Tensor]:
    """Return what takes one step from the content picture on and tells the loss before it.

    `torch.optim.Adam`, with the epsilon that makes it TensorFlow's.

    Args:
        content: (1, 3, h, w) in [0, 1].
        evaluate: tells the loss of a picture, and leaves its slope in the picture's ``grad``.
    """
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=RATE, betas=(BETA1, BETA2))
    done = 0

    def step() -> torch.Tensor:
        nonlocal done
        done += 1
        optimiser.zero_grad()
        loss = evaluate(picture)
        optimiser.param_groups[0]["eps"] = EPSILON / (1 - BETA2**done) ** 0.5
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        return loss.detach()

    return step


def network_input(arrays: Mapping[str, torch.Tensor]) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return what turns a picture in [0, 1] into the network's input; see `protocol`."""
    scale, shift = (arrays[name].view(1, 3, 1, 1) for name in ("scale", "shift"))
    if arrays["bgr"]:
        return lambda picture: picture.flip(1) * scale - shift
    return lambda picture: picture * scale - shift


def weighted_variation(picture: torch.Tensor) -> torch.Tensor:
    """Return the weighted sum of absolute differences of neighbours."""
    down = (picture[:, :, 1:] - picture[:, :, :-1]).abs().sum()
    right = (picture[..., 1:] - picture[..., :-1]).abs().sum()
    return VARIATION_WEIGHT * (down + right)
