"""The whitening and colouring transform, and its perturbation.

Sources:

- Li, Fang, Yang, Wang, Lu, Yang: "Universal Style Transfer via Feature Transforms", NeurIPS 2017,
  arXiv 1705.08086: whitening is eq. 2, colouring eq. 3.
- Wang, Zhao, Chen, Qiu, Mo, Lin, Xing, Lu: "Diversified Arbitrary Style Transfer via Deep Feature
  Perturbation", CVPR 2020, arXiv 1909.08223: an orthogonal matrix Z between the two.

With features F of c channels at n places, as a (c, n) matrix, mean mu and covariance
C = (F - mu)(F - mu)^T / (n - 1) = E D E^T, of which only eigenvalues above a floor are kept:

    whitened   W = E_c D_c^-1/2 E_c^T (F_c - mu_c)          so W W^T / (n - 1) = I
    coloured   T = E_s D_s^1/2 E_s^T W + mu_s               so T has the covariance C_s
    perturbed  T = E_s D_s^1/2 Z E_s^T W + mu_s             likewise, since Z Z^T = I

The covariance is the style's exactly where the content has a direction for each that the style has;
with fewer places than channels it has not, and what it lacks stays at the style's mean.

All of it is one matrix for each pair of pictures, computed in float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

#: Directions of smaller variance are left out, as in the authors' code.
FLOOR = 1e-5


@dataclass(frozen=True)
class Statistics:
    """The mean and the kept directions of some features of c channels, in float64.

    Attributes:
        mean: (c, 1).
        directions: (c, k), E: eigenvectors of the covariance, as columns.
        deviations: (k,), the roots of their eigenvalues, all above 0.
    """

    mean: torch.Tensor
    directions: torch.Tensor
    deviations: torch.Tensor


def statistics(features: torch.Tensor) -> Statistics:
    """Return the statistics of (1, c, h, w) features; those of one place have no direction."""
    flat = _flat(features)
    mean = flat.mean(dim=1, keepdim=True)
    centred = flat - mean
    covariance = centred @ centred.T / max(flat.shape[1] - 1, 1)
    # The decomposition of so small a matrix is faster on a CPU than on a graphics processor.
    values, directions = torch.linalg.eigh(covariance.cpu())
    kept = values > FLOOR
    return Statistics(
        mean, directions[:, kept].to(flat.device), values[kept].sqrt().to(flat.device)
    )


def orthogonal_noise(size: int, generator: torch.Generator) -> torch.Tensor:
    """Draw an orthogonal (size, size) matrix in float64, each as likely as any other.

    The authors take the left singular vectors of a Gaussian matrix. Its QR decomposition with a
    positive diagonal of R has the same law (Mezzadri, Notices of the AMS 2007) and costs less.
    """
    gaussian = torch.randn((size, size), generator=generator, dtype=torch.float64)
    q, r = torch.linalg.qr(gaussian)
    orthogonal: torch.Tensor = q * r.diagonal().sign()
    return orthogonal


def transform(
    content: torch.Tensor,
    style: Statistics,
    *,
    of_content: Statistics | None = None,
    noise: torch.Tensor | None = None,
    diversity: float = 1.0,
    alpha: float = 1.0,
) -> torch.Tensor:
    """Give features the mean and covariance of a style.

    Args:
        content: (1, c, h, w).
        style: of the style's features at the same layer.
        of_content: of ``content``, where they are known.
        noise: Z, orthogonal, (k, k) for the k directions of the style; the plain transform if None.
        diversity: lambda of Deep Feature Perturbation (its eq. 9): lambda times the perturbed
            features and 1 - lambda times the plain ones. The covariance is the style's at 0 and 1,
            and smaller between them.
        alpha: strength (eq. 4 of WCT): alpha times the outcome and 1 - alpha times ``content``.

    Returns:
        (1, c, h, w), of the type of ``content``.
    """
    own = statistics(content) if of_content is None else of_content
    whitening = (own.directions / own.deviations) @ own.directions.T
    turned = style.directions.T
    if noise is not None:
        turned = (1 - diversity) * turned + diversity * noise.to(turned) @ turned
    matrix = alpha * (style.directions * style.deviations) @ turned @ whitening
    shift = alpha * style.mean - matrix @ own.mean
    matrix.diagonal().add_(1 - alpha)
    mixed = torch.addmm(shift, matrix, _flat(content))
    return mixed.reshape(content.shape).to(content)


def _flat(features: torch.Tensor) -> torch.Tensor:
    """Return (1, c, h, w) as (c, n) in float64, on the CPU where the device has no float64."""
    here = features.cpu() if features.device.type == "mps" else features
    return here.squeeze(0).flatten(1).double()
