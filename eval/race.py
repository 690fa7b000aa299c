"""How long until the fast solver has the loss that published Adam has at its end?

For each pair: the published solver runs to its end, which gives the loss to reach. Its time is its
iterations times the median step of the reference implementation, measured on this pair in turns
with the others; its own run may take days and share the machine. Then the fast solver runs,
and what it made is compared with what the published solver made, as a picture.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import torch

from dfr.device import make_repeatable
from dfr.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.errors import UserError
from dfr.evaluation import terms_of
from dfr.fast import Fast
from dfr.files import read_json, write_json
from dfr.images import Size, load, load_pair, quantise, save
from dfr.objective import Objective
from dfr.perceptual import Lpips
from dfr.provenance import environment
from dfr.statistics import gram
from dfr.synthesis import Adam, Solver, Synthesis, synthesise
from dfr.weights import Vgg19Weights
from eval.coherence import c_statistic
from eval.contenders import available, contest, rounds
from eval.dataset import Dataset, Picture
from eval.effectiveness import PcaBases, e_statistic, fit_bases

#: Parts of the published loss whose times are told: the loss itself, and a little above it.
LEVELS = (1.0, 1.02, 1.05, 1.1)


@dataclass(frozen=True)
class Settings:
    """What is raced.

    Attributes:
        size: working size.
        pairs: how many pairs.
        published: the published solver, which sets the loss to reach.
        published_precision: of its run; its final loss is computed in fp32 in any case.
        fast: the solver that races.
        precision: of the fast solver's run.
        rounds: steps of each contender, in turns.
    """

    size: Size
    pairs: int = 8
    published: Adam = Adam(iterations=3000)
    published_precision: str = "fp32"
    fast: Fast = Fast()
    precision: str = "bf16"
    rounds: int = 5


@dataclass(frozen=True)
class Tools:
    """What is loaded once."""

    weights: Vgg19Weights
    ruler: Encoder
    lpips: Lpips
    bases: PcaBases
    peers: Path | None


#: Told of (what is done, iterations done, iterations in all).
Watch = Callable[[str, int, int], None]


def race(
    dataset: Dataset,
    out: Path,
    settings: Settings,
    weights: Vgg19Weights,
    peers: Path | None,
    watch: Watch,
) -> list[dict[str, Any]]:
    """Race on every pair; what is in ``out`` already is kept, so a stopped race goes on.

    Returns:
        a row for each pair, as `out`/race/PAIR.json has it.

    Raises:
        UserError: fewer pairs than asked for, or a contender that fails.
    """
    pairs = dataset.spread(settings.pairs)
    if len(pairs) < settings.pairs:
        raise UserError(f"{settings.pairs} pairs asked for, but the pictures make {len(pairs)}")
    ruler = Encoder(weights)
    sized = [load_pair(content.path, style.path, settings.size) for content, style in pairs]
    tools = Tools(
        weights=weights,
        ruler=ruler,
        lpips=Lpips("alex"),
        bases=fit_bases((content for content, _ in sized), ruler),
        peers=peers,
    )
    # All of the long runs first, so that what is timed stands close together.
    published = [
        _published(pair, pictures, out, settings, tools, watch)
        for pair, pictures in zip(pairs, sized, strict=True)
    ]
    return [
        _race_one(pair, pictures, record, out, settings, tools, watch)
        for pair, pictures, record in zip(pairs, sized, published, strict=True)
    ]


def objective_of(content: torch.Tensor, style: torch.Tensor, encoder: Encoder) -> Objective:
    """Return the objective of DFR's output at rotation 0: the shared setting of the papers."""
    with torch.no_grad():
        targets = encoder(style, STYLE_LAYERS)
        return Objective(
            content=encoder(content, CONTENT_LAYERS),
            style={layer: gram(targets[layer]) for layer in STYLE_LAYERS},
        )


def _published(
    pair: tuple[Picture, Picture],
    pictures: tuple[torch.Tensor, torch.Tensor],
    out: Path,
    settings: Settings,
    tools: Tools,
    watch: Watch,
) -> dict[str, Any]:
    name = _name(pair)
    path = out / "published" / f"{name}.json"
    key = _key(pair, pictures, settings.published, settings.published_precision, tools)
    if path.exists():
        record: dict[str, Any] = read_json(path)
        if record["key"] == key:
            return record
        raise UserError(f"{path}: was made with other settings; choose another --out")
    path.parent.mkdir(parents=True, exist_ok=True)
    result, _, _ = _run(
        pictures, settings.published, settings.published_precision, tools,
        lambda done, total: watch(f"{name}: published solver", done, total),
    )  # fmt: skip
    save(result.pictures, path.with_suffix(".png"))
    record = {
        "key": key,
        "loss": _loss(result.pictures, pictures, tools),
        "curve": result.curve[0].tolist(),
        "environment": environment(torch.device("cpu"), torch.get_num_threads()),
    }
    write_json(path, record)
    return record


