"""Our outputs of the published pairs beside the published ones.

Three tables:

- ``pictures``: for each pair and output the LPIPS distance, SSIM, colour distance, E and C of ours
  and theirs, beside the floor of chance: the distances between two runs of one objective.
- ``retrieval``: the published output that is nearest to each of ours, of all pairs and modes.
- ``diversity``: LPIPS of every two outputs of a pair, theirs (both sources) and ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import torch

from dfr.core.errors import UserError
from dfr.core.images import load, resize
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from eval.measures.coherence import c_statistic
from eval.measures.colour import colour_distance
from eval.measures.effectiveness import e_statistics
from eval.measures.pca_bases import PcaBases, fit_bases
from eval.measures.similarity import ssim
from eval.published.numbers import MODES, SOURCE, TWIN
from eval.published.outputs import PublishedPair

#: Pair -> mode -> file of our output.
Ours = Mapping[str, Mapping[str, Path]]


class Output(NamedTuple):
    """One output: of which pair, whose (``at_30``, ``at_3000`` or ``ours``), and which mode."""

    pair: str
    source: str
    mode: str


#: Output -> its LPIPS features.
Seen = Mapping[Output, list[torch.Tensor]]


def pictures_in(folder: Path, pairs: Sequence[PublishedPair]) -> dict[str, dict[str, Path]]:
    """Find our outputs in a folder: ``PAIR/MODE.png``.

    Returns:
        pair -> mode -> file, of the pairs of which all four outputs are there.

    Raises:
        UserError: one that cannot be read, or has another size than the published ones.
    """
    found = {}
    for pair in pairs:
        files = {mode: folder / pair.name / f"{mode}.png" for mode in MODES}
        if all(file.is_file() for file in files.values()):
            wanted = load(pair.outputs[SOURCE][0]).shape[-2:]
            for file in files.values():
                height, width = load(file).shape[-2:]
                if (height, width) != tuple(wanted):
                    raise UserError(
                        f"{file}: has {height} x {width} pixels, and the published outputs have "
                        f"{wanted[0]} x {wanted[1]}; make it at that size"
                    )
            found[pair.name] = files
    return found


def compare_pictures(
    pairs: Sequence[PublishedPair],
    ours: Ours,
    distance: Lpips,
    encoder: Encoder,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, pd.DataFrame]:
    """Set our outputs of the published pairs beside the published ones.

    Args:
        pairs: at lambda 1; those that we did not make are left out.
        ours: all four outputs of each pair that we made.
        distance: LPIPS.
        encoder: max pooling, fp32, for the E statistic.
        tell: told which pair is compared.

    Returns:
        the tables ``pictures``, ``retrieval`` and ``diversity``.
    """
    made = [pair for pair in pairs if pair.name in ours]
    bases = fit_bases((_at_size(pair.content, pair) for pair in made), encoder)
    seen = {}
    for output, file in _files(pairs, ours):
        seen[output] = distance.features(load(file))
    pictures, nearest, diverse = [], [], []
    for pair in made:
        tell(pair.name)
        for mode in MODES:
            own = Output(pair.name, "ours", mode)
            pictures.append(
                {
                    "pair": pair.name,
                    "mode": mode,
                    **_distances(own, seen, distance),
                    **_picture_row(pair, mode, ours[pair.name][mode], bases, encoder),
                }
            )
            nearest.append(_nearest(own, seen, distance))
        diverse += _diversity(pair, seen, distance)
    return {
        "pictures": pd.DataFrame(pictures),
        "retrieval": pd.DataFrame(nearest),
        "diversity": pd.DataFrame(diverse),
    }


def _files(pairs: Sequence[PublishedPair], ours: Ours) -> Iterator[tuple[Output, Path]]:
    """Return every published output, also of pairs that we did not make, and ours."""
    for pair in pairs:
        for source, files in pair.outputs.items():
            for mode, file in zip(MODES, files, strict=True):
                yield Output(pair.name, source, mode), file
        for mode, file in ours.get(pair.name, {}).items():
            yield Output(pair.name, "ours", mode), file


def _distances(own: Output, seen: Seen, distance: Lpips) -> dict[str, float]:
    """Return the LPIPS distances of one of our outputs, with the floors."""
    theirs, twin = own._replace(source=SOURCE), TWIN[own.mode]
    their_twin = theirs._replace(mode=twin)
    return {
        "lpips": distance.between(seen[own], seen[theirs]),
        "lpips_to_their_twin": distance.between(seen[own], seen[their_twin]),
        "floor_theirs": distance.between(seen[theirs], seen[their_twin]),
        "floor_ours": distance.between(seen[own], seen[own._replace(mode=twin)]),
    }


def _picture_row(
    pair: PublishedPair, mode: str, file: Path, bases: PcaBases, encoder: Encoder
) -> dict[str, float]:
    """Return what is measured on the pictures themselves: SSIM, colour, E and C."""
    published = dict(zip(MODES, pair.outputs[SOURCE], strict=True))
    mine, theirs, their_twin = map(load, (file, published[mode], published[TWIN[mode]]))
    content, style = _at_size(pair.content, pair), _at_size(pair.style, pair)
    e_ours = e_statistics(mine, style, bases, encoder)
    e_theirs = e_statistics(theirs, style, bases, encoder)
    return {
        "ssim": ssim(mine, theirs),
        "ssim_floor_theirs": ssim(theirs, their_twin),
        "colour": colour_distance(mine, theirs),
        "colour_floor_theirs": colour_distance(theirs, their_twin),
        "e_ours": sum(e_ours.values()) / len(e_ours),
        "e_theirs": sum(e_theirs.values()) / len(e_theirs),
        "c_ours": c_statistic(mine, content),
        "c_theirs": c_statistic(theirs, content),
    }


def _at_size(file: Path, pair: PublishedPair) -> torch.Tensor:
    """Load a content or style at the size of the published outputs, resized as published."""
    height, width = load(pair.outputs[SOURCE][0]).shape[-2:]
    return resize(load(file), height, width, antialias=False)


def _nearest(own: Output, seen: Seen, distance: Lpips) -> dict[str, Any]:
    """Return the published output that is nearest to one of ours."""
    distances = {
        output: distance.between(seen[own], features)
        for output, features in seen.items()
        if output.source == SOURCE
    }
    best = min(distances, key=lambda output: distances[output])
    return {
        "pair": own.pair,
        "mode": own.mode,
        "nearest_pair": best.pair,
        "nearest_mode": best.mode,
        "lpips": distances[best],
        "right": best.pair == own.pair and best.mode in (own.mode, TWIN[own.mode]),
    }


def _diversity(pair: PublishedPair, seen: Seen, distance: Lpips) -> list[dict[str, Any]]:
    """Return the distances of every two outputs of a pair, of each source."""
    return [
        {
            "pair": pair.name,
            "source": source,
            "mode_a": a,
            "mode_b": b,
            "one_objective": TWIN[a] == b,
            "lpips": distance.between(
                seen[Output(pair.name, source, a)], seen[Output(pair.name, source, b)]
            ),
        }
        for source in (*pair.outputs, "ours")
        for a, b in itertools.combinations(MODES, 2)
    ]
