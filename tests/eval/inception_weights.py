"""Seeded weights in the form of torchvision's Inception-v3, with heads as a file of it has them."""

from __future__ import annotations

from pathlib import Path

import torch
from torchvision.models.inception import Inception3


def seeded_network(seed: int = 0) -> Inception3:
    """The whole network as torchvision has it, with weights whose activations keep their size."""
    torch.manual_seed(seed)
    network = Inception3(aux_logits=True, transform_input=True, init_weights=False)
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            fan_in = module.weight[0].numel()
            torch.nn.init.normal_(module.weight, std=(2 / fan_in) ** 0.5)
    return network.eval().requires_grad_(False)


def write_weights(path: Path, seed: int = 0) -> Path:
    torch.save(seeded_network(seed).state_dict(), path)
    return path
