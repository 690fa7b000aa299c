"""LPIPS (Zhang et al., CVPR 2018): how far outputs are from each other and from the content."""

from __future__ import annotations

from itertools import combinations

from eval.measures.context import Context


def to_content(context: Context) -> dict[str, float]:
    """LPIPS (AlexNet) of each output to the content picture."""
    distance = context.lpips["alex"]
    return {
        mode: float(distance(picture, context.content)) for mode, picture in context.outputs.items()
    }


def between_outputs(context: Context) -> dict[tuple[str, str], float]:
    """LPIPS (AlexNet) between every two outputs; the mean of it is the diversity."""
    return _between(context, "alex")


def between_outputs_vgg(context: Context) -> dict[tuple[str, str], float]:
    """LPIPS (VGG-16) between every two outputs: the same diversity through other eyes."""
    return _between(context, "vgg")


def _between(context: Context, trunk: str) -> dict[tuple[str, str], float]:
    distance = context.lpips[trunk]
    return {
        (a, b): float(distance(context.outputs[a], context.outputs[b]))
        for a, b in combinations(context.outputs, 2)
    }
