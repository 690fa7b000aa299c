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


def frechet_of_rows(one: Array, other: Array) -> float:
    """Return the Frechet distance of the Gaussians of two sets of rows, (n, c) and (m, c).

    Where there are fewer rows than columns no (c, c) matrix is needed: with A and B the centred
    rows over the roots of n - 1 and m - 1, the covariances are A^T A and B^T B, and the trace of
    the root of their product is the sum of the singular values of A B^T.

    Args:
        one: at least two rows.
        other: likewise.
    """
    if max(len(one), len(other)) > one.shape[1]:
        return frechet_distance(Gaussian.of(one), Gaussian.of(other))
    means = [rows.mean(axis=0) for rows in (one, other)]
    centred = [
        (rows - mean) / np.sqrt(len(rows) - 1)
        for rows, mean in zip((one, other), means, strict=True)
    ]
    shared = np.linalg.svd(centred[0] @ centred[1].T, compute_uv=False).sum()
    apart = float(((means[0] - means[1]) ** 2).sum())
    traces = sum(float((rows**2).sum()) for rows in centred)
    return max(0.0, apart + traces - 2 * float(shared))


def _root(matrix: Array) -> Array:
    """Return the symmetric root of a symmetric matrix without negative eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    found: Array = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    return found
