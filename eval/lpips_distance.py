"""LPIPS (Zhang et al., CVPR 2018): how far outputs are from each other and from the content."""

from __future__ import annotations

from itertools import combinations

from eval.context import Context


def to_content(context: Context) -> dict[str, float]:
    """LPIPS (AlexNet) of each output to the content picture."""
    return {
        mode: float(context.lpips(picture, context.content))
        for mode, picture in context.outputs.items()
    }


def between_outputs(context: Context) -> dict[tuple[str, str], float]:
    """LPIPS (AlexNet) between every two outputs; the mean of it is the diversity."""
    return {
        (a, b): float(context.lpips(context.outputs[a], context.outputs[b]))
        for a, b in combinations(context.outputs, 2)
    }
