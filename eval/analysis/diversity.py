"""How diverse some outputs are, and how diverse chance alone would make them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]

#: What an output must close of the style gap to count as faithful.
FAITHFUL_GAP = 0.9
#: And the C statistic that it must keep: more than a picture scores that has nothing to do with the
#: content (0.35 at most, see `eval.measures.coherence`), and less than any of the 28 outputs of
#: DFR's authors has (0.41 at least, ``reports/published/pictures.csv``).
FAITHFUL_COHERENCE = 0.4


def vendi_score(distances: Array) -> float:
    """Return the effective number of different outputs, from 1 (all equal) to n.

    exp(-sum l log l) over the eigenvalues l of K / n (Friedman and Dieng, "The Vendi Score",
    TMLR 2023), with the kernel K = exp(-d). LPIPS is a squared Euclidean distance of weighted
    features, so K is positive semi-definite.

    Args:
        distances: (n, n), LPIPS d between every two outputs, 0 on the diagonal.
    """
    kernel = np.exp(-distances) / len(distances)
    values = np.linalg.eigvalsh((kernel + kernel.T) / 2)
    values = values[values > 1e-12]
    return float(np.exp(-(values * np.log(values)).sum()))


def weighted_vendi_score(distances: Array, qualities: Array) -> float:
    """Return the Vendi score times the mean quality: the effective sum of qualities, 0 to n.

    Nguyen and Dieng, "Quality-Weighted Vendi Scores And Their Application To Diverse Experimental
    Design", ICML 2024. Outputs that differ because they missed their aim count little.

    Args:
        distances: see `vendi_score`.
        qualities: (n,), in [0, 1], of each output.
    """
    return float(qualities.mean()) * vendi_score(distances)


def faithful_diversity(distances: Array, gap_closed: Array, coherence: Array) -> float:
    """Return the effective number of different outputs among those that do what was asked, 0 to n.

    Diversity alone is cheap: pictures that missed the style, or lost the content, differ. So only
    outputs count that close at least `FAITHFUL_GAP` of the style gap and keep a C statistic of at
    least `FAITHFUL_COHERENCE`; of these it is the Vendi score (see `vendi_score`), and 0 where
    there are none. One such output counts 1, and outputs that are equal count 1 together.

    The style gap is the way from the content picture to the style picture by style loss, in one
    yardstick for all methods (`eval.measures.losses.style_gap_closed`): an output whose own target
    was another one, such as a rotated style, has to come near the style picture too.

    Args:
        distances: see `vendi_score`.
        gap_closed: (n,), how much of the style gap each output closes, at most 1.
        coherence: (n,), the C statistic of each output (`eval.measures.coherence`).

    Returns:
        the number; NaN where one of the measures is not known of some output.
    """
    if not (np.isfinite(gap_closed).all() and np.isfinite(coherence).all()):
        return float("nan")
    faithful = (gap_closed >= FAITHFUL_GAP) & (coherence >= FAITHFUL_COHERENCE)
    return vendi_score(distances[np.ix_(faithful, faithful)]) if faithful.any() else 0.0


def vendi_of_chance(floor: float, outputs: int) -> float:
    """Return the Vendi score of so many outputs that are all as far apart as chance sets them.

    Args:
        floor: LPIPS of two outputs of one objective.
        outputs: how many.
    """
    distances = np.full((outputs, outputs), floor)
    np.fill_diagonal(distances, 0.0)
    return vendi_score(distances)


def distance_matrix(pairs: pd.DataFrame, modes: Sequence[str]) -> Array:
    """Return the (n, n) distances of n modes.

    Args:
        pairs: ``mode_a``, ``mode_b`` and ``lpips`` of every two of them, once.
        modes: in the order of rows and columns.
    """
    distances = np.zeros((len(modes), len(modes)))
    for a, b, lpips in zip(pairs["mode_a"], pairs["mode_b"], pairs["lpips"], strict=True):
        i, j = modes.index(a), modes.index(b)
        distances[i, j] = distances[j, i] = lpips
    return distances
