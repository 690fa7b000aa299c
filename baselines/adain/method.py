"""AdaIN as a method of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from baselines import compact
from baselines.adain.network import AdaINNetwork, read_network
from baselines.adain.own import read_own
from baselines.official import known_hashes
from baselines.style_network import StyleNetworkMethod


@dataclass(frozen=True)
class AdaIN(StyleNetworkMethod):
    """Shift the mean and deviation of each channel of relu4_1 to the style's, and decode.

    Huang and Belongie, ICCV 2017: one pass, any style, nothing minimised. The published weights
    are under the MIT licence, see `baselines.official`; both sides need 9 pixels or more.

    Attributes:
        rotations: see `baselines.style_network.StyleNetworkMethod`; the paper knows only 0.
        strengths: alpha of eq. 14.
        checkpoint: a folder with ``vgg_normalised.pth`` and ``decoder.pth``, and what
            `baselines.style_network.StyleNetworkMethod` says.
    """

    name: ClassVar[str] = "adain"

    def build(self, path: Path) -> AdaINNetwork:
        """Read the network; fetched files are checked against their published hashes."""
        if compact.about(path):
            return read_own(path)
        return read_network(path, known_hashes(self.name, self.checkpoint))
