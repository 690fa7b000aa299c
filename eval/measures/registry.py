"""Every measure by name. A new measure is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from eval.measures import coherence, effectiveness, losses, lpips_distance, similarity
from eval.measures.context import Context

#: One value per output.
OUTPUT_MEASURES: Mapping[str, Callable[[Context], Mapping[str, float]]] = MappingProxyType(
    {
        "style_loss": losses.style_loss,
        "content_loss": losses.content_loss,
        "style_gap_closed": losses.style_gap_closed,
        "lpips_content": lpips_distance.to_content,
        "ssim_content": similarity.to_content,
        "e_statistic": effectiveness.to_style,
        "c_statistic": coherence.coherence,
    }
)
#: One value per two outputs of one method and pair.
PAIR_MEASURES: Mapping[str, Callable[[Context], Mapping[tuple[str, str], float]]] = (
    MappingProxyType(
        {
            "lpips": lpips_distance.between_outputs,
            "lpips_vgg": lpips_distance.between_outputs_vgg,
        }
    )
)


def measure(context: Context) -> dict[str, list[dict[str, object]]]:
    """Apply every measure.

    Returns:
        ``outputs``: one row per output, with its mode; ``pairs``: one row per two outputs.
    """
    single = {name: measure_(context) for name, measure_ in OUTPUT_MEASURES.items()}
    double = {name: measure_(context) for name, measure_ in PAIR_MEASURES.items()}
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
