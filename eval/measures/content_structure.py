"""CFSD, content feature structural distance: is what looked alike in the content alike still.

Source: Chung, Hyun, Heo, "Style Injection in Diffusion" (StyleID), CVPR 2024, arXiv 2312.09008, and
the authors' code (github.com/jiwoogit/StyleID, evaluation/image_metrics.py). For features F of N
places and c channels at relu3_1 of VGG-19,

    S = softmax over each row of F F^T / c^2,        (N, N)
    CFSD = sum over rows of KL(S_content || S_output).

Every row says which places a place is like, so colours may change and the structure may not. The
authors' code sums the rows (``cfsd_sum``), so its value grows with the picture: about in
proportion to N. ``cfsd`` is the mean over the rows, cfsd_sum / N, in nats.

Chosen here: the weights, and their unit (`eval.measures.features`). The (N, N) matrices are never
there whole: 512 x 512 pixels have N = 16384, and each would take a gigabyte.

Limits: 0 for the content itself, and no upper end that stands for "nothing of it left". The values
are small, as c^2 makes the softmax nearly flat; they grow with the contrast of the content and of
the output. On one content at 422 x 512 the sum of rows is 3.0 for the style picture, 2.6 for noise,
1.8 for flat grey, and 3.3 and 2.2 for two published outputs of DFR; on another it is 0.5 and 0.9
for style picture and noise. So compare outputs of one content, and look at the controls.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from dfr.core.precision import doubled
from dfr.network.encoder import Encoder
from eval.measures.context import Context
from eval.measures.features import places_in_unit

LAYER = "block3_conv1"
#: Entries of a matrix that are held at once: 32 MB in float64.
ENTRIES = 4_000_000


def to_content(context: Context) -> dict[str, dict[str, float]]:
    """CFSD of each output to the content: ``cfsd`` (mean of rows) and ``cfsd_sum``."""
    return {
        mode: {"cfsd": mean, "cfsd_sum": total}
        for mode, (mean, total) in structural_distances(
            context.content, context.outputs, context.encoder
        ).items()
    }


@torch.no_grad()
def structural_distances(
    content: torch.Tensor, outputs: Mapping[str, torch.Tensor], encoder: Encoder
) -> dict[str, tuple[float, float]]:
    """Return mode -> (mean over rows, sum over rows) of KL(S_content || S_output), in nats.

    Args:
        content: (1, 3, h, w) in [0, 1].
        outputs: mode -> (1, 3, h, w), likewise.
        encoder: max pooling, fp32.

    Raises:
        ValueError: an output of another size.
    """
    wanted = _scaled(content, encoder)
    found = {mode: _scaled(picture, encoder) for mode, picture in outputs.items()}
    for mode, features in found.items():
        if features.shape != wanted.shape:
            raise ValueError(f"{mode}: {len(features)} places, the content has {len(wanted)}")
    places = len(wanted)
    step = max(1, ENTRIES // places)
    sums = dict.fromkeys(outputs, 0.0)
    for first in range(0, places, step):
        rows = slice(first, first + step)
        log_content = _log_rows(wanted, rows)
        weights = log_content.exp()
        for mode, features in found.items():
            apart = log_content - _log_rows(features, rows)
            sums[mode] += float((weights * apart).sum())
    return {mode: (total / places, total) for mode, total in sums.items()}


def _scaled(picture: torch.Tensor, encoder: Encoder) -> torch.Tensor:
    features = places_in_unit(picture, encoder, LAYER)
    return features / features.shape[1]


def _log_rows(features: torch.Tensor, rows: slice) -> torch.Tensor:
    """Return some rows of log S; in float64, since neighbouring rows differ in the sixth digit."""
    return torch.log_softmax(doubled(features[rows] @ features.T), dim=1)
