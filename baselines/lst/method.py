"""LST as a method of the suite."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from baselines import compact
from baselines.lst.network import LSTNetwork, level, read_network
from baselines.lst.own import LAYER, read_own
from baselines.style_network import StyleNetworkMethod


@dataclass(frozen=True)
class LST(StyleNetworkMethod):
    """Map the features by a matrix that two small networks find, and decode.

    Li et al., CVPR 2019: one pass, any style. The published weights are under the BSD 2-Clause
    licence, see `baselines.official`; both sides need 8 pixels or more (relu4_1: 16).

    Attributes:
        layer: ``"relu4_1"``, which the authors take for art, or ``"relu3_1"``, which keeps more of
            the content. Where none is given, that of weights which were trained by this suite,
            and relu4_1 for others.
        rotations: see `baselines.style_network.StyleNetworkMethod`; the paper knows only 0.
        strengths: mixes the content's features with the mapped ones; the paper knows only 1.
        checkpoint: a folder with ``vgg_r41.pth``, ``dec_r41.pth`` and ``r41.pth`` (or r31), and
            what `baselines.style_network.StyleNetworkMethod` says.

    Raises:
        UserError: an unknown layer.
    """

    name: ClassVar[str] = "lst"

    layer: str = ""

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        if not self.layer:
            # Recorded as what it is, not as nothing.
            told = compact.about(Path(self.checkpoint).expanduser())
            plain = "relu4_1" if self.checkpoint else LAYER
            object.__setattr__(self, "layer", told.get("layer", plain))
        level(self.layer)
        super().__post_init__()

    def build(self, path: Path) -> LSTNetwork:
        """Read the network."""
        if compact.about(path):
            return read_own(path, self.layer)
        return read_network(path, self.layer)
