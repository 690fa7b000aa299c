"""The picture files beside the page: every output, and contents and styles of each board."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from dfr.core.errors import writing
from dfr.core.images import save
from eval.submissions.checking import Checked
from eval.submissions.keeper import Keeper
from reports.leaderboard.boards import Board

Tell = Callable[[str], None]
PICTURES = "pictures"
#: The longer side of a style picture on the page.
_SIDE = 512


def entry_folder(checked: Checked) -> str:
    """Return where an entry's outputs lie, from the page on; another entry has another one."""
    return f"{PICTURES}/{checked.file.sha256[:16]}"


def board_folder(board: Board) -> str:
    """Return where a board's contents and styles lie, from the page on."""
    return f"{PICTURES}/{board.key}"


def keep_pictures(page: Path, boards: list[Board], keeper: Keeper, tell: Tell) -> None:
    """Write the pictures that are not there yet, and delete those of entries that have gone.

    Args:
        page: folder of the page.
        boards: with their entries.
        keeper: of the sets.
        tell: told whose pictures are written.
    """
    wanted: dict[str, Callable[[Path], None]] = {}
    for board in boards:
        wanted[board_folder(board)] = lambda folder, b=board: _sources(folder, b, keeper)  # type: ignore[misc]
        for checked in board.checked:
            wanted[entry_folder(checked)] = lambda folder, c=checked: _outputs(folder, c)  # type: ignore[misc]
    with writing(page):
        (page / PICTURES).mkdir(parents=True, exist_ok=True)
        for name, make in wanted.items():
            if not (page / name).is_dir():
                tell(f"writing {page / name}")
                _whole(page / name, make)
        for folder in (page / PICTURES).iterdir():
            if f"{PICTURES}/{folder.name}" not in wanted:
                shutil.rmtree(folder)


def _whole(folder: Path, make: Callable[[Path], None]) -> None:
    """Let ``make`` fill a folder that appears under its name when all is there."""
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        make(partial)
        partial.chmod(0o755)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _outputs(folder: Path, checked: Checked) -> None:
    for cell, pictures in checked.file.pictures():
        place = folder / cell.content / cell.style
        place.mkdir(parents=True)
        for mode, content in pictures.items():
            (place / f"{mode}.png").write_bytes(content)


def _sources(folder: Path, board: Board, keeper: Keeper) -> None:
    bench = keeper.bench(board.pictures)
    first = next(iter(bench.files["styles"]))
    for name in bench.files["contents"]:
        save(bench.pair(name, first)[0], folder / "contents" / f"{name}.png")
    for name, path in bench.files["styles"].items():
        (folder / "styles").mkdir(exist_ok=True)
        with Image.open(path) as picture:
            small = picture.convert("RGB")
            small.thumbnail((_SIDE, _SIDE))
            small.save(folder / "styles" / f"{name}.jpg", quality=90)
