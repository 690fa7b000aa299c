"""MicroAST as a method of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from baselines.microast.network import MicroASTNetwork, read_network
from baselines.official import known_hashes
from baselines.style_network import StyleNetworkMethod


@dataclass(frozen=True)
class MicroAST(StyleNetworkMethod):
    """Encode both pictures by small networks, and let the style modulate the decoder's filters.

    Wang et al., AAAI 2023: 0.5 million parameters, one pass. The published weights are under the
    MIT licence, see `baselines.official`; both sides need 5 pixels or more.

    Attributes:
        rotations: see `baselines.style_network.StyleNetworkMethod`; the paper knows only 0.
        strengths: alpha of the published code. It mixes statistics only, and the filters are the
            style's at any strength: 0 is not the content.
        checkpoint: a folder with ``content_encoder.pth.tar``, ``style_encoder.pth.tar``,
            ``modulator.pth.tar`` and ``decoder.pth.tar``, and what
            `baselines.style_network.StyleNetworkMethod` says.
    """

    name: ClassVar[str] = "microast"

    def build(self, path: Path) -> MicroASTNetwork:
        """Read the network; fetched files are checked against their published hashes."""
        return read_network(path, known_hashes(self.name, self.checkpoint))
