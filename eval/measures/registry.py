"""Every measure by name. A new measure is one file and one line here."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # names are read without torch
    from eval.measures.context import Context

#: Name -> where its function stands: Context -> one value per output.
OUTPUT_MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "style_loss": "eval.measures.losses:style_loss",
        "relative_style_loss": "eval.measures.losses:relative_style_loss",
        "content_loss": "eval.measures.losses:content_loss",
        "style_gap_closed": "eval.measures.losses:style_gap_closed",
        "lpips_content": "eval.measures.lpips_distance:to_content",
        "ssim_content": "eval.measures.similarity:to_content",
        "e_statistic": "eval.measures.effectiveness:to_style",
        "c_statistic": "eval.measures.coherence:coherence",
    }
)
#: Of which less is better: nearer to the style, or to the content.
LESS_IS_BETTER = frozenset({"style_loss", "relative_style_loss", "content_loss", "lpips_content"})
#: Likewise: one value per two outputs of one method and pair.
PAIR_MEASURES: Mapping[str, str] = MappingProxyType(
    {
        "lpips": "eval.measures.lpips_distance:between_outputs",
        "lpips_vgg": "eval.measures.lpips_distance:between_outputs_vgg",
    }
)


def measure(context: Context) -> dict[str, list[dict[str, object]]]:
    """Apply every measure.

    Returns:
        ``outputs``: one row per output, with its mode; ``pairs``: one row per two outputs.
    """
    single = {name: pkgutil.resolve_name(where)(context) for name, where in OUTPUT_MEASURES.items()}
    double = {name: pkgutil.resolve_name(where)(context) for name, where in PAIR_MEASURES.items()}
    keys = next(iter(double.values()))
    return {
        "outputs": [
            {"mode": mode, **{name: values[mode] for name, values in single.items()}}
            for mode in context.outputs
        ],
        "pairs": [
            {"mode_a": a, "mode_b": b, **{name: values[a, b] for name, values in double.items()}}
            for a, b in keys
        ],
    }
