"""Other implementations of the published step, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, cast

import numpy as np
import torch

from dfr.core.errors import UserError
from dfr.network.encoder import CAFFE_MEAN, IMAGENET_DEVIATION, IMAGENET_MEAN
from dfr.network.precisions import check_precision
from dfr.network.weights import CONVOLUTIONS, Vgg19Weights
from eval.speed.stopwatch import CPU, take_turns

_FOLDER = Path(__file__).parent / "peers"

#: Contender -> script, its options, and the module that its environment must have beyond torch.
CONTENDERS: Mapping[str, tuple[str, tuple[str, ...], str | None]] = MappingProxyType(
    {
        "tensorflow": ("with_tensorflow.py", (), "tensorflow"),
        "pytorch": ("with_pytorch.py", (), None),
        "pystiche": ("with_pystiche.py", (), "pystiche"),
        "ours": ("with_ours.py", ("fp32",), None),
        "ours-bf16": ("with_ours.py", ("bf16",), None),
        "ours-int8": ("with_ours.py", ("int8",), None),
    }
)
#: What an environment must be able to do for a contender on a graphics processor.
_HAS_GPU = "import tensorflow, sys; sys.exit(not tensorflow.config.list_physical_devices('GPU'))"


class Contender:
    """One implementation, ready to take steps.

    Attributes:
        name: in the table of contenders.
        versions: of the libraries that it computes with.
    """

    def __init__(self, name: str, command: Sequence[str], errors: IO[str]) -> None:
        self.name, self._errors = name, errors
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        self.versions: Mapping[str, str] = self._heard()["ready"]

    def steps(self, count: int) -> list[float]:
        """Take steps of Adam; return the loss before each, when the last one is computed."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{count}\n")
            self._process.stdin.flush()
        return [float(loss) for loss in self._heard()["losses"]]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _heard(self) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            words = self._errors.read().strip().splitlines()
            self.close()
            raise UserError(f"contender '{self.name}' stopped: {words[-1] if words else 'silent'}")
        return cast(Mapping[str, Any], json.loads(line))


def available(peers: Path | None, device: torch.device = CPU) -> list[str]:
    """Return the contenders that can run on a device.

    TensorFlow is left out where it does not see the graphics processor: its time on the CPU would
    say nothing.

    Args:
        peers: the Python of an environment with TensorFlow and pystiche, or None.
        device: where they compute.

    Raises:
        UserError: ``peers`` is no Python that can be run.
    """
    found = []
    for name, (_, options, module) in CONTENDERS.items():
        if module is None:
            if all(_can_be_had(precision, device) for precision in options):
                found.append(name)
        elif peers is not None and (module != "tensorflow" or device.type in ("cpu", "cuda")):
            look = f"import importlib.util, sys; sys.exit(not importlib.util.find_spec('{module}'))"
            if module == "tensorflow" and device.type != "cpu":
                look = _HAS_GPU
            try:
                missing = subprocess.run([str(peers), "-c", look], check=False).returncode
            except OSError as error:
                raise UserError(f"{peers}: is no Python that can be run; see --peers") from error
            if not missing:
                found.append(name)
    return found


def _can_be_had(precision: str, device: torch.device) -> bool:
    try:
        check_precision(precision, device)
    except UserError:
        return False
    return True


@contextlib.contextmanager
def contest(
    names: Sequence[str],
    content: torch.Tensor,
    style: torch.Tensor,
    weights: Vgg19Weights,
    threads: int,
    peers: Path | None = None,
    device: torch.device = CPU,
) -> Iterator[list[Contender]]:
    """Start contenders on one pair, and end them afterwards.

    Args:
        names: which, see `available`.
        content: (1, 3, h, w) in [0, 1].
        style: likewise.
        weights: what all of them compute with.
        threads: of each; they take turns.
        peers: see `available`.
        device: where they compute.

    Raises:
        UserError: one of them stopped, or they do not agree on the loss of the content picture.
    """
    arrays = {
        "device": np.array(str(device)),
        "content": content.cpu().numpy(),
        "style": style.cpu().numpy(),
        **network_arrays(weights),
    }
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dfr-contest-")))
        np.savez(folder / "spec.npz", **cast(Mapping[str, Any], arrays))
        running = []
        for name in names:
            script, options, module = CONTENDERS[name]
            python = sys.executable if module is None else str(peers)
            errors = stack.enter_context((folder / f"{name}.txt").open("w+", encoding="utf-8"))
            command = [python, str(_FOLDER / script), str(folder / "spec.npz"), str(threads)]
            running.append(Contender(name, [*command, *options], errors))
            stack.callback(running[-1].close)
        agree(running)
        yield running


def network_arrays(weights: Vgg19Weights) -> dict[str, np.ndarray[Any, Any]]:
    """Return kernels, biases and the network's input by the names of ``peers/protocol.py``.

    For a picture in [0, 1], the network takes picture * scale - shift. ``bgr`` says whether its
    channels are blue, green, red; scale and shift are for that order.
    """
    if weights.convention == "caffe":
        scale, shift = np.full(3, 255.0), np.array(CAFFE_MEAN)
    else:
        scale = 1 / np.array(IMAGENET_DEVIATION)
        shift = np.array(IMAGENET_MEAN) * scale
    arrays = {
        "bgr": np.array(weights.convention == "caffe"),
        "scale": scale.astype(np.float32),
        "shift": shift.astype(np.float32),
    }
    for name in CONVOLUTIONS:
        weight, bias = weights.kernels[name]
        arrays |= {f"{name}_weight": weight.numpy(), f"{name}_bias": bias.numpy()}
    return arrays


def agree(running: Sequence[Contender]) -> None:
    """Take a first step, which also compiles what is compiled once, and compare the losses.

    Raises:
        UserError: they do not agree.
    """
    losses = {contender.name: contender.steps(1)[0] for contender in running}
    first = losses[running[0].name]
    for name, loss in losses.items():
        # bfloat16 rounds features to eight bits; float32 in another order of sums does not.
        allowed = 0.05 if name == "ours-bf16" else 1e-3
        if not abs(loss / first - 1) < allowed:
            raise UserError(
                f"contender '{name}' finds a loss of {loss:.6g} where {running[0].name} finds "
                f"{first:.6g}: they do not compute the same thing"
            )


def seconds_of_steps(running: Sequence[Contender], rounds: int) -> dict[str, list[float]]:
    """Let them take turns, a step each: contender -> seconds of its steps, round by round."""
    turns, _ = take_turns({contender.name: contender.steps for contender in running}, 1, rounds)
    return {
        contender.name: [turn.seconds for turn in turns if turn.name == contender.name]
        for contender in running
    }
