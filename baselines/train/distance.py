"""How far weights that were trained for the suite are from the published ones, on held pictures.

``python -m baselines.train.distance adain --own FILE --published FOLDER --content DIR --style DIR``
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from statistics import mean
from typing import Annotated

import torch
import typer

from dfr.core.errors import UserError
from dfr.core.files import write_json
from dfr.core.images import SUFFIXES, load, resize
from dfr.core.terminal import complaining
from dfr.methods.registry import build
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from dfr.objective.objective import yardstick


@dataclasses.dataclass(frozen=True)
class Distance:
    """Means over pairs.

    Attributes:
        pairs: how many.
        lpips: between the outputs of the two (AlexNet).
        style: the style loss of the own weights' outputs, as a share of the photographs'; the
            suite's common yardstick, see `dfr.objective.objective.yardstick`.
        style_published: likewise of the published weights' outputs.
        content: the content loss of the own weights' outputs, as a share of the paintings'.
        content_published: likewise of the published weights' outputs.
    """

    pairs: int
    lpips: float
    style: float
    style_published: float
    content: float
    content_published: float


@torch.no_grad()
def distance(
    method: str, own: Path, published: Path, contents: list[Path], styles: list[Path], side: int
) -> Distance:
    """Compare the outputs of two checkpoints of a method.

    Args:
        method: its name.
        own: file of the suite's weights.
        published: folder or file of the published ones.
        contents: photographs that nothing was trained on; each meets every painting.
        styles: paintings, likewise.
        side: of the pictures, in pixels.

    Raises:
        UserError: pictures or weights cannot be read.
    """
    encoder, lpips = Encoder(load_vgg19()), Lpips("alex")
    methods = [build(method, {"checkpoint": str(path)}) for path in (own, published)]
    rows = []
    for photograph in contents:
        for painting in styles:
            content, style = (resize(load(path), side, side) for path in (photograph, painting))
            pictures = [
                next(iter(each.stylize(content, style, encoder).pictures.values()))
                for each in methods
            ]
            ruler = yardstick(content, style, encoder)
            found = [
                ruler(each, encoder(each, ruler.layers)) for each in (*pictures, content, style)
            ]
            plain, painted = float(found[2].style), float(found[3].content)
            rows.append(
                (
                    float(lpips(*pictures)),
                    *(float(each.style) / plain for each in found[:2]),
                    *(float(each.content) / painted for each in found[:2]),
                )
            )
    return Distance(len(rows), *(mean(column) for column in zip(*rows, strict=True)))


def _some(folder: Path, count: int) -> list[Path]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES)
    if not files:
        raise UserError(f"{folder}: no picture in it")
    return files[:count]


def main(
    method: Annotated[str, typer.Argument(help="Its name, such as adain.")],
    own: Annotated[Path, typer.Option(help="File of the suite's weights.", exists=True)],
    published: Annotated[Path, typer.Option(help="The published weights.", exists=True)],
    content: Annotated[Path, typer.Option(help="Folder of photographs.", exists=True)],
    style: Annotated[Path, typer.Option(help="Folder of paintings.", exists=True)],
    count: Annotated[int, typer.Option(min=1, help="Of the first ones of each folder.")] = 4,
    side: Annotated[int, typer.Option(min=32, help="Of the pictures, in pixels.")] = 256,
    out: Annotated[Path | None, typer.Option(help="Write it as JSON too.")] = None,
) -> None:
    """Tell how far the suite's weights of a method are from the published ones."""
    pictures = _some(content, count), _some(style, count)
    found = dataclasses.asdict(distance(method, own, published, *pictures, side))
    for name, value in found.items():
        typer.echo(f"{name}: {value:.3g}")
    if out is not None:
        write_json(out, {"method": method, "side": side, **found})


if __name__ == "__main__":
    with complaining():
        typer.run(main)
