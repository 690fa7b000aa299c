"""What is trained: a network, its losses, and the file that comes of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch
from torch import nn

from baselines.crops import Crops
from baselines.own_vgg import encoder_of
from baselines.style_network import StyleNetwork
from baselines.train.regression import fit_decoder
from baselines.train.whitening import Whitening, convolutions_of, whitenings

#: Crops of which a decoder begins, about.
BEGINNING = 160
#: Pairs of crops over which the inputs of its convolutions are whitened.
WHITENED = 60


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        content: folder of photographs.
        style: folder of paintings.
        side: of the square crops, in pixels.
        variants: crops of each photograph; of each painting four times as many.
        batch: pairs in a step.
        rate: of Adam, see `baselines.train.whitening.WhitenedAdam`.
        steady: steps with that rate; after t steps it is steady / t of it.
        rise: first steps, in which the weight of the style grows from nothing to its value; a
            decoder that meets all of it at once forgets the photograph, and does not find it again
            in the few steps that a CPU allows.
        average: the weights that are kept are a moving average of those that are trained, with
            this factor for the past.
        seed: of everything random.
    """

    content: Path
    style: Path
    side: int = 128
    variants: int = 4
    batch: int = 4
    rate: float = 0.007
    steady: int = 600
    rise: int = 300
    average: float = 0.998
    seed: int = 0


class Task(ABC):
    """The training of a network that decodes what the suite's own encoder sees.

    A subclass sets `trained`, `network`, `decoder` and `layer`.

    Args:
        contents: crops of photographs.
        styles: crops of paintings.
        device: where.
        widths: channels of the decoder, see `baselines.adain.network.decoder`.

    Attributes:
        trained: the part whose parameters are trained.
        network: the whole, with that part in it.
        decoder: of the network.
        layer: whose features the decoder takes.
        encoder: its encoder, which is not trained.
        means: of the encoder's channels, by layer.
    """

    trained: nn.Module
    network: StyleNetwork
    decoder: nn.Sequential
    layer: ClassVar[str]

    def __init__(
        self,
        contents: Crops,
        styles: Crops,
        device: torch.device,
        widths: tuple[int, int, int, int],
    ) -> None:
        self.contents, self.styles, self.device, self.widths = contents, styles, device, widths
        self.encoder, self.means = encoder_of(contents, device)

    @abstractmethod
    def losses(
        self, contents: list[int], styles: list[int], share: float
    ) -> Mapping[str, torch.Tensor]:
        """Return the terms of the loss of a batch, weighted: their sum is minimised.

        Args:
            contents: numbers of the photographs' crops.
            styles: numbers of the paintings' crops, as many.
            share: of the weight that the style has in the end.
        """

    @abstractmethod
    def target(self, contents: list[int], styles: list[int]) -> torch.Tensor:
        """Return the features (n, c, h, w) that are to be decoded for pairs of crops."""

    def begin(self, seed: int, report: Callable[[int, int], None]) -> None:
        """Give the trained part the parameters that it begins with.

        Args:
            seed: of what is random.
            report: told how much is done, of how much.
        """
        fit_decoder(self.decoder, self.layer, self.encoder, self.beginning(), seed, report)

    def beginning(self) -> list[torch.Tensor]:
        """Return the crops of which a training begins, of photographs and of paintings."""
        return [
            crops[number]
            for crops in (self.contents, self.styles)
            for number in range(0, len(crops), -(-len(crops) // (BEGINNING // 2)))
        ]

    def whitened(self, seed: int) -> dict[str, Whitening]:
        """Return what the decoder's convolutions see in the training, by their keys."""
        generator = torch.Generator().manual_seed(seed)
        pairs = [
            [int(torch.randint(len(crops), (), generator=generator)) for crops in both]
            for both in [(self.contents, self.styles)] * WHITENED
        ]
        with torch.no_grad():
            features = [self.target([content], [style]) for content, style in pairs]
        found = whitenings(self.decoder, features, seed)
        return dict(zip(convolutions_of(self.decoder), found, strict=True))

    def others(self) -> list[tuple[nn.Parameter, float]]:
        """Return what is trained besides the decoder, with shares of the rate."""
        return []

    def painted(self, content: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Return the outputs (n, 3, h, w) of pictures (n, 3, h, w)."""
        inside = self.network.look_at_content(content.to(self.device))
        return self.network.painted(inside, self.network.look_at_style(style.to(self.device)), 1.0)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Return what the file of weights holds besides the trained part, by key."""
        return {f"means.{layer}": mean.cpu() for layer, mean in self.means.items()}

    def about(self) -> dict[str, Any]:
        """Return what the file tells of the network."""
        return {"widths": list(self.widths)}


class Source(Protocol):
    """How a task is made of the training pictures."""

    def __call__(self, contents: Crops, styles: Crops, device: torch.device) -> Task:
        """Return the task, with the parameters that it begins with."""
