"""How pictures are brought to the working size, and how they are kept: the one place that knows."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import torch

from dfr.core.errors import unknown
from dfr.core.images import Size, load_at, load_pair, quantise

#: ``published`` is bilinear without antialias, as `tf.image.resize` does by default.
RESIZINGS = ("antialias", "published")
#: ``published`` rounds down to 8 bits, as matplotlib's `imsave` does.
SAVINGS = ("nearest", "published")


@dataclass(frozen=True)
class ImageSettings:
    """How pictures are brought to the working size, and how they become the 8 bits that are kept.

    Attributes:
        size: the working size. DFR was published with 422 x 512, DeCorMST with the content's own.
        resizing: ``antialias`` averages all pixels that a new one covers; ``published`` takes the
            four nearest ones and leaves out the others, as the published code does.
        saving: ``nearest`` takes the nearest of the 256 levels; ``published`` rounds down.

    Raises:
        UserError: an unknown resizing or saving.
    """

    size: Size
    resizing: str = "antialias"
    saving: str = "nearest"

    def __post_init__(self) -> None:
        """Check both names before any work is done."""
        if self.resizing not in RESIZINGS:
            raise unknown("resizing", self.resizing, RESIZINGS)
        if self.saving not in SAVINGS:
            raise unknown("saving", self.saving, SAVINGS)

    def at(self, height: int, width: int) -> ImageSettings:
        """Return the same settings with an exact size."""
        return dataclasses.replace(self, size=Size(height=height, width=width))

    def load(self, path: Path | str) -> torch.Tensor:
        """Read a picture at the working size; see `dfr.core.images.load_at`."""
        return load_at(path, self.size, self.resizing == "antialias")

    def load_pair(
        self, content: Path | str, style: Path | str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Read a content and a style, both at the working size of the content.

        See `dfr.core.images.load_pair`.
        """
        return load_pair(content, style, self.size, self.resizing == "antialias")

    def quantise(self, picture: torch.Tensor) -> torch.Tensor:
        """Return (n, 3, h, w) in [0, 1] in the 256 levels in which it is kept.

        Written by `dfr.core.images.save` and read again, it is exactly this picture.
        """
        return quantise(picture, truncate=self.saving == "published")

    @property
    def record(self) -> dict[str, str]:
        """What a result says of itself beside its height and width."""
        return {"resizing": self.resizing, "saving": self.saving}
