"""LPIPS (Zhang et al., CVPR 2018): how far outputs are from each other and from the content.

Each picture goes through a trunk once, however many others it is compared with.
"""

from __future__ import annotations

from itertools import combinations

from eval.measures.context import Context


def to_content(context: Context) -> dict[str, float]:
    """LPIPS (AlexNet) of each output to the content picture."""
    lpips, seen = context.lpips["alex"], context.lpips_features("alex")
    content = lpips.features(context.content)
    return {mode: lpips.between(features, content) for mode, features in seen.items()}


def between_outputs(context: Context) -> dict[tuple[str, str], float]:
    """LPIPS (AlexNet) between every two outputs; the mean of it is the diversity."""
    return _between(context, "alex")


def between_outputs_vgg(context: Context) -> dict[tuple[str, str], float]:
    """LPIPS (VGG-16) between every two outputs: the same diversity through other eyes."""
    return _between(context, "vgg")


def _between(context: Context, trunk: str) -> dict[tuple[str, str], float]:
    if len(context.outputs) < 2:
        return {}
    lpips, seen = context.lpips[trunk], context.lpips_features(trunk)
    return {(a, b): lpips.between(seen[a], seen[b]) for a, b in combinations(seen, 2)}
