"""What is trained: a network, its losses, and the file that comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from baselines.train.crops import Crops

#: Factor of the warm-up's squared error, so that it is about as large as the losses after it.
PIXEL_WEIGHT = 50.0


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        content: folder of photographs.
        style: folder of paintings.
        side: of the square crops, in pixels.
        variants: crops of each photograph; of each painting four times as many.
        batch: pairs in a step.
        rate: of Adam.
        warm_up: steps in which a decoder only learns to paint the photograph again (mean squared
            error of pixels), which needs no encoder; not in the papers, but cheap.
        average: the weights that are kept are a moving average of those that are trained, with
            this factor for the past.
        seed: of everything random.
    """

    content: Path
    style: Path
    side: int = 128
    variants: int = 4
    batch: int = 4
    rate: float = 1e-3
    warm_up: int = 1500
    average: float = 0.998
    seed: int = 0


class Task(Protocol):
    """A network that can be trained.

    Attributes:
        trained: the part whose parameters are trained.
    """

    trained: nn.Module

    def losses(
        self, contents: list[int], styles: list[int], warm: bool
    ) -> Mapping[str, torch.Tensor]:
        """Return the terms of the loss of a batch, weighted: their sum is minimised.

        Args:
            contents: numbers of the photographs' crops.
            styles: numbers of the paintings' crops, as many.
            warm: whether this is a step of the warm-up.
        """

    def share_of_rate(self, parameter: str) -> float:
        """Return the factor of the rate of a parameter, by its name in ``trained``."""

    def painted(self, content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Return the outputs (n, 3, h, w) of pictures (n, 3, h, w)."""

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return what the file of weights holds besides the trained part, by key."""

    def about(self) -> dict[str, Any]:
        """Return what the file tells of the network."""


class Source(Protocol):
    """How a task is made of the training pictures."""

    def __call__(
        self, contents: Crops, styles: Crops, settings: Settings, device: torch.device
    ) -> Task:
        """Return the task, with the parameters that it begins with."""