def _race_one(
    pair: tuple[Picture, Picture],
    pictures: tuple[torch.Tensor, torch.Tensor],
    published: Mapping[str, Any],
    out: Path,
    settings: Settings,
    tools: Tools,
    watch: Watch,
) -> dict[str, Any]:
    name = _name(pair)
    path = out / "race" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    key = _key(pair, pictures, settings.fast, settings.precision, tools)
    key |= {"published": published["key"], "rounds": settings.rounds}
    names = available(tools.peers)
    key["contenders"] = names
    if path.exists():
        row: dict[str, Any] = read_json(path)
        if row["key"] == key:
            return row
    watch(f"{name}: steps", 0, settings.rounds)
    content, style = pictures
    with contest(
        names, content, style, tools.weights, torch.get_num_threads(), tools.peers
    ) as running:
        steps = rounds(running, settings.rounds)
        versions = {contender.name: dict(contender.versions) for contender in running}
    result, began, times = _run(
        pictures, settings.fast, settings.precision, tools,
        lambda done, total: watch(f"{name}: fast solver", done, total),
    )  # fmt: skip
    save(result.pictures, path.with_suffix(".png"))
    loss = _loss(result.pictures, pictures, tools)
    reference = "tensorflow" if "tensorflow" in names else "pytorch"
    lasted = median(steps[reference]) * settings.published.iterations
    # The curve is in the run's own precision: stretch it so that it ends at the fp32 loss.
    curve = [value * loss / float(result.curve[0, -1]) for value in result.curve[0].tolist()]
    ends = load(out / "published" / f"{name}.png"), quantise(result.pictures)
    row = {
        "key": key,
        "pair": name,
        "size": list(content.shape[-2:]),
        "steps": steps,
        "versions": versions,
        "reference": reference,
        "seconds_published": lasted,
        "seconds_fast": times[-1] - began,
        "iterations_fast": result.done.get(0, settings.fast.iterations),
        "loss_published": published["loss"],
        "loss_fast": loss,
        "speedup": {
            f"{level:g}": _speedup(curve, times, began, level * published["loss"], lasted)
            for level in LEVELS
        },
        "pictures": {
            "lpips_between": float(tools.lpips(*ends)),
            "lpips_content": [float(tools.lpips(each, content)) for each in ends],
            "e_statistic": [e_statistic(each, style, tools.bases, tools.ruler) for each in ends],
            "c_statistic": [c_statistic(each, content) for each in ends],
        },
        "environment": environment(torch.device("cpu"), torch.get_num_threads()),
    }
    write_json(path, row)
    return row


def _run(
    pictures: tuple[torch.Tensor, torch.Tensor],
    solver: Solver,
    precision: str,
    tools: Tools,
    progress: Callable[[int, int], None],
) -> tuple[Synthesis, float, list[float]]:
    """Run a solver; return what came out, when it began, and when each iteration was done."""
    make_repeatable(0)
    encoder = Encoder(tools.weights, precision=precision)
    times: list[float] = []

    def watch(done: int, total: int) -> None:
        times.append(time.perf_counter())
        progress(done, total)

    began = time.perf_counter()
    objective = objective_of(*pictures, encoder)
    result = synthesise(pictures[0], objective, encoder, solver, watch)
    return result, began, times


def _loss(
    picture: torch.Tensor, pictures: tuple[torch.Tensor, torch.Tensor], tools: Tools
) -> float:
    objective = objective_of(*pictures, tools.ruler)
    return float(sum(terms_of(picture, objective, tools.ruler)))


def _speedup(
    curve: Sequence[float], times: Sequence[float], began: float, goal: float, lasted: float
) -> float | None:
    """How many times faster the goal was reached; None where it was not."""
    for value, moment in zip(curve[1:], times, strict=False):
        if value <= goal:
            return lasted / (moment - began)
    return None


def _name(pair: tuple[Picture, Picture]) -> str:
    return f"{pair[0].name}__{pair[1].name}"


def _key(
    pair: tuple[Picture, Picture],
    pictures: tuple[torch.Tensor, torch.Tensor],
    solver: Solver,
    precision: str,
    tools: Tools,
) -> dict[str, Any]:
    return {
        "content": pair[0].sha256,
        "style": pair[1].sha256,
        "size": list(pictures[0].shape[-2:]),
        "solver": {"name": type(solver).__name__.lower(), **vars(solver)},
        "precision": precision,
        "weights": tools.weights.sha256,
    }


def summary(rows: Sequence[Mapping[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the tables of a race: the steps, and the time to the loss.

    The first has a row for each contender: the median over pairs of its median step, and the
    median and range of the paired ratio to the reference. The second has a row for each pair.
    """
    names = [name for name in rows[0]["steps"] if all(name in row["steps"] for row in rows)]
    steps = []
    for name in names:
        ratios = [
            median(
                a / b
                for a, b in zip(row["steps"][name], row["steps"][row["reference"]], strict=True)
            )
            for row in rows
        ]
        steps.append(
            {
                "contender": name,
                "seconds": median(median(row["steps"][name]) for row in rows),
                "ratio": median(ratios),
                "least": min(ratios),
                "most": max(ratios),
            }
        )
    pairs = [
        {
            "pair": row["pair"],
            "size": "{} x {}".format(*row["size"]),
            "published, s": row["seconds_published"],
            "fast, s": row["seconds_fast"],
            "iterations": row["iterations_fast"],
            "loss / published": row["loss_fast"] / row["loss_published"],
            **{f"x at {level:g}": row["speedup"][f"{level:g}"] for level in LEVELS},
            "LPIPS between": row["pictures"]["lpips_between"],
            **{
                f"{title} {which}": row["pictures"][measure][index]
                for measure, title in (("e_statistic", "E"), ("c_statistic", "C"))
                for index, which in enumerate(("published", "fast"))
            },
        }
        for row in rows
    ]
    return pd.DataFrame(steps), pd.DataFrame(pairs)
