"""What the parts of the script share: the device, encoders, pictures, and the log of results."""

from __future__ import annotations

import argparse
import io
import json
import tarfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from dfr.core.devices import choose_device, synchronise
from dfr.core.images import load, resize, to_bytes
from dfr.methods.optimisation import OptimisationMethod
from dfr.network.encoder import Encoder
from dfr.network.weights import load_vgg19
from dfr.objective.objective import Objective
from dfr.solvers.adam import Adam
from eval.published.outputs import PublishedPair, published_pairs

#: Bytes after which another tar file of pictures is begun.
_TAR_BYTES = 14_000_000


class ResultsLog:
    """Writes every result as soon as it is there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._tars = 0

    def row(self, part: str, **values: Any) -> None:
        """Append one row to results.jsonl."""
        line = json.dumps({"part": part, **values})
        with (self.folder / "results.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        print(line[:400], flush=True)

    def picture(self, name: str, picture: torch.Tensor) -> None:
        """Add one picture, rounded down to 8 bits as the published code saves it."""
        path = self.folder / f"pictures-{self._tars}.tar"
        if path.exists() and path.stat().st_size > _TAR_BYTES:
            self._tars += 1
            path = self.folder / f"pictures-{self._tars}.tar"
        buffer = io.BytesIO()
        Image.fromarray(to_bytes(picture, truncate=True)).save(buffer, format="PNG")
        entry = tarfile.TarInfo(f"{name}.png")
        entry.size = buffer.tell()
        buffer.seek(0)
        with tarfile.open(path, "a") as tar:
            tar.addfile(entry, buffer)


class Bench:
    """What the parts share: the device, encoders, pictures, and the log of results."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.began = time.perf_counter()
        self.options = options
        self.device = choose_device(options.device)
        self.log = ResultsLog(options.out)
        self.loaded = load_vgg19(options.weights)
        self.pairs = published_pairs(options.published)
        self._encoders: dict[tuple[str, bool], Encoder] = {}

    @property
    def left(self) -> float:
        """Seconds that are left of what was given."""
        return float(self.options.seconds) - (time.perf_counter() - self.began)

    @property
    def tiny(self) -> bool:
        """Whether tiny pictures and few iterations are asked for."""
        return bool(self.options.tiny)

    def encoder(self, precision: str, channels_last: bool | None = None) -> Encoder:
        """Return an encoder on the device; the cheap precisions become fp32 off CUDA."""
        if self.device.type != "cuda":
            precision = "fp32"
        layout = precision != "fp32" if channels_last is None else channels_last
        key = precision, layout
        if key not in self._encoders:
            self._encoders[key] = Encoder(
                self.loaded, precision=precision, channels_last=layout
            ).to(self.device)
        return self._encoders[key]

    def shape(self, size: tuple[int, int], longest: int | None = None) -> tuple[int, int]:
        """Return a size with another longer side; tiny ones if asked."""
        longest = 40 if self.options.tiny else longest
        if longest is None:
            return size
        return round(size[0] * longest / max(size)), round(size[1] * longest / max(size))

    def count(self, iterations: int) -> int:
        """Return the iterations to take; a few if asked for a tiny run."""
        return max(2, iterations // 1000) if self.options.tiny else iterations

    def pair(self, pair: PublishedPair, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the pictures of a published pair on the device, resized as published."""
        return self.at(pair.content, size), self.at(pair.style, size)

    def solver(self, method: OptimisationMethod, iterations: int | None = None) -> Adam:
        """Return a method's published solver, a few iterations of it in a tiny run.

        Args:
            method: of which.
            iterations: instead of the published ones.
        """
        assert isinstance(method.solver, Adam)
        wanted = method.solver.iterations if iterations is None else iterations
        return replace(method.solver, iterations=self.count(wanted))

    def at(self, file: Path, size: tuple[int, int]) -> torch.Tensor:
        """Return a picture on the device, resized as published."""
        return resize(load(file), *size, antialias=False).to(self.device)

    def seconds(self, work: Callable[[], object]) -> float:
        """Time a piece of work, from idle device to idle device."""
        synchronise(self.device)
        began = time.perf_counter()
        work()
        synchronise(self.device)
        return time.perf_counter() - began


def objective_of(
    method: OptimisationMethod, content: torch.Tensor, style: torch.Tensor, encoder: Encoder
) -> Objective:
    """Return a method's objective for a pair."""
    return method.problem(content, style, encoder).objective


def thinned(curve: Sequence[float]) -> dict[int, float]:
    """Return iteration -> loss of a curve: the first ones, then ever fewer, and the last."""
    kept = {0, len(curve) - 1}
    kept.update(round(1.25**k) for k in range(200) if round(1.25**k) < len(curve))
    return {iteration: curve[iteration] for iteration in sorted(kept)}
