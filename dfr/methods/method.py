"""What a method is, and what it returns."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from dfr.core.contact_sheet import contact_sheet
from dfr.core.errors import unknown
from dfr.core.image_settings import ImageSettings
from dfr.core.images import to_image
from dfr.core.progress import Progress, silent
from dfr.network.encoder import Encoder


@dataclass(frozen=True)
class Stylization:
    """The outputs of one method for one pair, with what they cost.

    Attributes:
        method: name in the table of methods.
        settings: every setting of the method, as plain values.
        pictures: mode -> (1, 3, h, w) in [0, 1]; only outputs that did not fail.
        curves: mode -> total loss before each iteration and after the last, in the method's own
            objective; empty for a method that optimises nothing.
        losses: mode -> {"content", "style", "variation", "total"}: the final weighted terms;
            likewise.
        content_losses: mode -> the same terms of the content picture, where the objective says
            something of it: what an output's own losses are to be compared with.
        failed: mode -> why this output was stopped.
        same_as: mode -> the mode whose output it is too, because their objectives are the same
            and were computed once; empty where every mode was computed.
        iterations: iterations of the output that took most; 0 for a method that optimises
            nothing.
        twin_of: mode -> the first mode whose objective and start it has too, computed once or
            apart: such outputs differ by chance alone.
        done: mode -> iterations after which its solver found it done, where that was before the
            last that it was given.
        evaluations: evaluations of the objective per output.
        seconds: wall-clock seconds for all outputs, from two loaded pictures to the results; a
            share of the batch's where ``rows_beside`` is not 0.
        seconds_targets: the part of it spent on features and targets before the first iteration.
        rows_beside: outputs of other pairs that were computed in the same batch, see
            `dfr.methods.optimisation.stylize_together`; 0 if this pair was alone.
    """

    method: str
    settings: Mapping[str, Any]
    pictures: Mapping[str, torch.Tensor]
    curves: Mapping[str, list[float]]
    losses: Mapping[str, Mapping[str, float]]
    failed: Mapping[str, str]
    iterations: int
    evaluations: int
    seconds: float
    seconds_targets: float
    same_as: Mapping[str, str] = field(default_factory=dict)
    done: Mapping[str, int] = field(default_factory=dict)
    content_losses: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    twin_of: Mapping[str, str] = field(default_factory=dict)
    rows_beside: int = 0

    def as_kept(self, images: ImageSettings) -> Stylization:
        """Return it with its outputs in the 8 bits in which these settings keep them."""
        kept = {mode: images.quantise(picture) for mode, picture in self.pictures.items()}
        return dataclasses.replace(self, pictures=kept)

    def __getitem__(self, mode: str) -> Image.Image:
        """Return an output as a picture of Pillow.

        Raises:
            UserError: there is none of this mode; it tells those that there are.
        """
        if mode not in self.pictures:
            raise unknown(f"output of {self.method}:", mode, self.pictures)
        return to_image(self.pictures[mode])

    def array(self, mode: str) -> npt.NDArray[np.uint8]:
        """Return an output as (height, width, 3) of 0..255; see `__getitem__`."""
        return np.asarray(self[mode])

    def _repr_png_(self) -> bytes:
        """Show all outputs beside each other in a notebook."""
        stream = io.BytesIO()
        shown = [(mode, self[mode]) for mode in self.pictures]
        contact_sheet([shown]).save(stream, format="PNG")
        return stream.getvalue()

    @property
    def computed(self) -> int:
        """How many outputs were computed, those that stopped included."""
        return len(set(self.pictures) | set(self.failed)) - len(self.same_as)


class Method(Protocol):
    """A method: a frozen dataclass of settings that turns two pictures into named outputs."""

    @property
    def modes(self) -> tuple[str, ...]:
        """Names of the outputs, in order."""

    def stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,
        seed: int = 0,
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize (1, 3, h, w) content with (1, 3, h, w) style, both RGB in [0, 1]."""


def device_of(method: Method, device: torch.device) -> torch.device:
    """Return where a method computes when the encoder is on ``device``.

    That is there, but for one that says ``on_cpu``: its seconds and memory are the CPU's.
    """
    return torch.device("cpu") if getattr(method, "on_cpu", False) else device


def settings_of(method: Method) -> dict[str, Any]:
    """Return a method's settings as plain values that JSON can hold; tuples become lists."""
    plain = dataclasses.asdict(cast(Any, method))
    if "solver" in plain:
        plain["solver"]["name"] = type(cast(Any, method).solver).__name__.lower()
    return cast(dict[str, Any], _plain(plain))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value
