"""``dfr leaderboard``: check a folder of entries and write its page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dfr.core.terminal import DeviceOption, console


def leaderboard(
    folder: Annotated[Path, typer.Argument(help="Folder of entries.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the page.  [default: FOLDER/page]", show_default=False),
    ] = None,
    pairs: Annotated[
        int, typer.Option(help="Pairs of each entry on which every measure is taken again.", min=1)
    ] = 5,
    seed: Annotated[
        str | None,
        typer.Option(
            help="Of the drawing of these pairs.  [default: drawn once, kept in "
            "FOLDER/checks.json]",
            show_default=False,
        ),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Check a folder of entries, and write a page that ranks and shows them."""
    from dfr.core.devices import choose_device
    from eval.submissions.folder import check_folder
    from reports.leaderboard.build import build_page

    def tell(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    found = check_folder(folder, pairs, device=choose_device(device), seed=seed, tell=tell)
    for name, why in found.refused.items():
        tell(f"refused: {name}: {why}")
    page = build_page(found, out if out is not None else folder / "page", tell)
    tell(f"{len(found.entries)} entries stand, {len(found.refused)} are refused: {page}")
    if found.refused:
        raise typer.Exit(1)
