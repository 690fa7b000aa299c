"""How time and memory grow with pixels, outputs and pairs: one process for each measurement.

A process of its own, since memory that was freed stays with a process, and the peak of one
measurement would hide the next one's.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import torch

from dfr.core.devices import make_process_repeatable
from dfr.core.errors import UserError
from dfr.core.images import resize
from dfr.core.memory import peak_memory
from dfr.network.encoder import Encoder
from dfr.network.weights import load_vgg19
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import shared_objective
from dfr.solvers.synthesis import SOLVERS, solver_named, synthesise
from eval.speed.stopwatch import Laps


@dataclass(frozen=True)
class ScalePoint:
    """One measurement: a point of a series.

    Attributes:
        kind: ``pixels``, ``outputs``, ``pairs`` or ``memory``: the series it belongs to.
        side: of the square pictures, in pixels.
        outputs: pictures that are optimised together.
        pairs: pairs one after the other.
        solver: by name.
        iterations: of each output; the first is left out of the time.
        precision: of the encoder.
        device: where to compute.
    """

    kind: str
    side: int
    outputs: int = 1
    pairs: int = 1
    solver: str = "adam"
    iterations: int = 4
    precision: str = "bf16"
    device: str = "cpu"


def points(precision: str = "bf16", quick: bool = False, device: str = "cpu") -> list[ScalePoint]:
    """Return what is measured: 128 to 1024 pixels, 1 to 8 outputs, 1 to 8 pairs, and memory."""
    sides = (64, 96) if quick else (128, 181, 256, 362, 512, 724, 1024)
    counts = (1, 2) if quick else (1, 2, 3, 4, 6, 8)
    small, middle, large = (48, 64, 96) if quick else (128, 256, 1024)
    # The fast solver remembers pairs of pictures: let it fill its memory.
    full = 3 if quick else SOLVERS["fast"]().history + 2  # type: ignore[union-attr]
    point = partial(ScalePoint, precision=precision, device=device)
    return [
        *(point("pixels", side) for side in sides),
        *(point("outputs", middle, outputs=count) for count in counts),
        *(point("pairs", small, pairs=count) for count in (1, 2, 4, 8)),
        point("memory", large, outputs=4, iterations=2),
        point("memory", large, outputs=4, solver="fast", iterations=full),
    ]


def measure(point: ScalePoint) -> dict[str, Any]:
    """Measure one point in this process.

    Returns:
        the point, ``seconds`` per iteration of all outputs and pairs (median over iterations), and
        ``gigabytes``: the peak of the whole process, its libraries included; on CUDA of what was
        allocated there, without the network.
    """
    make_process_repeatable()
    solver = solver_named(point.solver, point.iterations)
    device = torch.device(point.device)
    encoder = Encoder(load_vgg19(), precision=point.precision).to(device)
    generator = torch.Generator().manual_seed(0)

    def drawn(blocks: int) -> torch.Tensor:
        picture = torch.rand(1, 3, blocks, blocks, generator=generator)
        return resize(picture, point.side, point.side).to(device)

    style = drawn(24)
    contents = [drawn(12) for _ in range(point.pairs)]
    per_iteration = []
    with peak_memory(encoder.device) as peak:
        for content in contents:
            objective = shared_objective(content, style, encoder).rows([0] * point.outputs)
            start = content.repeat(point.outputs, 1, 1, 1)
            loss_and_gradient(start[:1], objective.rows([0]), encoder)  # kernels are chosen once
            laps = Laps(device=device)
            synthesise(start, objective, encoder, solver, laps)
            per_iteration.append(median(np.diff(laps.moments)) if len(laps.moments) > 1 else 0.0)
    return {
        **asdict(point),
        "seconds": float(sum(per_iteration)),
        "gigabytes": peak.megabytes / 1e3,
    }


def measure_apart(point: ScalePoint) -> dict[str, Any]:
    """Measure one point in a process of its own.

    Raises:
        UserError: the process failed, such as for want of memory.
    """
    done = subprocess.run(
        [sys.executable, "-m", "eval.speed.scale", json.dumps(asdict(point))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        words = done.stderr.strip() or "it was killed, perhaps for want of memory"
        where = f"{point.kind} at {point.side} pixels, {point.outputs} outputs"
        raise UserError(f"{where}: {words.splitlines()[-1]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def measure_all(
    wanted: Sequence[ScalePoint], rounds: int, progress: Callable[[int, int], None]
) -> pd.DataFrame:
    """Measure all points, several rounds of each: a row for each measurement."""
    # Memory does not vary from round to round.
    plan = [
        (number, point)
        for number in range(rounds)
        for point in wanted
        if point.kind != "memory" or number == 0
    ]
    rows = []
    for done, (number, point) in enumerate(plan, start=1):
        rows.append({"round": number, **measure_apart(point)})
        progress(done, len(plan))
    return pd.DataFrame(rows)


def exponents(frame: pd.DataFrame) -> pd.DataFrame:
    """Fit seconds to a power of pixels, outputs and pairs, and memory to a line of them.

    The power is by least squares of logarithms. The line's start is libraries and weights.
    """
    return pd.DataFrame(_exponents(frame))


def _exponents(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    middle = frame.groupby(["kind", "side", "outputs", "pairs", "solver"], as_index=False)[
        ["seconds", "gigabytes"]
    ].median()
    for kind, of in (("pixels", "side"), ("outputs", "outputs"), ("pairs", "pairs")):
        part = middle[middle["kind"] == kind].sort_values(of)
        amounts = part[of].astype(float) ** (2 if of == "side" else 1)
        slope, _ = np.polyfit(np.log(amounts), np.log(part["seconds"]), 1)
        grown = np.polyfit(amounts, part["gigabytes"], 1)[0]
        yield {
            "kind": kind,
            "from": int(part[of].iloc[0]),
            "to": int(part[of].iloc[-1]),
            "exponent of time": float(slope),
            "GB for each more": float(grown * (1e6 if of == "side" else 1)),
            "unit": "megapixel" if of == "side" else kind.removesuffix("s"),
        }


def marginal(frame: pd.DataFrame, published: Mapping[int, float]) -> pd.DataFrame:
    """Return outputs -> time relative to one output, here and as published.

    Args:
        frame: see `measure_all`.
        published: outputs -> published seconds.
    """
    part = frame[frame["kind"] == "outputs"].groupby("outputs")["seconds"].median()
    return pd.DataFrame(
        {
            "outputs": count,
            "seconds": seconds,
            "times one output": seconds / part.iloc[0],
            "published": published[count] / published[1] if count in published else float("nan"),
        }
        for count, seconds in zip(part.index.tolist(), part.tolist(), strict=True)
    )


if __name__ == "__main__":
    print(json.dumps(measure(ScalePoint(**json.loads(sys.argv[1])))))
