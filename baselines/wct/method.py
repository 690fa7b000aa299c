"""WCT as a method, with Deep Feature Perturbation where several outputs are asked for.

Sources: see `baselines.wct.transform`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch

from baselines.official import OFFICIAL_WORD, checkpoint_path, known_hashes
from baselines.sides import check_sides, filled
from baselines.wct.network import LEVELS, Networks, load_networks
from baselines.wct.transform import Statistics, orthogonal_noise, statistics, transform
from dfr.core.errors import UserError
from dfr.methods.feed_forward import FeedForwardMethod

#: Whose weights ``official`` are.
_OFFICIAL = "wct-16x"


@dataclass(frozen=True)
class WCT(FeedForwardMethod):
    """Whitening and colouring transforms in an autoencoder, level by level (Li et al., 2017).

    From the deepest level to the shallowest, the picture is encoded, its features get the mean and
    covariance of the style's, and they are decoded; the next level takes what came out. Several
    outputs differ by the noise of Deep Feature Perturbation (Wang et al., 2020). A picture whose
    sides the poolings do not divide is continued by reflection, and the output is cut back.

    Attributes:
        checkpoint: folder of the networks' files, see `baselines.wct.network.KINDS`; ``official``
            for the distilled ones that ``dfr weights fetch wct-16x`` keeps.
        levels: relu_l_1 at which the style is transferred, in this order.
        alpha: strength at each level, 0 (the reconstruction) to 1; the authors' code has 0.6.
        outputs: how many; one is WCT as it is, each of more has noise of its own.
        diversity: lambda, the share of the perturbed features, 0 to 1; likewise 0.6.
        perturbed: the levels with noise; the authors' code has it at the deepest alone.

    Raises:
        UserError: a setting out of its range.
    """

    name: ClassVar[str] = "wct"

    checkpoint: str = OFFICIAL_WORD
    levels: tuple[int, ...] = LEVELS
    alpha: float = 0.6
    outputs: int = 1
    diversity: float = 0.6
    perturbed: tuple[int, ...] = (5,)

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        for what, levels in (("levels", self.levels), ("perturbed", self.perturbed)):
            if len(set(levels)) < len(levels) or not set(levels) <= set(LEVELS):
                raise UserError(f"{what} {levels}: must be some of 1 to 5, each once")
        if not self.levels:
            raise UserError("levels: name at least one of 1 to 5")
        for what, share in (("alpha", self.alpha), ("diversity", self.diversity)):
            if not 0 <= share <= 1:
                raise UserError(f"{what} {share}: must be from 0 to 1")
        if self.outputs < 1:
            raise UserError(f"outputs {self.outputs}: must be 1 or more")
        if self.outputs > 1 and not set(self.perturbed) & set(self.levels):
            raise UserError(
                f"perturbed {self.perturbed}: none of the levels {self.levels}; {self.outputs} "
                "outputs would be equal"
            )

    @property
    def modes(self) -> tuple[str, ...]:
        """``wct``, or ``noise0``, ``noise1``, ... for several outputs."""
        if self.outputs == 1:
            return (self.name,)
        return tuple(f"noise{number}" for number in range(self.outputs))

    def weights_at(self) -> Path:
        """Return where the weights are; see `FeedForwardMethod.weights_at`."""
        return checkpoint_path(_OFFICIAL, self.checkpoint)

    def load(self, device: torch.device) -> Networks:
        """Load the networks of the levels; see `baselines.wct.network.load_networks`."""
        return load_networks(
            self.weights_at(),
            self.levels,
            device,
            known_hashes(_OFFICIAL, self.checkpoint),
        )

    def paint(
        self, network: Networks, content: torch.Tensor, style: torch.Tensor, seed: int
    ) -> Mapping[str, torch.Tensor]:
        """Return the outputs; see `dfr.methods.feed_forward.FeedForwardMethod.paint`.

        Raises:
            UserError: a picture too small for the deepest level.
        """
        step = 2 ** (max(self.levels) - 1)
        for what, picture in (("content", content), ("style", style)):
            check_sides(
                picture, 2 * step, f"WCT at level {max(self.levels)}", what,
                "; take larger pictures, or fewer levels",
            )  # fmt: skip
        height, width = content.shape[-2:]
        padded = filled(content, step, "reflect")
        # Of few channels, convolutions are a quarter faster so.
        padded, style = (
            picture.contiguous(memory_format=torch.channels_last) for picture in (padded, style)
        )
        of_style = network.of_style(style, self.levels)
        first = network.encoders[self.levels[0]](padded)
        of_first = statistics(first)
        painted = {}
        for number, mode in enumerate(self.modes):
            noise = torch.Generator().manual_seed(seed * 1_000_003 + number)
            picture = padded
            for place, level in enumerate(self.levels):
                features = network.encoders[level](picture) if place else first
                features = transform(
                    features,
                    of_style[level],
                    of_content=None if place else of_first,
                    noise=self._noise(level, of_style[level], noise),
                    diversity=self.diversity,
                    alpha=self.alpha,
                )
                picture = network.decoders[level](features)
            painted[mode] = picture[..., :height, :width].clamp(0, 1)
        return painted

    def forget(self, network: Networks) -> None:
        """Forget earlier style pictures."""
        network.looks.forget()

    def _noise(
        self, level: int, style: Statistics, generator: torch.Generator
    ) -> torch.Tensor | None:
        if self.outputs == 1 or level not in self.perturbed:
            return None
        return orthogonal_noise(len(style.deviations), generator)
