"""AdaAttN as a method of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from baselines.adaattn.network import AdaAttNNetwork, read_network
from baselines.style_network import StyleNetworkMethod


@dataclass(frozen=True)
class AdaAttN(StyleNetworkMethod):
    """Give each place the mean and deviation of the style places that it attends to, and decode.

    Liu et al., ICCV 2021: one pass, any style, nothing minimised. A licence of the published
    weights is not stated, see `baselines.official`; both sides need 17 pixels or more.

    Attributes:
        rotations: see `baselines.style_network.StyleNetworkMethod`; the paper knows only 0.
        strengths: likewise; the paper knows only 1, see `baselines.adaattn.network`.
        checkpoint: a folder with ``vgg_normalised.pth`` and the three files
            ``latest_net_transformer.pth``, ``latest_net_decoder.pth`` and
            ``latest_net_adaattn_3.pth``, and what
            `baselines.style_network.StyleNetworkMethod` says.
    """

    name: ClassVar[str] = "adaattn"

    def build(self, path: Path) -> AdaAttNNetwork:
        """Read the network."""
        return read_network(path)
