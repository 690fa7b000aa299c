"""Training pictures, and crops of them that are the same whenever they are asked for."""

from __future__ import annotations

from pathlib import Path

import torch

from dfr.core.errors import UserError
from dfr.core.images import SUFFIXES, load, resize

#: A picture's shorter side is brought to this multiple of the crop (the published code: 512 of
#: which it crops 256).
MARGIN = 1.5


class Crops:
    """Square crops of the pictures of a folder.

    Of each picture there are ``variants``: another place, every other one mirrored. A crop is
    known by its number, so a training that goes on later sees what it would have seen.

    Args:
        folder: with the pictures; folders in it are not looked at.
        side: of a crop, in pixels.
        variants: crops of each picture.
        seed: of their places.

    Raises:
        UserError: no such folder, no picture in it, or one that cannot be read.
    """

    def __init__(self, folder: Path, side: int, variants: int, seed: int) -> None:
        if not folder.is_dir():
            raise UserError(f"{folder}: no such folder of training pictures")
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
        if not files:
            raise UserError(f"{folder}: no picture in it ({', '.join(sorted(SUFFIXES))})")
        self.side, self.variants, self.seed = side, variants, seed
        self.names = [file.name for file in files]
        self._pictures = [_small(file, round(MARGIN * side)) for file in files]

    def __len__(self) -> int:
        """Return how many crops there are."""
        return len(self._pictures) * self.variants

    def __getitem__(self, number: int) -> torch.Tensor:
        """Return the crop of a number, (3, side, side) in [0, 1]."""
        which, variant = divmod(number, self.variants)
        picture = self._pictures[which]
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        down, right = (
            int(torch.randint(length - self.side + 1, (), generator=generator))
            for length in picture.shape[1:]
        )
        crop = picture[:, down : down + self.side, right : right + self.side].float() / 255
        return crop.flip(2) if variant % 2 else crop


def _small(file: Path, shorter: int) -> torch.Tensor:
    """Read a picture as bytes (3, h, w) whose shorter side is as told."""
    picture = load(file)
    height, width = picture.shape[-2:]
    scale = shorter / min(height, width)
    height, width = (max(shorter, round(side * scale)) for side in (height, width))
    return (resize(picture, height, width)[0] * 255).round().to(torch.uint8)
