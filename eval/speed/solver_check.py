"""Does DFR, as it is published here, make the pictures of the published loop in TensorFlow?

The published loop is transcribed from the method's description in ``peers/dfr_in_tensorflow.py``,
which runs in an environment of its own. Both begin with the same pictures and weights.

In float32, as published, no two implementations make the same pictures for long. Adam divides each
pixel's slope by its own size, so that where the slope is small, rounding decides the step. Then a
unit of the network is on in one picture and off in the other, and the slope of all that it sees
jumps. Measured at 64 x 80, ours in float32 and in float64: while no ReLU had switched, the pictures
were 2e-6 apart; when 3 of 1.5 million had, after 5 iterations, some pixels were 1e-3 apart.
TensorFlow differs as much from itself, with its sums in another order. In float64 rounding is too
small to switch a unit, and what is left is the difference of the methods. So float64 is what is
judged; float32 is told beside it.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from dfr.core.errors import UserError
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size, load
from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import Encoder
from dfr.network.weights import Vgg19Weights
from eval.speed.contenders import network_arrays

_SCRIPT = Path(__file__).parent / "peers" / "dfr_in_tensorflow.py"
#: Makes TensorFlow sum in another order.
_OTHER_ORDER = {"TF_ENABLE_ONEDNN_OPTS": "0"}
#: The largest difference of two pictures in [0, 1] with which they are the same.
TOLERANCE = 1e-3

Pictures = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class SolverCheck:
    """How far apart pictures in [0, 1] are: name -> largest absolute difference.

    The names are ``content`` and ``style``, as resized, and the outputs.

    Attributes:
        float64: ours and TensorFlow's, in float64: what is judged.
        float32: ours and TensorFlow's, in float32.
        chance: TensorFlow's in float32 and the same with its sums in another order.
        moved: output -> its mean absolute difference from the content: what it is about.
    """

    float64: Mapping[str, float]
    float32: Mapping[str, float]
    chance: Mapping[str, float]
    moved: Mapping[str, float]

    @property
    def equal(self) -> bool:
        """Whether all pictures are the same, within `TOLERANCE`; nan is not."""
        return all(apart <= TOLERANCE for apart in self.float64.values())


@dataclass(frozen=True)
class _Loop:
    """What both compute."""

    content: Path
    style: Path
    size: tuple[int, int]
    weights: Vgg19Weights
    method: DFR

    def here(self, resized: Pictures, precision: str) -> dict[str, torch.Tensor]:
        """Make our pictures from theirs as resized; our own resizing stands beside them."""
        images = ImageSettings(Size(*self.size), resizing="published")
        content, style = images.load_pair(self.content, self.style)
        encoder = Encoder(self.weights, precision=precision)
        result = self.method.stylize(resized["content"], resized["style"], encoder)
        return {"content": content, "style": style, **result.pictures}

    def in_tensorflow(
        self, peers: Path, dtype: str, environment: Mapping[str, str] | None = None
    ) -> dict[str, torch.Tensor]:
        """Make TensorFlow's pictures, in a process of its own."""
        arrays = {
            **network_arrays(self.weights),
            "content": load(self.content).numpy(),
            "style": load(self.style).numpy(),
            "height": np.array(self.size[0]),
            "width": np.array(self.size[1]),
            "iterations": np.array(self.method.solver.iterations),
            "rotation_weight": np.array(self.method.rotation_weight),
            "dtype": np.array(dtype),
        }
        with tempfile.TemporaryDirectory(prefix="dfr-check-") as folder:
            spec, out = Path(folder) / "spec.npz", Path(folder) / "out.npz"
            np.savez(spec, **cast(Mapping[str, Any], arrays))
            command = [str(each) for each in (peers, _SCRIPT, spec, torch.get_num_threads(), out)]
            try:
                done = subprocess.run(
                    command,
                    check=False,
                    capture_output=True,
                    text=True,
                    env={**os.environ, **(environment or {})},
                )
            except OSError as error:
                raise UserError(f"{peers}: is no Python that can be run; see --peers") from error
            if done.returncode:
                said = done.stderr.strip().splitlines() or ["silent"]
                raise UserError(f"{peers}: the loop in TensorFlow stopped: {said[-1]}")
            with np.load(out, allow_pickle=False) as found:
                return {name: torch.from_numpy(found[name]) for name in found.files}


def check_solver(
    content: Path,
    style: Path,
    size: tuple[int, int],
    weights: Vgg19Weights,
    peers: Path,
    iterations: int = 30,
    method: DFR | None = None,
) -> SolverCheck:
    """Run both loops in both precisions, and compare all four outputs.

    Args:
        content: file of the content picture.
        style: file of the style picture.
        size: (height, width) to which both are resized.
        weights: what both compute with.
        peers: the Python of an environment with TensorFlow.
        iterations: of each output.
        method: ours; the published one if None. TensorFlow's differs in lambda only.

    Raises:
        UserError: a picture that cannot be used, or a TensorFlow that cannot be run.
    """
    method = method or DFR()
    solver = replace(method.solver, iterations=iterations)
    loop = _Loop(content, style, size, weights, replace(method, solver=solver))
    exact, theirs, again = (
        loop.in_tensorflow(peers, "float64"),
        loop.in_tensorflow(peers, "float32"),
        loop.in_tensorflow(peers, "float32", _OTHER_ORDER),
    )
    ours = loop.here(exact, "fp64")
    return SolverCheck(
        float64=_largest(ours, exact),
        float32=_largest(loop.here(theirs, "fp32"), theirs),
        chance=_largest(again, theirs),
        moved={mode: float((ours[mode] - exact["content"]).abs().mean()) for mode in method.modes},
    )


def _largest(one: Pictures, other: Pictures) -> dict[str, float]:
    return {name: float((picture - other[name]).abs().max()) for name, picture in one.items()}
