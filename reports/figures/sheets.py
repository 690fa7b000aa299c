"""The sheets of pictures in the report: every output, the sweep of lambda, published and ours."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from PIL import Image

from dfr.core.contact_sheet import contact_sheet
from eval.runs.comparison import Comparison
from reports.claims.rotation_weight import sweep_cells
from reports.figures.plotstyle import Figure, keep
from reports.inputs.run_data import RunData, picture_of

#: Sheets of at most this many pairs are drawn; the page's viewer shows every pair.
PAIRS_ON_PAGE = 6
#: Pictures in a row, so that labels stay readable on the page.
COLUMNS = 5
#: Width of each of six pictures in a row, likewise.
SIX_IN_A_ROW = 240


def pairs_on_page(run: RunData) -> list[tuple[str, str]]:
    """Return the pairs to show, spread evenly over all of them."""
    pairs = run.pairs
    if len(pairs) <= PAIRS_ON_PAGE:
        return pairs
    return [pairs[i * len(pairs) // PAIRS_ON_PAGE] for i in range(PAIRS_ON_PAGE)]


def contact_sheets(run: RunData, folder: Path) -> list[Figure]:
    """Draw sheets of some pairs: content, style, and every output of every method."""
    return [_pair_sheet(run, folder, *pair) for pair in pairs_on_page(run)]


def methods_sheet(run: RunData, folder: Path) -> Figure | None:
    """Draw one output of every method for some pairs: a row for each, a column for each pair.

    Of the methods that differ in settings alone only the first is there, with its first output; of
    DFR also the output of rotation 90, which has another target.

    Returns:
        nothing, for a run with fewer than two methods.
    """
    first: dict[str, str] = {}
    for cell in run.cells:
        of = cell["title"] if cell["method"] == "external" else cell["method"]
        if cell["files"]:
            first.setdefault(of, cell["label"])
    if len(first) < 2:
        return None
    pairs, methods = pairs_on_page(run), run.methods
    pictures = [run.pair(*pair) for pair in pairs]
    rows: list[list[tuple[str, Image.Image | None]]] = [
        [(f"content: {content}", shown) for (content, _), (shown, _) in
         zip(pairs, pictures, strict=True)],
        [(f"style: {style}", shown) for (_, style), (_, shown) in
         zip(pairs, pictures, strict=True)],
    ]  # fmt: skip
    listed = []
    for label in sorted(first.values(), key=list(run.titles).index):
        cells = [run.find(*pair, label) for pair in pairs]
        modes = next((list(cell["files"]) for cell in cells if cell and cell["files"]), [])
        other = [mode for mode in modes[1:] if mode == "rot090" and methods[label] == "dfr"]
        shown_modes = modes[:1] + other
        for mode in shown_modes:
            name = run.titles[label] + (f", {mode}" if len(modes) > 1 else "")
            rows.append(
                [
                    (name, run.output(cell, mode) if cell and mode in cell["files"] else None)
                    for cell in cells
                ]
            )
            listed += [
                {"content": content, "style": style, "label": label, "mode": mode}
                for content, style in pairs
            ]
    return keep(
        contact_sheet(rows),
        folder,
        "all_methods",
        "One output of every method",
        "A column for each pair: content, style, and one output of every method (of DFR two, "
        "since rotation 90 has another target).",
        pd.DataFrame(listed),
    )


def _pair_sheet(run: RunData, folder: Path, content: str, style: str) -> Figure:
    cells = [run.find(content, style, label) for label in run.titles]
    names = f"content: {content}", f"style: {style}"
    first = list(zip(names, run.pair(content, style), strict=True))
    rows, listed = [], []
    for cell in cells:
        if cell is None or not cell["files"]:
            continue
        outputs = [
            (f"{cell['title']} {mode}" if mode != cell["label"] else cell["title"],
             run.output(cell, mode))
            for mode in cell["files"]
        ]  # fmt: skip
        if len(outputs) == 1:
            first += outputs  # methods of one output share rows with the pair
        else:
            rows.append(outputs)
        listed += [
            {"content": content, "style": style, "label": cell["label"], "mode": mode, **files}
            for mode, files in cell["files"].items()
        ]
    rows = [first[i : i + COLUMNS] for i in range(0, len(first), COLUMNS)] + rows
    return keep(
        contact_sheet(rows),
        folder,
        f"contact_sheet_{content}__{style}",
        f"Every output for {content} × {style}",
        "Content, style, and every output with its mode. In the reading of the published code, "
        "0 and 180 have the same objective. So have 90 and 270, which match a scrambled target.",
        pd.DataFrame(listed),
    )


def lambda_sweep(run: RunData, folder: Path) -> Figure | None:
    """Draw a grid: one row per pair, one column per lambda."""
    frame = sweep_cells(run)
    if frame["lambda"].nunique() < 2:
        return None
    rows = []
    for content, style in pairs_on_page(run):
        part = frame[(frame["content"] == content) & (frame["style"] == style)]
        row = [(f"{content} × {style}", run.pair(content, style)[1])]
        for item in part.to_dict("records"):
            cell = run.find(content, style, str(item["label"]))
            assert cell is not None
            row.append((f"λ = {item['lambda']:g}", run.output(cell, str(item["mode"]))))
        rows.append(row)
    return keep(
        contact_sheet(rows),
        folder,
        "lambda_sweep",
        "The rotation weight λ",
        "The style, then rotation 90 in the reading of the published code. λ = 0 is plain style "
        "transfer; λ = 1 matches the scrambled target alone.",
        frame,
    )


def published_sheet(run: RunData, comparison: Comparison, folder: Path) -> Figure | None:
    """Draw the published outputs and ours side by side: one row per pair, rotations 0 and 90.

    Args:
        run: of the published pairs.
        comparison: of the run with the published pictures.
        folder: of the figures.

    Returns:
        nothing, where the published pictures are not there as they were compared.
    """
    numbers = comparison.tables["pictures"]
    told = {
        (row["pair"], row["mode"]): (row["floor_theirs"], row["lpips"])
        for row in numbers.to_dict("records")
    }
    cells = {
        (cell["content"], cell["style"]): cell for cell in run.cells if cell["method"] == "dfr"
    }
    rows = []
    for name, pair in comparison.pairs.items():
        cell = cells.get((pair.content, pair.style))
        files = {mode: comparison.published(name, mode) for mode in ("rot000", "rot090")}
        if cell is None or None in files.values():
            continue
        content, style = run.pair(pair.content, pair.style)
        row = [(f"content: {pair.content}", content), (f"style: {pair.style}", style)]
        for mode, file in files.items():
            assert file is not None
            degrees, (floor, distance) = int(mode.removeprefix("rot")), told[name, mode]
            row += [
                (f"published, {degrees}° (floor {floor:.2f})", picture_of(file)),
                (f"ours, {degrees}° (LPIPS {distance:.2f})", run.output(cell, mode)),
            ]
        rows.append(row)
    if not rows:
        return None
    return keep(
        contact_sheet(rows, greatest_width=SIX_IN_A_ROW),
        folder,
        "published_and_ours",
        "Published outputs and ours",
        "Of each published pair: what DFR's authors published for 0 and 90, and ours. LPIPS: how "
        "far ours is from theirs. Floor: how far two of their outputs of one objective are apart, "
        "by chance alone. 180 and 270 are the same two objectives again.",
        numbers,
    )
