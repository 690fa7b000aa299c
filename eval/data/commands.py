"""The commands ``dfr data ...``: the benchmark's pictures, fetched or imported, and locked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from dfr.core.errors import UserError
from dfr.core.terminal import Group, complain, console, progress_bar, table_console

if TYPE_CHECKING:
    from dfr.core.download import Transfer
    from eval.data.published_import import ImportedPublished

app = typer.Typer(
    help="The benchmark's pictures: fetch them, take local folders instead, show them.",
    no_args_is_help=True,
    cls=Group,
    add_completion=False,
    rich_markup_mode=None,
)

FolderOption = Annotated[
    Path | None,
    typer.Option(
        "--to",
        help="The data folder.  [default: in the cache folder data, published for --published, or "
        "the name of a --set]",
        show_default=False,
    ),
]
CollectionOption = Annotated[
    Path | None,
    typer.Option(
        "--collection",
        help="A .toml file like eval/data/collection.toml; of published outputs, a .csv file like "
        "eval/data/published.csv.  [default: those]",
        show_default=False,
    ),
]


@app.command("fetch")
def fetch_data(
    to: FolderOption = None,
    collection: CollectionOption = None,
    published: Annotated[
        bool,
        typer.Option(
            "--published", help="Fetch the outputs that DFR's authors published, not the set."
        ),
    ] = False,
    published_url: Annotated[
        str | None,
        typer.Option(
            envvar="DFR_PUBLISHED_URL",
            help="A mirror of raw.githubusercontent.com/OWNER/REPOSITORY.",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--set",
            help="Fetch a set that others published: dfp, the 6 contents and 6 styles of Deep "
            "Feature Perturbation.",
            show_default=False,
        ),
    ] = None,
    set_url: Annotated[
        str | None,
        typer.Option(
            envvar="DFR_SET_URL", help="A mirror of that set's folder.", show_default=False
        ),
    ] = None,
    coco_url: Annotated[
        str | None,
        typer.Option(
            envvar="DFR_COCO_URL", help="A mirror of MSCOCO's val2017.", show_default=False
        ),
    ] = None,
    commons_url: Annotated[
        str | None,
        typer.Option(
            envvar="DFR_COMMONS_URL",
            help="A mirror of Wikimedia Commons' Special:FilePath.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds without a byte until a transfer is given up.", min=0.1)
    ] = 30.0,
    retries: Annotated[int, typer.Option(help="Further tries of each file.", min=0)] = 4,
    pause: Annotated[
        float, typer.Option(help="Seconds before the first one, then doubled.", min=0.0)
    ] = 1.0,
    parallel: Annotated[int, typer.Option(help="Files at a time.", min=1, max=8)] = 4,
) -> None:
    """Download the pictures, and lock them by SHA-256. Run again to go on after a stop."""
    from dfr.core.download import Transfer
    from eval.data.collection import BUILT_IN, COCO_URL, COMMONS_URL, read_collection
    from eval.data.fetch import FetchedSet, fetch
    from eval.data.listed import listed_set
    from eval.data.lock import LOCK, default_folder

    transfer = Transfer(timeout, retries, pause, parallel)
    if published:
        _fetch_published(collection, to, published_url, transfer)
        return
    asked: FetchedSet
    if name is not None:
        if collection is not None:
            raise UserError("--set is a set of its own: leave --collection out")
        asked = listed_set(name)
        folder, urls = to or asked.folder, {"url": set_url or asked.url}
    else:
        asked = read_collection(collection or BUILT_IN)
        folder = to or default_folder()
        urls = {"coco_url": coco_url or COCO_URL, "commons_url": commons_url or COMMONS_URL}
    with _reporting() as report:
        fetched = fetch(asked, folder, urls=urls, transfer=transfer, report=report)
    entries = fetched.lock.files.values()
    console.print(
        f"{len(entries)} files, {_megabytes(sum(entry.size for entry in entries))}, "
        f"{fetched.new} of them new; all match {escape(str(folder / LOCK))}",
        soft_wrap=True,
        highlight=False,
    )


@app.command("import")
def import_data(
    coco: Annotated[
        Path | None,
        typer.Option(help="Folder of contents, such as MSCOCO's val2017.", show_default=False),
    ] = None,
    style: Annotated[
        Path | None, typer.Option(help="Folder of styles.", show_default=False)
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the outputs that DFR's authors published: content, style, and one "
            "folder per pair.",
            show_default=False,
        ),
    ] = None,
    to: FolderOption = None,
    collection: CollectionOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put them in the place of another set.")
    ] = False,
) -> None:
    """Copy local folders instead of downloading, and lock them in the same way."""
    from eval.data.collection import BUILT_IN, read_collection
    from eval.data.folder_import import import_folders
    from eval.data.lock import LOCK, default_folder

    if published is not None:
        if coco is not None or style is not None:
            raise UserError("--published is a set of its own: import --coco and --style apart")
        _import_published(collection, to, published, replace)
        return
    asked = read_collection(collection or BUILT_IN)
    folder = to or default_folder()
    done = import_folders(asked, folder, coco=coco, style=style, replace=replace)
    said = []
    if done.coco:
        said.append(f"{done.coco} MSCOCO pictures, {done.known} of them of the collection")
    if done.plain:
        said.append(f"not MSCOCO names: {done.plain}")
    if done.left_out:
        said.append(f"left out, since not of the collection: {done.left_out}")
    if done.lock.of("styles"):
        said.append(f"styles: {len(done.lock.of('styles'))}")
    console.print(
        f"{'; '.join(said)}; all in {escape(str(folder / LOCK))}", soft_wrap=True, highlight=False
    )


@app.command("show")
def show_data(
    to: FolderOption = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The picture to write.  [default: collection.png in the data folder]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Check the pictures, list them, and draw them all as one picture."""
    from dfr.core.contact_sheet import save_sheet
    from eval.data.gallery import draw_set
    from eval.data.lock import default_folder, open_locked

    folder = to or default_folder()
    path = out or folder / "collection.png"
    lock = open_locked(folder)
    save_sheet(draw_set(folder, lock), path)
    table = Table("file", "what", "artist", "year", "licence", "verified", "SHA-256")
    for file, entry in lock.files.items():
        table.add_row(
            *(escape(text) for text in (file, entry.title, entry.artist, entry.year)),
            escape(entry.licence),
            "yes" if entry.verified else "no",
            entry.sha256[:12],
        )
    table_console().print(table)
    console.print(
        f"{len(lock.of('contents'))} contents and {len(lock.of('styles'))} styles, all as locked "
        f"-> {escape(str(path))}",
        soft_wrap=True,
        highlight=False,
    )


