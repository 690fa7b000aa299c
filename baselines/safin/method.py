"""SAFIN as a method of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from baselines.official import known_hashes
from baselines.safin.network import SAFINNetwork, read_network
from baselines.style_network import StyleNetworkMethod


@dataclass(frozen=True)
class SAFIN(StyleNetworkMethod):
    """Normalise by statistics of the style that attention finds, in a wavelet autoencoder.

    Singh et al., ICME 2021: one pass, any style, nothing minimised. A licence of the published
    weights is not stated, see `baselines.official`; a content needs 9 pixels or more on both sides,
    a style 16.

    Attributes:
        rotations: see `baselines.style_network.StyleNetworkMethod`; the paper knows only 0.
        strengths: alpha of the authors' code, see `baselines.safin.network.SAFINNetwork`.
        checkpoint: a folder with ``vgg_normalised.pth`` and ``decoder.pth.tar``, and what
            `baselines.style_network.StyleNetworkMethod` says.
    """

    name: ClassVar[str] = "safin"

    def build(self, path: Path) -> SAFINNetwork:
        """Read the network."""
        return read_network(path, known_hashes(self.name, self.checkpoint))
