"""Outputs on their way between processes: as 8-bit levels, a quarter of the size of the tensors."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from dfr.core.images import to_bytes
from dfr.methods.method import Stylization

#: Mode -> (h, w, 3) of 0..255.
Levels = Mapping[str, npt.NDArray[np.uint8]]


def without_pictures(result: Stylization) -> tuple[Stylization, Levels]:
    """Return a stylization without its pictures, and these; they are in 8 bits already."""
    levels = {mode: to_bytes(picture) for mode, picture in result.pictures.items()}
    return dataclasses.replace(result, pictures={}), levels


def with_pictures(result: Stylization, levels: Levels) -> Stylization:
    """Undo `without_pictures`."""
    pictures = {
        mode: torch.tensor(each).permute(2, 0, 1).unsqueeze(0).float() / 255
        for mode, each in levels.items()
    }
    return dataclasses.replace(result, pictures=pictures)