def _fetch_published(
    collection: Path | None, to: Path | None, url: str | None, transfer: Transfer
) -> None:
    from eval.data.lock import published_folder
    from eval.data.published_fetch import fetch_published
    from eval.data.published_list import BUILT_IN, REPOSITORY_URL, read_published

    folder = to or published_folder()
    with _reporting() as report:
        done = fetch_published(
            read_published(collection or BUILT_IN), folder, url=url or REPOSITORY_URL,
            transfer=transfer, report=report,
        )  # fmt: skip
    _tell_published(done, folder)


def _import_published(
    collection: Path | None, to: Path | None, source: Path, replace: bool
) -> None:
    from eval.data.lock import published_folder
    from eval.data.published_import import import_published
    from eval.data.published_list import BUILT_IN, read_published

    folder = to or published_folder()
    listed = read_published(collection or BUILT_IN)
    _tell_published(import_published(listed, folder, source, replace=replace), folder)


def _tell_published(done: ImportedPublished, folder: Path) -> None:
    from eval.data.lock import LOCK

    for line in done.left_out:
        complain(f"not used: {line}")
    pairs = done.lock.pairs
    at_one = sum(pair.rotation_weight == 1 for pair in pairs)
    outputs = sum(len(files) for pair in pairs for files in pair.outputs.values())
    console.print(
        f"{at_one} published pairs at λ = 1 and {len(pairs) - at_one} of a sweep of λ, "
        f"{outputs} outputs; all match {escape(str(folder / LOCK))}",
        soft_wrap=True,
        highlight=False,
    )


@contextmanager
def _reporting() -> Iterator[Callable[[float, int], None]]:
    """Show how many files are there, of how many."""
    with progress_bar() as bars:
        task = bars.add_task("fetching", total=None)
        yield lambda done, count: bars.update(
            task, description=f"fetching {count} files", completed=done, total=count
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
