"""One look for every figure: colour-blind safe (Okabe and Ito), readable in print."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as MplFigure
from matplotlib.ticker import LogFormatterSciNotation
from PIL import Image

from dfr.core.files import write_text, write_whole

#: Okabe and Ito's colours, with yellow, which is too pale for lines on white, left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")

#: Of the PNG files.
DOTS_PER_INCH = 150

_STYLE = {
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "grid.color": "#dddddd",
    "font.size": 10,
    "legend.frameon": False,
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "dfr-suite",
}


@dataclass(frozen=True)
class Figure:
    """A figure on disk, as PNG, as SVG where it is drawn, and as the data it shows.

    Attributes:
        name: file name without ending.
        title: what it shows, in a few words.
        caption: what to see in it.
        png: path of the PNG.
        data: path of the CSV.
        photo: whether it is a sheet of pictures.
    """

    name: str
    title: str
    caption: str
    png: Path
    data: Path
    photo: bool = False


@contextmanager
def plot(width: float, height: float, columns: int = 1) -> Iterator[MplFigure]:
    """Give a matplotlib figure, in inches, in the project's look; closed at the end."""
    with mpl.rc_context(_STYLE):  # type: ignore[arg-type]
        figure, _ = plt.subplots(1, columns, figsize=(width, height), squeeze=False)
        try:
            yield figure
        finally:
            plt.close(figure)


def keep(
    figure: MplFigure | Image.Image,
    folder: Path,
    name: str,
    title: str,
    caption: str,
    data: pd.DataFrame,
) -> Figure:
    """Write a figure as PNG and SVG with its data as CSV.

    A sheet of pictures (a PIL image) becomes an SVG that holds the PNG.
    """
    png, svg, csv = (folder / f"{name}.{ending}" for ending in ("png", "svg", "csv"))
    if isinstance(figure, Image.Image):
        write_whole(png, lambda path: figure.save(path, format="PNG"))
        write_text(svg, _svg_around(png, figure))
    else:
        pixels = _drawn(figure)
        figure.set_layout_engine("none")  # laid out once, for both files
        write_whole(png, lambda path: pixels.save(path, format="PNG"))
        canvas = FigureCanvasSVG(figure)
        write_whole(svg, lambda path: canvas.print_svg(path, metadata={"Date": None}))  # type: ignore[no-untyped-call]
    write_whole(csv, lambda path: data.to_csv(path, index=False))
    return Figure(name, title, caption, png, csv, isinstance(figure, Image.Image))


#: Where an axis spans a larger factor, only ticks at 1, 2 and 5 are named: more touch each other.
_FEW_TICKS = 10


class PlainPowers(LogFormatterSciNotation):
    """Writes 10⁻³ without the formulas' own typesetting, which takes longer than all other text."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the text of a tick; empty for one that has none."""
        text = _plain(super().__call__(x, pos))
        low, high = sorted(self.axis.get_view_interval()) if self.axis else (1, 1)
        wide = low > 0 and high / low > _FEW_TICKS
        return "" if wide and not text.startswith(("10", "2 ", "5 ")) else text


def _plain(formula: str) -> str:
    """Write ``$\\mathdefault{2\\times10^{-3}}$`` as plain text."""
    plain = formula.removeprefix(r"$\mathdefault{").removesuffix("}$").replace(r"\times", " × ")
    number, _, power = plain.partition("^{")
    return number + power.removesuffix("}").translate(_RAISED)


_RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _drawn(figure: MplFigure) -> Image.Image:
    """Lay a figure out and draw it. ``savefig`` draws it twice for each file."""
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_formatter(), LogFormatterSciNotation):
                axis.set_major_formatter(PlainPowers())
                axis.set_minor_formatter(PlainPowers(labelOnlyBase=False))
    figure.dpi = DOTS_PER_INCH
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = canvas.buffer_rgba()  # type: ignore[no-untyped-call]
    return Image.fromarray(np.asarray(pixels)).convert("RGB")


def _svg_around(png: Path, image: Image.Image) -> str:
    data = base64.b64encode(png.read_bytes()).decode("ascii")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{image.width}" height="{image.height}" '
        f'viewBox="0 0 {image.width} {image.height}">'
        f'<image width="{image.width}" height="{image.height}" '
        f'href="data:image/png;base64,{data}"/></svg>\n'
    )
