"""What methods with one trained network share: their outputs, and where their weights come from.

AdaIN, LST and MicroAST look at the style picture once, at the content picture once, and paint. So
they become multimodal in the two ways that such a network offers: the style PICTURE is rotated
(an encoder of pictures sees a rotation, since its filters know up from down), and the strength of
the style is mixed with the content.
"""

from __future__ import annotations

import sys
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

from baselines.looks import Looks
from baselines.official import SHIPPED, checkpoint_path
from dfr.core.errors import UserError
from dfr.methods.deep_feature_rotation import mode_name
from dfr.methods.feed_forward import FeedForwardMethod
from dfr.methods.rotation import PUBLISHED, rotation


class StyleNetwork(nn.Module):
    """A network in three steps; each is done as rarely as possible.

    Attributes:
        looks: what it has seen of earlier style pictures.
    """

    def __init__(self) -> None:
        super().__init__()
        self.looks = Looks()

    def look_at_style(self, style: torch.Tensor) -> Any:
        """Return what is needed of a style picture, (1, 3, h, w) RGB in [0, 1]."""
        raise NotImplementedError

    def look_at_content(self, content: torch.Tensor) -> Any:
        """Return what is needed of a content picture, likewise."""
        raise NotImplementedError

    def painted(self, content: Any, style: Any, strength: float) -> torch.Tensor:
        """Return the picture, at least as large as the content: it is cut, and clamped."""
        raise NotImplementedError


class Variant(NamedTuple):
    """One output: how the style picture is turned, and how strong the style is."""

    rotation: float
    strength: float


@dataclass(frozen=True)
class StyleNetworkMethod(FeedForwardMethod):
    """A method with a `StyleNetwork`.

    Attributes:
        rotations: degrees by which the style picture is turned, counter-clockwise: 0, 90, 180,
            270; one output each.
        strengths: alpha from 0 (the content as the network reconstructs it) to 1 (the published
            default), in hundredths; one output for each with each rotation.
        checkpoint: whose weights: ``""`` for those trained for this suite, ``"official"`` for the
            published ones that ``dfr weights fetch`` keeps, or a file or folder.

    Raises:
        UserError: no or a repeated rotation or strength, or one that cannot be had.
    """

    rotations: tuple[float, ...] = (0.0,)
    strengths: tuple[float, ...] = (1.0,)
    checkpoint: str = ""

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        for each in self.rotations:
            if each not in PUBLISHED:
                raise UserError(
                    f"rotation {each:g}: a style picture is turned by 0, 90, 180 or 270"
                )
        for each in self.strengths:
            if not 0 <= each <= 1 or abs(100 * each - round(100 * each)) > 1e-6:
                raise UserError(
                    f"strength {each}: must be a number of hundredths from 0 (the content) to 1"
                )
        for what, values in (("rotations", self.rotations), ("strengths", self.strengths)):
            if not values or len({round(100 * value) for value in values}) < len(values):
                raise UserError(f"{what} {values}: name at least one, and each once")

    @property
    def modes(self) -> tuple[str, ...]:
        """The method's name, or ``rot090``, ``rot090-strength050``, ``strength050``."""
        return tuple(self._variants())

    def _variants(self) -> dict[str, Variant]:
        many, mixed = len(self.rotations) > 1, self.strengths != (1.0,)
        found = {}
        for turned in self.rotations:
            for strength in self.strengths:
                words = [mode_name(turned)] if many or turned else []
                words += [f"strength{100 * strength:03.0f}"] if mixed else []
                found["-".join(words) or self.name] = Variant(turned, strength)
        return found

    @abstractmethod
    def build(self, path: Path) -> StyleNetwork:
        """Read the network from its file or folder."""

    @classmethod
    def shipped(cls) -> Path:
        """Where the suite's own weights of this method are, or would be: beside its code."""
        return Path(str(sys.modules[cls.__module__].__file__)).parent / SHIPPED

    def weights_at(self) -> Path:
        """Return where the weights are; see `FeedForwardMethod.weights_at`."""
        return checkpoint_path(self.name, self.checkpoint, self.shipped())

    def load(self, device: torch.device) -> StyleNetwork:
        """Load the network; see `dfr.methods.feed_forward.FeedForwardMethod.load`.

        Raises:
            UserError: there are no weights, or they are not this network's.
        """
        # Channels-last, pictures too: AdaIN is a quarter faster so on a CPU.
        return self.build(self.weights_at()).to(device).to(memory_format=torch.channels_last)

    def paint(
        self,
        network: StyleNetwork,
        content: torch.Tensor,
        style: torch.Tensor,
        seed: int,  # noqa: ARG002  (nothing here is random)
    ) -> dict[str, torch.Tensor]:
        """Return the outputs; see `dfr.methods.feed_forward.FeedForwardMethod.paint`.

        Raises:
            UserError: a picture is too small for the network.
        """
        height, width = content.shape[-2:]
        inside, pictures = network.look_at_content(_laid(content)), {}

        def look(turned: float) -> Any:
            return network.look_at_style(_laid(rotation("spatial", turned)(style)))

        variants = self._variants()
        seen = network.looks.of(style, sorted({turned for turned, _ in variants.values()}), look)
        for mode, (turned, strength) in variants.items():
            painted = network.painted(inside, seen[turned], strength)
            pictures[mode] = painted[..., :height, :width].clamp(0, 1)
        return pictures

    def forget(self, network: StyleNetwork) -> None:
        """Forget earlier style pictures."""
        network.looks.forget()


def _laid(picture: torch.Tensor) -> torch.Tensor:
    return picture.contiguous(memory_format=torch.channels_last)
