"""What a training shows of itself: a sheet of samples, and the curve of its losses."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import torch

from baselines.crops import Crops
from dfr.core.files import write_whole
from dfr.core.images import save

#: Steps over which the curve is averaged before it is drawn.
WINDOW = 50


@torch.no_grad()
def save_sheet(
    path: Path,
    pairs: list[tuple[int, int]],
    contents: Crops,
    styles: Crops,
    painted: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> None:
    """Write a picture with a photograph in each row, a painting in each column.

    Args:
        path: the PNG.
        pairs: numbers of the crops, row by row.
        contents: the photographs.
        styles: the paintings.
        painted: makes outputs (n, 3, h, w) of pictures (n, 3, h, w).
    """
    lines: list[torch.Tensor] = []
    for content, row in groupby(pairs, lambda pair: pair[0]):
        columns = [styles[style] for _, style in row]
        here = contents[content]
        if not lines:
            lines.append(torch.cat([torch.ones_like(here), *columns], 2))
        out = painted(here.expand(len(columns), -1, -1, -1), torch.stack(columns)).clamp(0, 1)
        lines.append(torch.cat([here, *out.cpu()], 2))
    save(torch.cat(lines, 1), path)


def save_curve(path: Path, rows: list[dict[str, float]]) -> None:
    """Write a figure of each term of the loss against the step, in logarithms."""
    from matplotlib.figure import Figure  # costs half a second

    figure = Figure(figsize=(7, 4))
    axes = figure.subplots()
    names = [name for name in dict.fromkeys(k for row in rows for k in row) if name != "step"]
    for name in names:
        points = [(row["step"], row[name]) for row in rows if name in row]
        parts = [points[i : i + WINDOW] for i in range(0, len(points), WINDOW)]
        steps, values = (
            [sum(point[axis] for point in part) / len(part) for part in parts] for axis in (0, 1)
        )
        axes.plot(steps, values, label=name)
    axes.set(xlabel="step", ylabel=f"loss, mean of {WINDOW} steps", yscale="log")
    axes.legend()
    write_whole(path, lambda temporary: figure.savefig(temporary, dpi=100))
