"""What the page's pair explorer shows: a strip of pictures and the numbers of every pair."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dfr.core.files import write_whole
from eval.runs.tables import measured
from reports.inputs.run_data import RunData
from reports.tables.readable import column_title

#: Strips of all pairs go into the page itself up to this many bytes, else beside it.
MOST_BYTES = 12_000_000
#: Outputs are small; JPEG at this quality, without colour subsampling, shows no traces.
QUALITY = 92


def explorer(run: RunData, folder: Path) -> dict[str, Any]:
    """Return the explorer's data, ready for JSON.

    Args:
        run: the run.
        folder: of the page; strips that are too large for the page go into ``pairs`` there.

    Returns:
        ``measures``: names; ``pairs``: one item per pair with ``content``, ``style``, its strip
        (a data URL, or an address relative to the page), the strip's ``count`` of pictures,
        their ``ratio`` (width / height), and ``items``: name of each picture and its measures
        (null for the content and the style themselves).
    """
    by_pair: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for cell in run.cells:
        by_pair.setdefault((cell["content"], cell["style"]), []).append(cell)
    pairs, strips = [], []
    shown = measured(run.tables["outputs"])
    for (content, style), cells in by_pair.items():
        pictures = list(run.pair(content, style))
        items: list[list[Any]] = [[f"content: {content}", None], [f"style: {style}", None]]
        for cell in cells:
            rows = {row["mode"]: row for row in cell["measures"]["outputs"]}
            for mode in cell["files"]:
                name = cell["title"] if len(cell["files"]) == 1 else f"{cell['title']} {mode}"
                if mode in cell["same_as"]:
                    name += f" (= {cell['same_as'][mode]})"
                pictures.append(run.output(cell, mode))
                items.append([name, [_short(rows[mode].get(measure)) for measure in shown]])
        strip = np.concatenate([np.asarray(picture) for picture in pictures], axis=1)
        strips.append(_jpeg(strip))
        width, height = pictures[0].size
        pairs.append(
            {"content": content, "style": style, "count": len(pictures),
             "ratio": round(width / height, 4), "items": items}
        )  # fmt: skip
    inside = sum(map(len, strips)) <= MOST_BYTES
    for pair, data in zip(pairs, strips, strict=True):
        if inside:
            text = base64.b64encode(data).decode("ascii")
            pair["strip"] = f"data:image/jpeg;base64,{text}"
        else:
            name = f"{pair['content']}__{pair['style']}.jpg"
            write_whole(folder / "pairs" / name, lambda path, d=data: path.write_bytes(d))  # type: ignore[misc]
            pair["strip"] = f"pairs/{name}"
    return {"measures": [column_title(name) for name in shown], "pairs": pairs}


def _short(value: float | None) -> float | None:
    return None if value is None or value != value else float(f"{value:.4g}")


def _jpeg(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=QUALITY, subsampling=0)
    return stream.getvalue()
