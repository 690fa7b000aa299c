"""The commands on finished runs: ``dfr verify``, ``diff``, ``measure`` and ``published``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.terminal import DeviceOption, console, table_console
from eval.data.options import DataOption

if TYPE_CHECKING:
    import pandas as pd


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
    from dfr.core.devices import choose_device
    from eval.runs.verify import verify_run

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
    table_console().print(table)
    wrong = sum(not check.confirmed for check in checks)
    console.print(f"{len(checks) - wrong} of {len(checks)} outputs confirmed")
    if wrong:
        raise typer.Exit(1)


def diff(
    a: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Folder of another run.", show_default=False)],
) -> None:
    """Show what differs between two runs, in settings and in numbers."""
    from eval.runs.diff import diff_runs

    found = diff_runs(a, b)
    if found.same:
        console.print("nothing differs")
        return
    if not found.settings.empty:
        table = Table("setting", "a", "b")
        for row in found.settings.to_dict("records"):
            table.add_row(*(escape(str(value)) for value in row.values()))
        table_console().print(table)
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
    table_console().print(table)


def measure(
    run: Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Measures, or controls; see eval/README.md.  [default: all that the run lacks]",
            show_default=False,
        ),
    ] = None,
    inception: Annotated[
        Path | None,
        typer.Option(
            help="File of torchvision's Inception-v3, for fid and kid.", show_default=False
        ),
    ] = None,
    art_inception: Annotated[
        Path | None,
        typer.Option(help="File of art-Inception, for art_fid.", show_default=False),
    ] = None,
    device: DeviceOption = "auto",
) -> None:
    """Add measures to a run that is there, from the pictures that it keeps."""
    from dfr.core.devices import choose_device
    from eval.runs.measuring import measure_run

    files = {"inception": inception, "art-inception": art_inception}
    added = measure_run(
        run, names or (),
        weights={name: file for name, file in files.items() if file is not None},
        device=choose_device(device),
        tell=lambda what: console.print(escape(what), soft_wrap=True, highlight=False),
        progress=lambda what: console.print(escape(what), soft_wrap=True, highlight=False),
    )  # fmt: skip
    if added:
        told = ", ".join(added)
        console.print(f"added: {told}; `dfr report {run}` shows them", markup=False, soft_wrap=True)
    else:
        console.print("nothing was added")


def published(
    ours: Annotated[
        Path,
        typer.Argument(
            help="Folder of a run of the profile published, or of pictures: PAIR/MODE.png.",
            show_default=False,
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            help="Data folder of `dfr data import --published`.  [default: published, in the "
            "cache folder]",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the tables as CSV files. (A run has them in its report too.)",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Set our outputs of the published pairs beside the ones that DFR's authors published."""
    from dfr.core.errors import UserError
    from eval.data.lock import published_folder
    from eval.published.numbers import in_short, write_tables
    from eval.runs.published import compare_folder, compare_run
    from eval.runs.store import RunStore

    folder = data or published_folder()

    def tell(pair: str) -> None:
        console.print(f"comparing {escape(pair)}", soft_wrap=True, highlight=False)

    found: Mapping[str, pd.DataFrame]
    if (ours / "run.json").exists():
        found = compare_run(RunStore.open(ours), folder, tell).tables
    elif out is None:
        raise UserError(f"{ours}: holds no run, so the tables need a folder: name it with --out")
    else:
        found = compare_folder(ours, folder, tell)
    if out is not None:
        write_tables(found, out)
    table = Table("rotation", "pairs", "LPIPS to theirs", "floor, theirs", "floor, ours",
                  "LPIPS / floor", "nearest is right")  # fmt: skip
    for row in in_short(found).to_dict("records"):
        numbers = [row[name] for name in ("lpips", "floor_theirs", "floor_ours", "ratio")]
        table.add_row(str(row["rotation"]), str(row["pairs"]), *(f"{n:.3f}" for n in numbers),
                      f"{row['right']} of {row['pairs']}")  # fmt: skip
    table_console().print(table)
    console.print("medians over pairs; floor: LPIPS of two outputs of one objective")
