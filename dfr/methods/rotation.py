"""The readings of "rotate a feature map": one function from (1, c, h, w) to the rotated map.

The published formulas, the published code and the published picture say three different
things, so each is offered under its own name. None of this is differentiated: targets are
computed once.

* ``code``: the authors' repository. Tensors are (n, h, w, c). 90 reverses the order of all
  axes, (3, 2, 1, 0), and reshapes the result to the old shape, which mixes channels and
  places; 180 flips the width axis; for 270 the 90 tensor is returned (the published code
  flips it along the batch axis of size 1, and then returns the 90 tensor anyway).
* ``paper``: the slides' formulas. Tensors are (n, c, h, w). 90 reverses the order of all axes
  and reshapes; 180 flips the height axis; 270 reverses the order of all axes, reverses the
  channel axis, and reshapes.
* ``spatial``: the slides' picture, a true rotation in the (h, w) plane, counter-clockwise.
* ``angle``: any angle in degrees, counter-clockwise, spline-interpolated at the same size
  with zero fill (`scipy.ndimage.rotate`, reshape=False).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import scipy.ndimage
import torch

from dfr.core.errors import UserError, unknown

Rotation = Callable[[torch.Tensor], torch.Tensor]

#: The four rotations of the paper, in degrees.
PUBLISHED = (0.0, 90.0, 180.0, 270.0)


def _identity(features: torch.Tensor) -> torch.Tensor:
    return features


def _code_90(features: torch.Tensor) -> torch.Tensor:
    last = features.permute(0, 2, 3, 1)
    mixed = last.permute(3, 2, 1, 0).reshape(last.shape)
    return mixed.permute(0, 3, 1, 2).contiguous()


def _paper_90(features: torch.Tensor) -> torch.Tensor:
    return features.permute(3, 2, 1, 0).reshape(features.shape)


def _paper_270(features: torch.Tensor) -> torch.Tensor:
    return features.permute(3, 2, 1, 0).flip(2).reshape(features.shape)


def _quarter_turns(turns: int) -> Rotation:
    return lambda features: torch.rot90(features, turns, dims=(2, 3)).contiguous()


def _by_angle(degrees: float) -> Rotation:
    def rotate(features: torch.Tensor) -> torch.Tensor:
        turned = scipy.ndimage.rotate(
            features.detach().float().cpu().numpy(), degrees, axes=(3, 2), reshape=False
        )
        return torch.from_numpy(turned).to(features)

    return rotate


_EXACT: Mapping[str, Mapping[float, Rotation]] = MappingProxyType(
    {
        "code": {0.0: _identity, 90.0: _code_90, 180.0: lambda f: f.flip(3), 270.0: _code_90},
        "paper": {0.0: _identity, 90.0: _paper_90, 180.0: lambda f: f.flip(2), 270.0: _paper_270},
        "spatial": {turns * 90.0: _quarter_turns(turns) for turns in range(4)},
    }
)

#: The readings by name, in the order in which they are told.
READINGS = (*_EXACT, "angle")


def rotation(reading: str, degrees: float) -> Rotation:
    """Look up how to rotate a feature map (1, c, h, w) by ``degrees`` in a reading.

    ``spatial`` swaps height and width at 90 and 270; all other readings keep the shape.

    Raises:
        UserError: an unknown reading, or an angle that the reading does not define.
    """
    if reading not in READINGS:
        raise unknown("reading", reading, READINGS)
    if not math.isfinite(degrees):
        raise UserError(f"rotation '{degrees}': must be a finite number of degrees")
    if reading == "angle":
        return _identity if degrees % 360 == 0 else _by_angle(degrees)
    table = _EXACT[reading]
    if degrees not in table:
        nearest = min(table, key=lambda known: abs(known - degrees))
        raise UserError(
            f"unknown rotation '{degrees:g}' for reading '{reading}': the nearest is "
            f"{nearest:g}; known are {', '.join(f'{known:g}' for known in table)}; "
            "--reading angle takes any angle"
        )
    return table[degrees]
