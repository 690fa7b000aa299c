"""FID, KID and ArtFID: how far a method's outputs are from the styles, as sets.

For outputs with features X (n, c) and styles with features Y, c = 2048 (`dfr.network.inception`):

- **FID** (Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, NIPS 2017, arXiv 1706.08500): the
  Frechet distance of the Gaussians fitted to X and Y (`eval.measures.frechet`). Y has a row for
  each output, the features of its style, as in the published code of ArtFID.
- **KID** (Binkowski, Sutherland, Arbel, Gretton, ICLR 2018, arXiv 1801.01401): the unbiased squared
  MMD with k(x, y) = (x y / c + 1)^3. Y has each style once, since the estimator wants independent
  rows; the whole sets are taken, and not the mean over subsets.
- **ArtFID** (Wright, Ommer, GCPR 2022, arXiv 2207.12280): (1 + mean LPIPS to the content) (1 + FID
  on art-Inception). ``fid_art`` is that FID.
- **ArtFID infinity**: FID is biased by about 1 / n; it is measured at 15 numbers of pictures from
  5000 to n, each drawn anew, and a line in 1 / n gives its value at 0, as in the published code.
  Below 10000 pictures the line has no length, and there is no such number.

Limits: FID is 0 for the style pictures themselves; KID is below 0 for them, since both sets then
hold the same pictures. With fewer pictures than features
the Gaussians are flat: values are large, fall with n, and compare only at equal n and with the same
pictures. 300 pictures are few: published values are of thousands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dfr.core.errors import UserError
from eval.measures.frechet import frechet_of_rows
from eval.measures.run_context import Array, KeptPicture, RunContext, RunOutput

#: With fewer pictures the covariance of 2048 features is singular.
MANY = 2049
#: Where the extrapolation begins, its points, and the pictures without which there is none.
FIRST, POINTS, LEAST_FOR_INFINITY = 5000, 15, 10_000

Found = dict[tuple[str, str], dict[str, float]]


def fid(context: RunContext) -> Found:
    """FID of each group to its styles."""
    return {
        name: {"fid": frechet_of_rows(*_features(context, group, "inception"))}
        for name, group in _large(context).items()
    }


def kid(context: RunContext) -> Found:
    """KID of each group to the styles, each of them once; none where there is one style."""
    found = {}
    for name, group in _large(context).items():
        styles = list({output.style.sha256: output.style for output in group}.values())
        if len(styles) > 1:
            x = context.features([output.picture for output in group], "inception")
            found[name] = {"kid": squared_mmd(x, context.features(styles, "inception"))}
    return found


def art_fid(context: RunContext) -> Found:
    """ArtFID of each group, its FID, and where there are pictures enough ArtFID infinity.

    Raises:
        UserError: LPIPS to the content is not measured.
    """
    found = {}
    for name, group in _large(context).items():
        if any("lpips_content" not in output.measures for output in group):
            raise UserError(
                "ArtFID needs LPIPS to the content: run `dfr measure RUN lpips_content` first"
            )
        distance = 1 + float(np.mean([output.measures["lpips_content"] for output in group]))
        x, y = _features(context, group, "art-inception")
        of_set = frechet_of_rows(x, y)
        found[name] = {"art_fid": distance * (1 + of_set), "fid_art": of_set}
        if len(group) >= LEAST_FOR_INFINITY:
            found[name]["art_fid_infinity"] = distance * (1 + fid_infinity(x, y))
    return found


def squared_mmd(x: Array, y: Array) -> float:
    """Return the unbiased squared MMD of (n, c) and (m, c) with k(x, y) = (x y / c + 1)^3."""

    def kernel(a: Array, b: Array) -> Array:
        values: Array = (a @ b.T / a.shape[1] + 1) ** 3
        return values

    def within(a: Array) -> float:
        values = kernel(a, a)
        return float(values.sum() - np.trace(values)) / (len(a) * (len(a) - 1))

    return within(x) + within(y) - 2 * float(kernel(x, y).mean())


def fid_infinity(
    x: Array, y: Array, first: int = FIRST, points: int = POINTS, seed: int = 0
) -> float:
    """Return FID extrapolated to infinitely many pictures (Chong and Forsyth, CVPR 2020).

    Args:
        x: (n, c), of the outputs.
        y: (n, c), of the style of each.
        first: the smallest number of pictures that is drawn.
        points: how many numbers, evenly from there to n.
        seed: of the drawing.
    """
    random = np.random.default_rng(seed)
    counts = np.linspace(first, len(x), points).astype(int)
    values = []
    for count in counts:
        drawn = random.permutation(len(x))[:count]
        values.append(frechet_of_rows(x[drawn], y[drawn]))
    slope_and_end = np.polyfit(1 / counts, values, 1)
    return float(slope_and_end[1])


def note(pictures: int) -> str:
    """Say what so few pictures mean; nothing where there are enough."""
    if pictures >= MANY:
        return ""
    return (
        f"{pictures} pictures of an output are few: FID, KID and ArtFID of sets this small compare "
        "outputs of this run with each other, and not with published values"
    )


def _large(context: RunContext) -> Mapping[tuple[str, str], Sequence[RunOutput]]:
    return {name: group for name, group in context.groups.items() if len(group) > 1}


def _features(context: RunContext, group: Sequence[RunOutput], network: str) -> tuple[Array, Array]:
    """Return the features of a group's outputs and of the style of each, (n, c) both."""
    outputs: list[KeptPicture] = [output.picture for output in group]
    styles = [output.style for output in group]
    return context.features(outputs, network), context.features(styles, network)
