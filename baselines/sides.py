"""Sides of pictures that a network can take."""

from __future__ import annotations

import torch
from torch.nn import functional

from dfr.core.errors import UserError


def check_sides(
    picture: torch.Tensor, least: int, whom: str, what: str = "picture", hint: str = ""
) -> None:
    """Refuse a picture that is too small for a network.

    Args:
        picture: (n, 3, h, w).
        least: pixels that both sides must have.
        whom: it is too small for.
        what: it is.
        hint: what to do, after the number.

    Raises:
        UserError: a side is shorter.
    """
    height, width = picture.shape[-2:]
    if min(height, width) < least:
        raise UserError(
            f"a {what} of {height} x {width} is too small for {whom}: both sides need {least} "
            f"pixels or more{hint}"
        )


def filled(picture: torch.Tensor, step: int, mode: str) -> torch.Tensor:
    """Continue a picture at the right and the bottom, so that both sides are multiples of a step.

    Args:
        picture: (n, 3, h, w).
        step: in pixels.
        mode: ``"reflect"`` or ``"replicate"``.
    """
    height, width = picture.shape[-2:]
    return functional.pad(picture, (0, -width % step, 0, -height % step), mode=mode)
