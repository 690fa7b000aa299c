"""Controls: three pictures beside every pair that show what a measure says of no stylization."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import torch

from eval.measures.context import LAYERS, Context
from eval.measures.registry import DEFAULT, OUTPUT_MEASURES, measure
from eval.runs.added import CONTROL


def control_pictures(
    content: torch.Tensor, style: torch.Tensor, pair: tuple[str, str]
) -> dict[str, torch.Tensor]:
    """Return the controls of a pair: mode -> (1, 3, h, w) in [0, 1], in 8 bits.

    Args:
        content: the content picture as the run keeps it, (1, 3, h, w).
        style: likewise, at the content's size.
        pair: names of the two, which seed the noise.
    """
    return {"photograph": content, "style": style, "noise": noise(pair, content.shape)}


def noise(pair: tuple[str, str], shape: Iterable[int]) -> torch.Tensor:
    """Return independent uniform levels of 8 bits, the same ones for the same pair and size."""
    seed = int.from_bytes(hashlib.sha256(" × ".join(pair).encode()).digest()[:6], "big")
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, tuple(shape), generator=generator) / 255


def control_rows(
    context: Context, pair: tuple[str, str], names: Iterable[str] = DEFAULT
) -> list[dict[str, Any]]:
    """Measure the controls of a pair.

    Args:
        context: of the pair; its outputs do not matter.
        pair: names of content and style.
        names: of measures; those of two outputs are left out.

    Returns:
        one row for each control: content, style, label, mode, and the measures' columns.
    """
    outputs = control_pictures(context.content, context.style, pair)
    of_outputs = [name for name in names if name in OUTPUT_MEASURES]
    seen = replace(context, outputs=outputs, encoder=context.encoder.remembering(LAYERS))
    rows = measure(seen, of_outputs)["outputs"]
    key = {"content": pair[0], "style": pair[1], "label": CONTROL}
    return [{**key, **row} for row in rows]
