"""Networks of WCT with seeded weights, in the published layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from baselines.wct.network import KINDS, Decoder, Encoder


def save_weights(folder: Path, kind: str, levels: Sequence[int], seed: int = 0) -> Path:
    """Save encoders and decoders of some levels, as Collaborative Distillation saves them."""
    names = KINDS[kind]
    torch.manual_seed(seed)
    for level in levels:
        for network, file in ((Encoder, names.encoder), (Decoder, names.decoder)):
            made = network(names, level)
            made.apply(_keep_the_scale)
            torch.save({"epoch": 20, "model": made.state_dict()}, folder / file.format(level))
    return folder


def _keep_the_scale(module: nn.Module) -> None:
    """Draw weights that neither blow features up nor let them fade (He et al., ICCV 2015)."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
        if module.out_channels == 3 and module.kernel_size == (3, 3):  # the picture of a decoder
            module.weight.data *= 0.1
            nn.init.constant_(module.bias, 0.5)
