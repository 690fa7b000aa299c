"""What a measure may look at: one pair, the outputs of one method, and the shared networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.network.lpips import Lpips
from dfr.objective.objective import Objective, Terms
from eval.measures.features import CAFFE_UNIT
from eval.measures.pca_bases import PcaBases

#: What the measures look at of a picture: all of it is computed in one go.
LAYERS = (*STYLE_LAYERS, *CONTENT_LAYERS, *CAFFE_UNIT)


@dataclass(frozen=True)
class Context:
    """One pair and the outputs of one method.

    Attributes:
        content: (1, 3, h, w) in [0, 1], rounded to 8 bits as the run keeps it.
        style: (1, 3, h, w) in [0, 1], likewise.
        outputs: mode -> (1, 3, h, w), likewise.
        yardstick: the common objective of this pair, see `dfr.objective.objective.yardstick`.
        encoder: max pooling, fp32; best one that remembers `LAYERS` of each picture, see
            `dfr.network.encoder.Encoder.remembering`.
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

    def lpips_features(self, trunk: str) -> Mapping[str, list[torch.Tensor]]:
        """Return mode -> what LPIPS compares of each output, computed once for each trunk."""
        if trunk not in self._lpips_features:
            lpips = self.lpips[trunk]
            self._lpips_features[trunk] = {
                mode: lpips.features(picture) for mode, picture in self.outputs.items()
            }
        return self._lpips_features[trunk]

    @cached_property
    def _lpips_features(self) -> dict[str, Mapping[str, list[torch.Tensor]]]:
        return {}
