"""The C statistic: how much of the content's contours an output still has.

Source: Yeh, Tang, Bhattad, Zou, Forsyth, "Improving Style Transfer with Calibrated Metrics",
WACV 2020, arXiv 1910.09447, and the authors' code (github.com/stringtron/quantative_style).
Published: the probability of boundary (Pb) of the output, after Arbelaez et al. (PAMI 2011,
MATLAB), is compared at every threshold with the contours that people drew on the content
picture (BSDS500); C is the largest F over the thresholds (the authors' code stores the area under
the curve of precision and recall instead). The score is kept here, and both sides are replaced:

- **contours of the content**: there are no drawn ones for most pictures, so they are found in the
  content by the detector that looks at the output. C is 1 for the content itself;
- **detector**: Canny's, from scikit-image: the local maxima of the luminance's gradient across
  the edge, with the gradient as their strength. It needs no trained model and no MATLAB, and has
  no random part. Unlike Pb it looks at one scale and at no colour or texture: a brush stroke is a
  contour to it, and an edge between two colours of one luminance is none.

`eval.measures.coherence_learned` has C with a learned detector, which is what Pb was.

So values are not comparable with published ones, and C is lower than a person would have it where
a style brings its own strokes. Contours also meet by chance: a picture that has nothing to do with
the content, or noise, scores about 0.1 to 0.35 and not 0. C is meant for comparing outputs of one
content at one size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_gradient_magnitude
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_flow
from scipy.spatial import KDTree
from skimage.color import rgb2gray
from skimage.feature import canny

from eval.measures.context import Context

#: The published tolerance of a match, of the picture's diagonal (the benchmark of BSDS500).
TOLERANCE = 0.0075
#: Blur (standard deviation), of the diagonal: 3 pixels at 481 x 321, the size of BSDS500.
BLUR = 0.005
#: Neither of them is below one pixel.
LEAST_PIXELS = 1.0
#: The content's contours are the maxima that are stronger than this part of all places.
CONTENT_QUANTILE = 0.9
#: The thresholds at which the output is tried; the content's is one of them.
QUANTILES = (0.5, 0.6, 0.7, 0.8, 0.85, CONTENT_QUANTILE, 0.95, 0.98)
#: A gradient below this, in luminance 0..1 for each pixel, is no edge at any threshold.
LEAST_GRADIENT = 1e-3

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float64]


class Edges(NamedTuple):
    """The edges of one picture.

    Attributes:
        strength: (h, w), of the edge: the luminance's gradient in 1 / pixel, for Canny's.
        maxima: (h, w), where it is largest across the edge.
        least: a strength below this is no contour at any threshold.
    """

    strength: Array
    maxima: Mask
    least: float

    def contours(self, quantile: float) -> Mask:
        """Return the maxima whose strength is above this quantile of all places, (h, w)."""
        least = max(float(np.quantile(self.strength, quantile)), self.least)
        return self.maxima & (self.strength >= least)


def coherence(context: Context) -> dict[str, float]:
    """C of each output, see `c_statistic`."""
    return of_outputs(context, edges)


def of_outputs(context: Context, detector: Callable[[torch.Tensor], Edges]) -> dict[str, float]:
    """Return C of each output by a detector of edges, with one look at the content for all."""
    content = detector(context.content)
    return {
        mode: agreement(detector(picture), content) for mode, picture in context.outputs.items()
    }


def c_statistic(output: torch.Tensor, content: torch.Tensor) -> float:
    """Return C in [0, 1]: 1 for the content itself, 0 where none of its contours is left.

    max over thresholds of F = 2 P R / (P + R), with precision P the part of the output's contours
    that match one of the content's, and recall R the part of the content's that are matched.
    Where neither picture has a contour, C is 1.

    Args:
        output: (1, 3, h, w) in [0, 1].
        content: (1, 3, h, w) in [0, 1].

    Raises:
        ValueError: the pictures are of two sizes.
    """
    if output.shape != content.shape:
        raise ValueError(f"output {tuple(output.shape)}, content {tuple(content.shape)}")
    return agreement(edges(output), edges(content))


def agreement(found: Edges, content: Edges) -> float:
    """Return the largest F over the thresholds, see `c_statistic`.

    Args:
        found: of the output.
        content: of the content, of the same size.
    """
    wanted = content.contours(CONTENT_QUANTILE)
    reach = pixels(TOLERANCE, wanted.shape)
    return max(f_score(found.contours(quantile), wanted, reach) for quantile in QUANTILES)


def edges(picture: torch.Tensor) -> Edges:
    """Find the edges of a picture.

    Args:
        picture: (1, 3, h, w) in [0, 1].
    """
    luminance = rgb2gray(picture[0].detach().cpu().double().numpy(), channel_axis=0)
    blur = pixels(BLUR, luminance.shape)
    strength = gaussian_gradient_magnitude(luminance, blur, mode="nearest")
    maxima = canny(  # type: ignore[no-untyped-call, unused-ignore]
        luminance,
        blur,
        low_threshold=LEAST_GRADIENT,
        high_threshold=LEAST_GRADIENT,
        mode="nearest",
    )
    return Edges(strength, maxima, LEAST_GRADIENT)


def f_score(found: Mask, wanted: Mask, reach: float) -> float:
    """Return F = 2 M / (found + wanted), which is 2 P R / (P + R).

    M is the largest number of pairs of one found and one wanted pixel within reach, each in one
    pair at most, as in the published benchmark: a scribble does not match a line many times.
    P = M / found, R = M / wanted. 1 where both are empty.

    Args:
        found: (h, w).
        wanted: (h, w).
        reach: the largest distance of a pair, in pixels.
    """
    count = int(found.sum()) + int(wanted.sum())
    return 2 * pairs(found, wanted, reach) / count if count else 1.0


def pairs(found: Mask, wanted: Mask, reach: float) -> int:
    """Return the largest number of pairs, see `f_score`."""
    many_found, many_wanted = int(found.sum()), int(wanted.sum())
    if not many_found or not many_wanted:
        return 0
    near = KDTree(np.argwhere(found)).sparse_distance_matrix(
        KDTree(np.argwhere(wanted)), reach, output_type="ndarray"
    )
    # As a flow: scipy's own bipartite matching takes minutes on two almost equal pictures.
    lefts = 1 + np.arange(many_found)
    rights = 1 + many_found + np.arange(many_wanted)
    source, sink = 0, 1 + many_found + many_wanted
    tails = np.concatenate([np.full(many_found, source), lefts[near["i"]], rights])
    heads = np.concatenate([lefts, rights[near["j"]], np.full(many_wanted, sink)])
    capacities = np.ones(len(tails), dtype=np.int32)
    graph = csr_matrix((capacities, (tails, heads)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(graph, source, sink, method="dinic").flow_value)


def pixels(part: float, shape: tuple[int, ...]) -> float:
    """Return a part of the diagonal of an (h, w) picture in pixels, at least one."""
    return max(LEAST_PIXELS, part * math.hypot(*shape))
