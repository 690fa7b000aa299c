"""The commands on methods themselves: ``dfr methods``."""

from __future__ import annotations

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.terminal import complain, table_console


def methods() -> None:
    """List every method with the package that brings it."""
    import dfr
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
            theirs.package if theirs else f"dfr-suite {dfr.__version__}",
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
