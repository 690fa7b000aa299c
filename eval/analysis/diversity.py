"""How diverse some outputs are, and how diverse chance alone would make them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


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
    for row in pairs.to_dict("records"):
        i, j = modes.index(row["mode_a"]), modes.index(row["mode_b"])
        distances[i, j] = distances[j, i] = row["lpips"]
    return distances
