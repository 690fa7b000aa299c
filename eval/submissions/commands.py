"""``dfr submit``: pack one method of a run for a leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dfr.core.terminal import console


def submit(
    run: Annotated[Path, typer.Argument(help="Folder of a finished run.", show_default=False)],
    method: Annotated[
        str, typer.Option(help="Label of the method in the run's profile.", show_default=False)
    ],
    name: Annotated[
        str | None,
        typer.Option(help="Name of the entry.  [default: the label]", show_default=False),
    ] = None,
    by: Annotated[
        str | None, typer.Option(help="Who submits: people or a group.", show_default=False)
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(
            help="Under which the outputs may be shown, such as CC-BY-4.0.", show_default=False
        ),
    ] = None,
    title: Annotated[
        str | None,
        typer.Option(help="What readers see.  [default: as in the run]", show_default=False),
    ] = None,
    paper: Annotated[
        str | None, typer.Option(help="Web address of the paper.", show_default=False)
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="Web address of the code.", show_default=False)
    ] = None,
    note: Annotated[str | None, typer.Option(help="Free text.", show_default=False)] = None,
    form: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with name, by, licence, title, paper, code, note.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file.  [default: NAME.zip]", show_default=False)
    ] = None,
) -> None:
    """Pack one method of a run, with its outputs and measures, for a leaderboard."""
    from eval.runs.store import RunStore
    from eval.submissions.form import fill_form
    from eval.submissions.pack import pack, title_in

    store = RunStore.open(run)
    options = {"name": name, "by": by, "licence": licence, "title": title, "paper": paper,
               "code": code, "note": note}  # fmt: skip
    filled = fill_form(form, options, {"name": method, "title": title_in(store, method)})
    path = out if out is not None else Path(f"{filled.name}.zip")
    packed = pack(store, method, filled, path)
    entry = packed.entry
    console.print(
        f"{path}: {filled.title} on {len(entry.cells)} pairs of the set {entry.pictures.name}, "
        f"{path.stat().st_size / 1e6:.1f} MB, SHA-256 {packed.sha256[:16]}...",
        markup=False, highlight=False, soft_wrap=True,
    )  # fmt: skip
