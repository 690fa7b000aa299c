"""The file of weights that the suite ships: convolutions in 8 bits, everything else in 16.

A kernel k of a layer is kept as integers q_k and one step s_k, w_k = s_k q_k with
s_k = max |w_k| / 127: its error is at most half a step. The file is a ``.safetensors``, whose
metadata say what it is, and what it was trained on.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from baselines.checkpoints import read_tensors
from dfr.core.errors import UserError
from dfr.core.files import write_whole

_STEP = ".step"
_ABOUT = "about"


def pack(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tensors as they are kept; those of two axes or more become integers and steps."""
    kept = {}
    for key, tensor in tensors.items():
        if tensor.ndim < 2:
            kept[key] = tensor.half().contiguous()
            continue
        steps = tensor.flatten(1).abs().amax(1).clamp(min=1e-8) / 127
        kept[key] = (tensor / _beside(steps, tensor)).round().to(torch.int8).contiguous()
        kept[key + _STEP] = steps
    return kept


def unpack(kept: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tensors of `pack` in float32."""
    return {
        key: tensor.float() * _beside(kept[key + _STEP], tensor)
        if key + _STEP in kept
        else tensor.float()
        for key, tensor in kept.items()
        if not key.endswith(_STEP)
    }


def write(path: Path, tensors: Mapping[str, torch.Tensor], about: Mapping[str, Any]) -> None:
    """Write tensors to a file, whole or not at all.

    Args:
        path: ending in ``.safetensors``.
        tensors: key -> tensor on the CPU.
        about: what it is: ``network`` (the method), and what else JSON can hold.

    Raises:
        UserError: the file cannot be written.
    """
    from safetensors.torch import save_file

    metadata = {_ABOUT: json.dumps(dict(about))}
    write_whole(path, lambda temporary: save_file(pack(tensors), temporary, metadata))


def read(path: Path, network: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read a file of `write`.

    Args:
        path: the file.
        network: the method that it must be of.

    Returns:
        the tensors in float32, and what was told about them.

    Raises:
        UserError: it cannot be read, or is another's.
    """
    tensors, told = unpack(read_tensors(path)), about(path)
    if told.get("network") != network:
        raise UserError(
            f"{path}: holds weights of {told.get('network', 'something else')}, not of {network}"
        )
    return tensors, told


def about(path: Path) -> dict[str, Any]:
    """Return what a file tells of itself; empty for one that was not written by `write`."""
    if path.suffix != ".safetensors" or not path.is_file():
        return {}
    from safetensors import safe_open

    try:
        with safe_open(path, "pt") as stored:
            told = json.loads((stored.metadata() or {}).get(_ABOUT, "{}"))
    except Exception:  # a damaged file tells nothing; reading it says what is wrong
        return {}
    return told if isinstance(told, dict) else {}


def _beside(steps: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    return steps.float().view(-1, *[1] * (tensor.ndim - 1))
