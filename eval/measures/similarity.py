"""SSIM (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 2004): how like the content an output looks.

scikit-image's, with the settings of that paper: Gaussian window of 11 x 11 pixels with a standard
deviation of 1.5, K1 = 0.01, K2 = 0.03, population covariances, the mean over all windows that
lie inside the picture; on each of R, G and B in [0, 1], then the mean of the three (the paper has
one grey channel). The window stays 11 x 11 at any size, also at the least the suite works at
(32 x 32): in a small picture it covers a larger part, so compare values of one size only.
"""

from __future__ import annotations

import torch
from skimage.metrics import structural_similarity

from eval.measures.context import Context


def to_content(context: Context) -> dict[str, float]:
    """SSIM of each output to the content picture."""
    return {mode: ssim(picture, context.content) for mode, picture in context.outputs.items()}


def ssim(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the SSIM of two pictures: 1 for equal ones, about 0 for unlike ones, at least -1.

    Args:
        one: (1, 3, h, w) in [0, 1], each side at least 11.
        other: (1, 3, h, w) in [0, 1].
    """
    first, second = (picture[0].detach().cpu().double().numpy() for picture in (one, other))
    return float(
        structural_similarity(  # type: ignore[no-untyped-call, unused-ignore]
            first,
            second,
            channel_axis=0,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
    )
