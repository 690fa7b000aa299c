"""How long until the fast solver has the loss that published Adam has at its end?

For each pair: the published solver runs to its end, which gives the loss to reach. Its time is its
iterations times the median step of the reference implementation, measured on this pair in turns
with the others; its own run may take days and share the machine. Then the fast solver runs,
and what it made is compared with what the published solver made, as a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from dfr.core.devices import make_process_repeatable
from dfr.core.errors import UserError
from dfr.core.files import read_json, write_json
from dfr.core.images import load, load_pair, quantise, save
from dfr.core.provenance import environment
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import Vgg19Weights
from dfr.objective.gradients import terms_of
from dfr.objective.objective import shared_objective
from dfr.solvers.fast import first_picture
from dfr.solvers.synthesis import Solver, Synthesis, synthesise
from eval.data.dataset import Dataset, Picture
from eval.measures.coherence import c_statistic
from eval.measures.effectiveness import e_statistic
from eval.measures.pca_bases import PcaBases, fit_bases
from eval.speed.contenders import available, contest, seconds_of_steps
from eval.speed.race_settings import LEVELS, RaceSettings
from eval.speed.stopwatch import CPU, Laps

#: Told of (what is done, iterations done, iterations in all).
Watch = Callable[[str, int, int], None]


def race(
    dataset: Dataset,
    out: Path,
    settings: RaceSettings,
    weights: Vgg19Weights,
    peers: Path | None,
    watch: Watch,
    device: torch.device = CPU,
) -> list[dict[str, Any]]:
    """Race on every pair; what is in ``out`` already is kept, so a stopped race goes on.

    Everything is computed and timed on ``device``, by other implementations too.

    Returns:
        a row for each pair, as `out`/race/PAIR.json has it.

    Raises:
        UserError: fewer pairs than asked for, or a contender that fails.
    """
    make_process_repeatable()
    chosen = dataset.spread(settings.pairs)
    if len(chosen) < settings.pairs:
        raise UserError(f"{settings.pairs} pairs asked for, but the pictures make {len(chosen)}")
    pairs = [
        _Pair(content, style, *load_pair(content.path, style.path, settings.size))
        for content, style in chosen
    ]
    ruler = Encoder(weights).to(device)
    track = _Track(
        out=out,
        settings=settings,
        weights=weights,
        ruler=ruler,
        lpips=Lpips("alex", device),
        bases=fit_bases((pair.content for pair in pairs), ruler),
        peers=peers,
        contenders=available(peers, device),
        environment=environment(device),
        watch=watch,
    )
    # All of the long runs first, so that what is timed stands close together.
    published = [track.published(pair) for pair in pairs]
    return [track.race(pair, record) for pair, record in zip(pairs, published, strict=True)]


@dataclass(frozen=True)
class _Pair:
    """A pair of files, and their pictures at the working size."""

    content_file: Picture
    style_file: Picture
    content: torch.Tensor
    style: torch.Tensor

    @property
    def name(self) -> str:
        return f"{self.content_file.name}__{self.style_file.name}"


@dataclass(frozen=True)
class _Track:
    """Where pairs race: what is loaded once, and what is asked for."""

    out: Path
    settings: RaceSettings
    weights: Vgg19Weights
    ruler: Encoder
    lpips: Lpips
    bases: PcaBases
    peers: Path | None
    contenders: list[str]
    environment: dict[str, Any]
    watch: Watch

    def published(self, pair: _Pair) -> dict[str, Any]:
        """Run the published solver to its end, unless its record is there."""
        path = self._path("published", pair)
        solver, precision = self.settings.published, self.settings.published_precision
        key = self._key(pair, solver, precision)
        if path.exists():
            record: dict[str, Any] = read_json(path)
            if record["key"] == key:
                return record
            raise UserError(f"{path}: was made with other settings; choose another --out")
        result, _ = self._run(pair, solver, precision, "published solver")
        save(result.pictures, path.with_suffix(".png"))
        record = {
            "key": key,
            "loss": self._loss(result.pictures, pair),
            "curve": result.curve[0].tolist(),
            "environment": self.environment,
        }
        write_json(path, record)
        return record

    def race(self, pair: _Pair, published: Mapping[str, Any]) -> dict[str, Any]:
        """Time the steps and the fast solver, unless it was done in the same way before."""
        path, settings = self._path("race", pair), self.settings
        key = {
            **self._key(pair, settings.fast, settings.precision),
            "published": published["key"],
            "rounds": settings.rounds,
            "contenders": self.contenders,
        }
        if path.exists():
            row: dict[str, Any] = read_json(path)
            if row["key"] == key:
                return row
        self.watch(f"{pair.name}: steps", 0, settings.rounds)
        threads = torch.get_num_threads()
        with contest(
            self.contenders,
            pair.content,
            pair.style,
            self.weights,
            threads,
            self.peers,
            self.ruler.device,
        ) as running:
            steps = seconds_of_steps(running, settings.rounds)
            versions = {contender.name: dict(contender.versions) for contender in running}
        result, laps = self._run(pair, settings.fast, settings.precision, "fast solver")
        save(result.pictures, path.with_suffix(".png"))
        loss = self._loss(result.pictures, pair)
        reference = "tensorflow" if "tensorflow" in self.contenders else "pytorch"
        lasted = median(steps[reference]) * settings.published.iterations
        # The curve is in the run's own precision: stretch it so that it ends at the fp32 loss.
        curve = [value * loss / float(result.curve[0, -1]) for value in result.curve[0].tolist()]
        ends = load(self._path("published", pair).with_suffix(".png")), quantise(result.pictures)
        row = {
            "key": key,
            "pair": pair.name,
            "size": list(pair.content.shape[-2:]),
            "steps": steps,
            "versions": versions,
            "reference": reference,
            "seconds_published": lasted,
            "seconds_fast": laps.moments[-1] - laps.began,
            "iterations_fast": result.done.get(0, settings.fast.iterations),
            "loss_published": published["loss"],
            "loss_fast": loss,
            "speedup": {
                f"{level:g}": _speedup(curve, laps, level * published["loss"], lasted)
                for level in LEVELS
            },
            "pictures": {
                "lpips_between": float(self.lpips(*ends)),
                "lpips_content": [float(self.lpips(end, pair.content)) for end in ends],
                "e_statistic": [
                    e_statistic(end, pair.style, self.bases, self.ruler) for end in ends
                ],
                "c_statistic": [c_statistic(end, pair.content) for end in ends],
            },
            "environment": self.environment,
        }
        write_json(path, row)
        return row

    def _run(
        self, pair: _Pair, solver: Solver, precision: str, what: str
    ) -> tuple[Synthesis, Laps]:
        """Run a solver; return what came out, and when each iteration was done."""
        torch.manual_seed(0)
        device = self.ruler.device
        encoder = Encoder(self.weights, precision=precision).to(device)
        laps = Laps(lambda done, total: self.watch(f"{pair.name}: {what}", done, total), device)
        objective = shared_objective(pair.content.to(device), pair.style.to(device), encoder)
        start = first_picture(solver, pair.content, pair.style)
        result = synthesise(start, objective, encoder, solver, laps)
        return result, laps

    def _loss(self, picture: torch.Tensor, pair: _Pair) -> float:
        device = self.ruler.device
        objective = shared_objective(pair.content.to(device), pair.style.to(device), self.ruler)
        return float(terms_of(picture.to(device), objective, self.ruler).total)

    def _path(self, kind: str, pair: _Pair) -> Path:
        return self.out / kind / f"{pair.name}.json"

    def _key(self, pair: _Pair, solver: Solver, precision: str) -> dict[str, Any]:
        return {
            "content": pair.content_file.sha256,
            "style": pair.style_file.sha256,
            "size": list(pair.content.shape[-2:]),
            "solver": {"name": type(solver).__name__.lower(), **vars(solver)},
            "precision": precision,
            "weights": self.weights.sha256,
            **({} if self.ruler.device.type == "cpu" else {"device": str(self.ruler.device)}),
        }


def _speedup(curve: list[float], laps: Laps, goal: float, lasted: float) -> float | None:
    """How many times faster the goal was reached; None where it was not."""
    for value, moment in zip(curve[1:], laps.moments, strict=False):
        if value <= goal:
            return lasted / (moment - laps.began)
    return None
