"""Sliced Wasserstein distance of features.

Heitz, Vanhoey, Chambon, Belcour: A Sliced Wasserstein Loss for Neural Texture Synthesis, CVPR
2021, eq. 4 and 5:

    L = E_V || sort(V F) - sort(V F') ||^2 / N

with F the features of a layer as c rows and N columns (places), V a direction of length 1 in their
space, and sort the order of N numbers. Two pictures at no distance have the same distribution of
features, not only the same moments. The paper draws new directions in every step; here as many as
there are channels (as in the paper) are drawn once from a seed, so that the objective stays the
same and solvers that search along a line can minimise it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from dfr.core.precision import wide
from dfr.objective.style_term import StyleTerm


@dataclass(frozen=True)
class SortedProjections:
    """V F with each row sorted: (m, c, h, w) -> (m, c, N).

    Content and style must have one size, as in every run here: N numbers meet N numbers.

    Attributes:
        seed: of the directions.
    """

    seed: int = 0

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Project on each direction and sort."""
        places = wide(features).flatten(2)
        directions = _directions(self.seed, places.shape[1], places.dtype, places.device)
        return (directions @ places).sort(dim=2).values


@lru_cache(16)
def _directions(seed: int, channels: int, dtype: torch.dtype, device: torch.device) -> torch.Tensor:
    """Draw (channels, channels): one direction of length 1 in each row, the same everywhere.

    They stay on the device: a solver's loop copies nothing to it.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randn((channels, channels), generator=generator, dtype=torch.float64)
    lengths: torch.Tensor = drawn.norm(dim=1, keepdim=True)
    # Rounded before it is moved: not every device has float64.
    return (drawn / lengths).to(dtype).to(device)


SLICED_WASSERSTEIN = StyleTerm("sliced-wasserstein", SortedProjections(), weight=1e6)
