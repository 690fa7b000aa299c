"""Small pictures and shallow layers: a solver's laws do not depend on them, and steps cost most."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from dfr.core.images import resize
from dfr.network.encoder import Encoder
from dfr.objective.objective import Objective, Weights
from tests.conftest import styled_by


@pytest.fixture(scope="session")
def content(content: torch.Tensor) -> torch.Tensor:
    """The photograph, (1, 3, 32, 40)."""
    return resize(content, 32, 40)


@pytest.fixture(scope="session")
def style(style: torch.Tensor) -> torch.Tensor:
    """The procedural style, (1, 3, 32, 40)."""
    return resize(style, 32, 40)


def shallow_objective(
    content: torch.Tensor, style: torch.Tensor, encoder: Encoder, *amounts: float
) -> Objective:
    """All terms of the shared objective, but of the first four convolutions only.

    An evaluation takes a tenth of the time.
    """
    deep = styled_by(content, style, encoder, *amounts)
    return dataclasses.replace(
        deep,
        content=encoder(content, ["block2_conv2"]),
        style={layer: deep.style[layer] for layer in ("block1_conv1", "block2_conv1")},
        weights=Weights(content=1.0),
    )
