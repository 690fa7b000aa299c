"""The outputs that the DFR authors published beside their code: a folder of pairs.

``DIR/content`` and ``DIR/style`` hold the pictures, ``DIR/CONTENT_STYLE_LAMBDA`` the outputs:
``at_30_outputK.png`` (their notebook: 30 x 100 = 3000 iterations) and ``at_3000_outputK.png``
(their train.py), K = 1..4 for 0, 90, 180 and 270 degrees. All of them have 422 x 512 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dfr.core.errors import UserError
from dfr.core.images import picture_files
from eval.data.lock import open_locked

#: The pair of DeCorMST's Table 1 that DFR's repository has too.
DECORMST_PAIR = "123057_Vassily_Kandinsky_1.0"


@dataclass(frozen=True)
class PublishedPair:
    """One content, one style, one lambda, and what was published for them.

    Attributes:
        name: of its folder, CONTENT_STYLE_LAMBDA.
        content: file of the content picture.
        style: file of the style picture.
        rotation_weight: lambda.
        outputs: source (``at_30`` or ``at_3000``) -> the four files, for 0, 90, 180 and 270.
    """

    name: str
    content: Path
    style: Path
    rotation_weight: float
    outputs: Mapping[str, tuple[Path, ...]]


def locked_pairs(data: Path) -> list[PublishedPair]:
    """Return the published pairs of a data folder, see `eval.data.published_import`.

    Raises:
        UserError: it is not whole, or holds no published pairs.
    """
    lock = open_locked(data)
    if not lock.pairs:
        raise UserError(
            f"{data}: holds no published pairs; make a folder that does with `dfr data import "
            "--published DIR`"
        )
    return [
        PublishedPair(
            name=pair.name,
            content=data / pair.content,
            style=data / pair.style,
            rotation_weight=pair.rotation_weight,
            outputs={
                source: tuple(data / file for file in files)
                for source, files in pair.outputs.items()
            },
        )
        for pair in lock.pairs
    ]


def published_pairs(folder: Path) -> list[PublishedPair]:
    """Read a folder of published outputs, by name.

    Raises:
        UserError: no such folder, no pair in it, a pair whose content or style is not there, or one
            with a missing output.
    """
    contents = {file.stem: file for file in picture_files(folder / "content")}
    styles = {file.stem: file for file in picture_files(folder / "style")}
    pairs = []
    for place in sorted(path for path in folder.iterdir() if path.name.count("_") >= 2):
        known = [
            (content, style)
            for content in contents
            for style in styles
            if place.name.startswith(f"{content}_{style}_")
        ]
        if not known:
            raise UserError(f"{place}: its content or style is not in {folder}")
        content, style = max(known, key=lambda names: len("_".join(names)))
        outputs = {}
        for source in ("at_30", "at_3000"):
            files = tuple(place / f"{source}_output{k}.png" for k in range(1, 5))
            there = [file for file in files if file.is_file()]
            if there and len(there) < len(files):
                missing = next(file for file in files if file not in there)
                raise UserError(f"{missing}: is missing; get the folder again")
            if there:
                outputs[source] = files
        pairs.append(
            PublishedPair(
                place.name,
                contents[content],
                styles[style],
                float(place.name.removeprefix(f"{content}_{style}_")),
                outputs,
            )
        )
    if not pairs:
        raise UserError(f"{folder}: no published outputs in it")
    return pairs
