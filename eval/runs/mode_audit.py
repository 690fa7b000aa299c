"""The mode audit of every style of a run."""

from __future__ import annotations

from typing import Any

from dfr.core.image_settings import ImageSettings
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.mode_audit import audit
from dfr.network.encoder import STYLE_LAYERS, Encoder
from eval.data.dataset import Dataset

#: The readings whose modes are audited; ``angle`` has no fixed set of modes.
AUDITED = ("code", "paper", "spatial")


def audit_rows(dataset: Dataset, images: ImageSettings, encoder: Encoder) -> list[dict[str, Any]]:
    """Audit the four published rotations in each reading, for every style.

    Returns:
        one row per style and reading: distances between modes per layer, groups of modes that
        are the same objective, and how many are distinct.
    """
    rows = []
    for style in dataset.styles:
        _, picture = images.load_pair(dataset.contents[0].path, style.path)
        picture, eye = picture.to(encoder.device), encoder.remembering(STYLE_LAYERS)
        for reading in AUDITED:
            found = audit(DFR(reading=reading), picture, eye)
            rows.append(
                {
                    "style": style.name,
                    "reading": reading,
                    "modes": list(found.modes),
                    "distances": [
                        {"mode": b, "against": a, **layers}
                        for (b, a), layers in found.distances.items()
                    ],
                    "groups": [list(group) for group in found.groups],
                    "distinct": found.distinct,
                }
            )
    return rows
