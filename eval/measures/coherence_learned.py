"""C with learned contours: `eval.measures.coherence`, with HED instead of Canny's detector.

The published detector (Pb) was learned from contours that people drew, and so was HED (Xie and Tu,
ICCV 2015): it marks outlines, and passes over most strokes and textures, which Canny's takes for
contours. On 14 published outputs of DFR, at 422 x 512, C is 0.48 to 0.62 (median 0.54) with HED and
0.44 to 0.58 (0.50) with Canny's, and that of the style pictures alone 0.21 to 0.30 with both.
Thresholds, matching and score are those of `eval.measures.coherence`.

- **strength**: HED's probability; below 0.05 nothing is a contour.
- **maxima**: HED's bands are broad, so they are thinned as its benchmark does: a place stays where
  the map, blurred by one pixel, is largest across the band, in the direction of its strongest bend.
- **size**: HED knows things of the size that they have in BSDS500. A smaller picture is enlarged to
  that diagonal for it, and the map is reduced again; at 96 x 116 outlines melt even so.
- **border**: pictures are continued as in a mirror for 16 pixels, since the network takes the black
  around a picture for an outline.

Limits: 1 for the content itself. Contours meet by chance here too: noise and the style picture
score about 0.1 to 0.4. The weights (59 MB) are no dependency; they are fetched when they are first
asked for, see `dfr.network.hed`.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, map_coordinates

from dfr.core.images import resize
from dfr.network.hed import Hed, load_hed
from eval.measures.coherence import Array, Edges, Mask, of_outputs
from eval.measures.context import Context

#: Diagonal of BSDS500's pictures, in pixels.
DIAGONAL = 578
#: Pixels that a picture is continued by on each side.
MARGIN = 16
#: The least bend of a band, in probability for each pixel squared: flat places have none.
LEAST_BEND = 1e-4
#: A probability below this is no contour at any threshold.
LEAST_PROBABILITY = 0.05


def coherence(context: Context) -> dict[str, float]:
    """C of each output, with HED's contours.

    Raises:
        UserError: the weights of HED cannot be had.
    """
    return of_outputs(context, partial(learned_edges, network=load_hed(context.encoder.device)))


def learned_edges(picture: torch.Tensor, network: Hed) -> Edges:
    """Find the contours of a picture.

    Args:
        picture: (1, 3, h, w) in [0, 1].
        network: HED.
    """
    height, width = picture.shape[-2:]
    factor = max(1.0, DIAGONAL / math.hypot(height, width))
    seen = resize(picture, round(factor * height), round(factor * width))
    margin = min(MARGIN, min(seen.shape[-2:]) - 1)
    around = torch.nn.functional.pad(seen, (margin,) * 4, mode="reflect")
    found = network(around).cpu()[..., margin : -margin or None, margin : -margin or None]
    strength = resize(found, height, width)[0, 0].double().numpy()
    return Edges(strength, ridges(strength), LEAST_PROBABILITY)


def ridges(strength: Array) -> Mask:
    """Return where a map is largest across its bands, (h, w)."""
    smooth = gaussian_filter(strength, 1.0, mode="nearest")
    along_y, along_x = np.gradient(smooth)
    (yy, xy), (_, xx) = np.gradient(along_y), np.gradient(along_x)
    # Across a band, the map bends down most: the least second derivative, and its direction.
    bend = (xx + yy) / 2 - np.hypot((xx - yy) / 2, xy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    y, x = np.indices(smooth.shape)
    step_y, step_x = np.sin(angle), np.cos(angle)
    before, after = (
        map_coordinates(smooth, [y + sign * step_y, x + sign * step_x], order=1, mode="nearest")
        for sign in (-1, 1)
    )
    found: Mask = (bend < -LEAST_BEND) & (smooth > before) & (smooth >= after)
    return found
