"""Build the page of a folder of entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dfr.core.files import writable_folder, write_text
from eval.analysis.diversity import FAITHFUL_COHERENCE, FAITHFUL_GAP
from eval.submissions.checking import TOLERANCE
from eval.submissions.folder import Found
from eval.submissions.sets import named_sets
from reports.leaderboard.boards import (
    DIVERSITY,
    FIRST,
    QUALITIES,
    Board,
    Line,
    boards_of,
)
from reports.leaderboard.drawing import draw, in_words, title
from reports.leaderboard.fronts import Front, front, time_fronts
from reports.leaderboard.pictures import Tell, board_folder, entry_folder, keep_pictures
from reports.page.templating import environment, json_in_script, parts
from reports.tables.certainty import SECONDS, less_is_better
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
    templates = environment(_TEMPLATES)
    templates.filters.update(readable=readable, named=column_title, short=_short_text)
    text = templates.get_template("leaderboard.html.j2").render(
        css=parts(_TEMPLATES, "leaderboard.css"),
        js=parts(_TEMPLATES, "leaderboard.js"),
        boards=boards,
        figures={board.key: figures(board) for board in boards},
        data=json_in_script({board.key: outputs_of(board) for board in boards}),
        refused=found.refused,
        sets=named_sets().values(),
        qualities=QUALITIES,
        first=FIRST,
        diversity=DIVERSITY,
        gap_closed=FAITHFUL_GAP,
        coherence=FAITHFUL_COHERENCE,
        seconds=SECONDS,
        less_is_better=less_is_better,
        tolerance=f"{TOLERANCE:.0%}",
        shares=any("together" in line.where for board in boards for line in board.lines),
    )
    write_text(folder / "index.html", text)
    return folder / "index.html"


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
                        "better": _better(each),
                        "machine": each.machine,
                    }
                )
    return shown


def _better(each: Front) -> str:
    sides = [
        f"{column_title(column)}: {'less' if less_is_better(column) else 'more'} is better"
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
