"""The options of the command line that choose a run's pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    str,
    typer.Option(
        envvar="DFR_DATA",
        help="Pictures: embedded, fetched (by `dfr data`), a data FOLDER, or auto: those that a "
        "run has begun with, else fetched, else embedded.",
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
