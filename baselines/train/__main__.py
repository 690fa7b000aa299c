"""``python -m baselines.train NAME --content DIR --style DIR --out DIR``: train a network."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import torch
import typer

from baselines.train.loop import WEIGHTS, train
from baselines.train.task import Settings
from dfr.core.devices import choose_device
from dfr.core.errors import unknown
from dfr.core.files import writable_folder
from dfr.core.terminal import complaining, progress_bar

#: Method -> where its task stands.
TASKS: Mapping[str, str] = MappingProxyType(
    {"adain": "baselines.adain.own:DecoderTask", "lst": "baselines.lst.own:TransformTask"}
)


def main(
    name: Annotated[str, typer.Argument(help=", ".join(TASKS))],
    content: Annotated[Path, typer.Option(help="Folder of photographs.")],
    style: Annotated[Path, typer.Option(help="Folder of paintings.")],
    out: Annotated[Path, typer.Option(help="Folder of the training; it goes on where it stopped.")],
    steps: Annotated[
        int, typer.Option(min=1, help="After which to stop, earlier ones too.")
    ] = 8000,
    side: Annotated[
        int, typer.Option(min=32, help="Of the square crops, in pixels.")
    ] = Settings.side,
    variants: Annotated[
        int, typer.Option(min=1, help="Crops of a photograph; of a painting four times as many.")
    ] = Settings.variants,
    batch: Annotated[int, typer.Option(min=1, help="Pairs in a step.")] = Settings.batch,
    rate: Annotated[float, typer.Option(help="Adam's.")] = Settings.rate,
    steady: Annotated[
        int, typer.Option(min=1, help="Steps with that rate; after t it is steady / t of it.")
    ] = Settings.steady,
    rise: Annotated[
        int, typer.Option(min=0, help="First steps, in which the style's weight grows.")
    ] = Settings.rise,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = Settings.seed,
    every: Annotated[int, typer.Option(min=1, help="Steps between two states.")] = 200,
    threads: Annotated[int, typer.Option(min=0, help="0: as torch chooses.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
) -> None:
    """Train a network for this suite; run again to go on after a stop."""
    if name not in TASKS:
        raise unknown("network that is trained here", name, TASKS)
    if threads:
        torch.set_num_threads(threads)
    settings = Settings(
        content, style, side=side, variants=variants, batch=batch, rate=rate, steady=steady,
        rise=rise, seed=seed,
    )  # fmt: skip
    with progress_bar() as bar:
        task = bar.add_task(f"{name}, beginning", total=1)

        def beginning(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if not bar.console.is_terminal:
                typer.echo(f"{name}, beginning: {done} of {total} convolutions")
            if done == total:
                bar.reset(task, total=steps)

        def report(step: int, _: int, terms: dict[str, float]) -> None:
            told = ", ".join(f"{term} {value:.3g}" for term, value in terms.items())
            bar.update(
                task, completed=step, total=steps, description=f"{name}, step {step}: {told}"
            )
            if step % every == 0 and not bar.console.is_terminal:  # a log has no bar
                left = bar.tasks[0].time_remaining
                typer.echo(
                    f"{name}, step {step} of {steps}: {told}"
                    + ("" if left is None else f"; {left / 60:.0f} min left")
                )

        train(
            name, pkgutil.resolve_name(TASKS[name]), settings, writable_folder(out), steps,
            every=every, device=choose_device(device), report=report, beginning=beginning,
        )  # fmt: skip
    typer.echo(f"{out / WEIGHTS}: weights after {steps} steps; give it as checkpoint")


if __name__ == "__main__":
    with complaining():
        typer.run(main)
