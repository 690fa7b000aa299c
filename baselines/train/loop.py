"""The training loop: it can be stopped at any time, and goes on to the same numbers."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from baselines import compact
from baselines.crops import Crops
from baselines.official import SHIPPED
from baselines.train.sheet import save_curve, save_sheet
from baselines.train.task import Settings, Source, Task
from baselines.train.whitening import WhitenedAdam, Whitening, convolutions_of
from dfr.core.errors import UserError
from dfr.core.files import read_json, write_json, write_whole

STATE, CURVE, SETTINGS, WEIGHTS = "state.pt", "curve.csv", "training.json", SHIPPED
#: What it began with: parameters, and the whitening of the convolutions' inputs.
BEGINNING = "beginning.pt"
SHEET = "sheet.png"

#: Told the step, of how many, and the terms of its loss.
Report = Callable[[int, int, dict[str, float]], None]


def train(
    network: str,
    source: Source,
    settings: Settings,
    out: Path,
    steps: int,
    *,
    every: int = 200,
    device: torch.device | None = None,
    report: Report = lambda _, __, ___: None,
    beginning: Callable[[int, int], None] = lambda _, __: None,
) -> dict[str, float]:
    """Train a network, or go on with it.

    Every some steps the folder gets the state, the weights so far, the curve (as numbers and as a
    figure) and a sheet of samples.

    Args:
        network: the method's name.
        source: makes the task.
        settings: how to train; a folder holds one training with one setting.
        out: the folder.
        steps: after which to stop, those of earlier calls included.
        every: steps between two states.
        device: where; the CPU if None.
        report: told each step.
        beginning: told how much of the beginning is done, of how much; see `Task.begin`.

    Returns:
        the terms of the last step's loss.

    Raises:
        UserError: another training lies there, pictures cannot be read, or the loss is not finite.
    """
    device = device or torch.device("cpu")
    contents = Crops(settings.content, settings.side, settings.variants, settings.seed)
    styles = Crops(settings.style, settings.side, 4 * settings.variants, settings.seed + 1)
    record = _record(network, settings, contents, styles)
    if (out / SETTINGS).is_file() and read_json(out / SETTINGS) != record:
        raise UserError(
            f"{out}: another training lies there, with other settings or pictures (see "
            f"{SETTINGS}); choose another --out"
        )
    write_json(out / SETTINGS, record)
    torch.manual_seed(settings.seed)
    task = source(contents, styles, device)
    training = _Training(task, settings, out, _begun(task, settings.seed, out, beginning))
    training.resume()
    terms: dict[str, float] = {}
    while training.step < steps:
        terms = training.advance(len(contents), len(styles))
        report(training.step, steps, terms)
        if training.step % every == 0 or training.step == steps:
            training.save()
            _show(training, contents, styles, record, out)
    return terms


def _begun(
    task: Task, seed: int, out: Path, report: Callable[[int, int], None]
) -> dict[str, Whitening]:
    """Give a task the parameters that it begins with, and return the whitening; both are kept."""
    path = out / BEGINNING
    if path.is_file():
        kept = torch.load(path, map_location="cpu", weights_only=True)
        task.trained.load_state_dict(kept["parameters"])
        return {key: Whitening(*each) for key, each in kept["whitened"].items()}
    task.begin(seed, report)
    whitened = task.whitened(seed)
    kept = {
        "parameters": {key: each.cpu() for key, each in task.trained.state_dict().items()},
        "whitened": {key: tuple(each) for key, each in whitened.items()},
    }
    write_whole(path, lambda temporary: torch.save(kept, temporary))
    return whitened


class _Training:
    """A task with its optimiser, the average of its weights, and its curve."""

    def __init__(
        self, task: Task, settings: Settings, out: Path, whitened: Mapping[str, Whitening]
    ) -> None:
        self.task, self.settings, self.out = task, settings, out
        self.parameters = dict(task.trained.named_parameters())
        convolutions = convolutions_of(task.decoder)
        self.optimiser = WhitenedAdam(
            ((each, whitened[key]) for key, each in convolutions.items()), task.others()
        )
        self.average = {key: each.detach().clone() for key, each in self.parameters.items()}
        self.step, self.seconds = 0, 0.0
        self.curve: list[dict[str, float]] = []

    def advance(self, contents: int, styles: int) -> dict[str, float]:
        """Do one step; which crops it sees follows from its number and the seed."""
        began = time.process_time()
        generator = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + self.step)
        chosen = [
            torch.randint(count, (self.settings.batch,), generator=generator).tolist()
            for count in (contents, styles)
        ]
        share = min(1.0, (self.step + 1) / max(1, self.settings.rise))
        losses = self.task.losses(chosen[0], chosen[1], share)
        total: torch.Tensor = sum(losses.values(), torch.zeros(()))
        if not bool(total.isfinite()):
            raise UserError(
                f"the loss is not finite at step {self.step}; take a smaller --rate, in another "
                "--out"
            )
        fallen = min(1.0, self.settings.steady / (self.step + 1))
        self.optimiser.step(total, fallen * self.settings.rate)
        with torch.no_grad():
            past = min(self.settings.average, (1 + self.step) / (10 + self.step))
            for key, parameter in self.parameters.items():
                self.average[key].lerp_(parameter, 1 - past)
        self.step += 1
        self.seconds += time.process_time() - began
        terms = {name: float(value.detach()) for name, value in losses.items()}
        self.curve.append({"step": self.step, **terms})
        return terms

    def save(self) -> None:
        """Write everything that going on needs."""
        state = {
            "step": self.step,
            "seconds": self.seconds,
            "parameters": self.task.trained.state_dict(),
            "average": self.average,
            "optimiser": self.optimiser.state_dict(),
        }
        write_whole(self.out / STATE, lambda temporary: torch.save(state, temporary))
        names = list(dict.fromkeys(name for row in self.curve for name in row))
        write_whole(self.out / CURVE, lambda temporary: _write_curve(temporary, names, self.curve))

    def resume(self) -> None:
        """Read what `save` wrote, if it did."""
        path = self.out / STATE
        if not path.is_file():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.task.trained.load_state_dict(state["parameters"])
        for key, mean in self.average.items():
            mean.copy_(state["average"][key])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        with (self.out / CURVE).open(newline="") as stream:
            rows = [
                {
                    key: (int if key == "step" else float)(value)
                    for key, value in row.items()
                    if value
                }
                for row in csv.DictReader(stream)
            ]
        self.curve = [row for row in rows if row["step"] <= self.step]


def _show(
    training: _Training, contents: Crops, styles: Crops, record: dict[str, Any], out: Path
) -> None:
    """Write the weights so far, the figure of the curve, and a sheet made with these weights."""
    task, average = training.task, training.average
    trained = {key: each.clone() for key, each in task.trained.state_dict().items()}
    task.trained.load_state_dict(average)
    pairs = [(i * contents.variants, j * styles.variants) for i, j in _chosen(contents, styles)]
    save_sheet(out / SHEET, pairs, contents, styles, task.painted)
    task.trained.load_state_dict(trained)
    tensors = {f"trained.{key}": each.cpu() for key, each in average.items()}
    about = {
        **task.about(),
        "network": record["network"],
        "steps": training.step,
        "core_seconds": round(training.seconds),
        "training": {key: record[key] for key in ("settings", "pictures")},
    }
    compact.write(out / WEIGHTS, {**task.tensors(), **tensors}, about)
    save_curve(out / "curve.png", training.curve)


def _chosen(contents: Crops, styles: Crops) -> list[tuple[int, int]]:
    """Return the pairs of the sheet: five photographs with five paintings, spread evenly."""
    rows, columns = (
        [round(k * (len(each.names) - 1) / 4) for k in range(5)] for each in (contents, styles)
    )
    return [(row, column) for row in dict.fromkeys(rows) for column in dict.fromkeys(columns)]


def _record(network: str, settings: Settings, contents: Crops, styles: Crops) -> dict[str, Any]:
    """Return what makes a training this one; the pictures by their names, in a hash."""
    plain = dataclasses.asdict(settings)
    names = [each.names for each in (contents, styles)]
    return {
        "network": network,
        "settings": {key: each for key, each in plain.items() if not isinstance(each, Path)},
        "pictures": {
            "content": len(names[0]),
            "style": len(names[1]),
            "names": hashlib.sha256(json.dumps(names).encode()).hexdigest()[:16],
        },
    }


def _write_curve(path: Path, names: list[str], rows: list[dict[str, float]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names)
        writer.writeheader()
        writer.writerows(rows)
