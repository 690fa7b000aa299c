"""The Frechet distance of two Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian.

    Attributes:
        mean: (c,).
        covariance: (c, c).
    """

    mean: Array
    covariance: Array

    @classmethod
    def of(cls, rows: Array) -> Gaussian:
        """Fit it to the rows of (n, c), n at least 2; the covariance is divided by n - 1."""
        return cls(rows.mean(axis=0), np.cov(rows, rowvar=False))


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """Return |m - s|^2 + tr(M + S - 2 (M S)^(1/2)), at least 0.

    Dowson and Landau, "The Frechet distance between multivariate normal distributions", Journal of
    Multivariate Analysis 12 (1982). The trace of (M S)^(1/2) is the sum of the roots of the
    eigenvalues of R S R with R = M^(1/2): symmetric, so that it is real, and exists also where a
    covariance is singular, as that of fewer rows than columns is.
    """
    root = _root(one.covariance)
    shared = np.linalg.eigvalsh(root @ other.covariance @ root)
    traces = np.trace(one.covariance) + np.trace(other.covariance)
    apart = float(((one.mean - other.mean) ** 2).sum())
    return max(0.0, apart + float(traces - 2 * np.sqrt(np.maximum(shared, 0)).sum()))


def _root(matrix: Array) -> Array:
    """Return the symmetric root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    found: Array = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return found
