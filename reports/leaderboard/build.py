"""Build the page of a folder of entries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from dfr.core.files import writable_folder, write_text
from eval.analysis.diversity import COHERENCE, GAP_CLOSED
from eval.submissions.checking import TOLERANCE
from eval.submissions.folder import Found
from eval.submissions.sets import named_sets
from reports.leaderboard.boards import (
    DIVERSITY,
    FAITHFUL,
    FIRST,
    QUALITIES,
    SECONDS,
    Board,
    Line,
    boards_of,
)
from reports.leaderboard.drawing import draw, in_words, title
from reports.leaderboard.fronts import Front, front, time_fronts
from reports.leaderboard.pictures import Tell, board_folder, entry_folder, keep_pictures
from reports.tables.readable import column_title, readable

_TEMPLATES = Path(__file__).parent / "templates"
#: What a reader's eyes are told beside each output: the numbers of these columns.
_BESIDE = tuple(QUALITIES)


def build_page(found: Found, out: Path, tell: Tell = lambda _: None) -> Path:
    """Write ``index.html`` and ``pictures`` beside it.

    Args:
        found: the entries that stand, and those that do not.
        out: folder of the page.
        tell: told what is written.

    Returns:
        path of the page.

    Raises:
        UserError: the folder cannot be written.
    """
    folder = writable_folder(out)
    boards = boards_of(found.entries)
    keep_pictures(folder, boards, found.keeper, tell)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    environment.filters.update(readable=readable, named=named, short=_short_text)
    text = environment.get_template("leaderboard.html.j2").render(
        css=_part("leaderboard.css"),
        js=_part("leaderboard.js"),
        boards=boards,
        figures={board.key: figures(board) for board in boards},
        data=_json({board.key: outputs_of(board) for board in boards}),
        refused=found.refused,
        sets=named_sets().values(),
        qualities=QUALITIES,
        first=FIRST,
        diversity=DIVERSITY,
        gap_closed=GAP_CLOSED,
        coherence=COHERENCE,
        seconds=SECONDS,
        tolerance=f"{TOLERANCE:.0%}",
        shares=any("together" in line.where for board in boards for line in board.lines),
    )
    write_text(folder / "index.html", text)
    return folder / "index.html"


def named(column: str) -> str:
    """Return what readers see of a column."""
    return {FAITHFUL: "faithful diversity"}.get(column, column_title(column))


def figures(board: Board) -> list[dict[str, Any]]:
    """Return the figures of a board: against diversity and against time, for each quality."""
    numbers = {line.name: number for number, line in enumerate(board.lines, 1)}
    shown = []
    for quality in QUALITIES:
        fronts = [front(board, DIVERSITY, quality), *time_fronts(board, quality)]
        for place, each in enumerate(fronts):
            if len(each.points) > 1:
                key = f"{board.key}-{quality}-{place}"
                shown.append(
                    {
                        "quality": quality,
                        "title": title(each),
                        "svg": draw(each, numbers, key),
                        "words": in_words(each),
                        "better": _better(board, each),
                        "machine": each.machine,
                    }
                )
    return shown


def _better(board: Board, each: Front) -> str:
    sides = [
        f"{column_title(column)}: {'less' if board.less_is_better(column) else 'more'} is better"
        for column in (each.x, each.y)
    ]
    return "; ".join(sides)


def outputs_of(board: Board) -> dict[str, Any]:
    """Return what the page's script shows of a board, ready for JSON."""
    return {
        "folder": board_folder(board),
        "contents": [source.name for source in board.pictures.contents],
        "styles": [source.name for source in board.pictures.styles],
        "measures": [column_title(column) for column in _BESIDE],
        "entries": [_entry(line) for line in board.lines],
    }


def _entry(line: Line) -> dict[str, Any]:
    assert line.checked is not None
    entry = line.checked.file.entry
    return {
        "title": line.title,
        "folder": entry_folder(line.checked),
        "modes": list(entry.modes),
        "numbers": [
            [[_short(row[column]) for column in _BESIDE] for row in cell.measures.outputs]
            for cell in entry.cells
        ],
    }


def _short_text(value: float) -> str:
    """Write a bound of an interval: two digits are as sure as it is."""
    return readable(float(f"{value:.2g}"))


def _short(value: Any) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _part(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def _json(content: object) -> Markup:
    """Return JSON that can stand in a script element: no name in it can end that element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
