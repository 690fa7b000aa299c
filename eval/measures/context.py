"""What a measure may look at: one pair, the outputs of one method, and the shared networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.objective.objective import Objective, Terms
from eval.measures.pca_bases import PcaBases


@dataclass(frozen=True)
class Context:
    """One pair and the outputs of one method.

    Attributes:
        content: (1, 3, h, w) in [0, 1], rounded to 8 bits as the run keeps it.
        style: (1, 3, h, w) in [0, 1], likewise.
        outputs: mode -> (1, 3, h, w), likewise.
        yardstick: the common objective of this pair, see `dfr.objective.objective.yardstick`.
        encoder: max pooling, fp32.
        lpips: trunk -> the LPIPS distance: ``alex`` and ``vgg``.
        bases: the E statistic's directions, fitted to the run's contents.
    """

    content: torch.Tensor
    style: torch.Tensor
    outputs: Mapping[str, torch.Tensor]
    yardstick: Objective
    encoder: Encoder
    lpips: Mapping[str, Lpips]
    bases: PcaBases

    @cached_property
    def terms(self) -> Mapping[str, Terms]:
        """The yardstick's terms of each output, (1,) each."""
        with torch.no_grad():
            return {
                mode: self.yardstick(
                    picture.to(self.encoder.device),
                    self.encoder(picture.to(self.encoder.device), self.yardstick.layers),
                )
                for mode, picture in self.outputs.items()
            }
