"""DeCorMST's Table 1, 50 numbers of the E statistic, beside ours."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from dfr.core.images import load, picture_files, resize
from dfr.network.encoder import STYLE_LAYERS, Encoder
from dfr.objective.balance import DECORMST_SIZE
from eval.measures.effectiveness import e_statistics
from eval.measures.pca_bases import fit_bases
from eval.published.outputs import PublishedPair

#: The ranks with which DeCorMST's Table 1 was made.
DECORMST_RANKS = dict(zip(STYLE_LAYERS, (18, 100, 128, 280, 256), strict=True))


def compare_decormst(
    table: pd.DataFrame,
    pair: PublishedPair,
    contents: Path,
    ours: Path,
    encoder: Encoder,
    tell: Callable[[str], None] = lambda _: None,
) -> pd.DataFrame:
    """Set the E statistic of our DeCorMST outputs beside the published table.

    Args:
        table: the published one: correlation, iterations, layer, E.
        pair: the pair that it is about.
        contents: folder of the contents over which its bases were fitted.
        ours: folder of our pictures, ``PAIR/CHANNELS_ITERATIONS/CORRELATION.png`` in it, where
            CHANNELS is ``published`` for outputs made with the published channel order, and
            ``correct`` for others.
        encoder: max pooling, fp32.
        tell: told which output is measured.

    Returns:
        the published rows with our E beside them, for the outputs that we made.
    """
    bases = fit_bases(map(load, picture_files(contents)), encoder, DECORMST_RANKS)
    style = resize(load(pair.style), *DECORMST_SIZE, False)
    outputs = list(table.groupby(["correlation", "iterations"], sort=False))
    rows = []
    for channels, ((correlation, iterations), lines) in itertools.product(
        ("published", "correct"), outputs
    ):
        file = ours / pair.name / f"{channels}_{iterations}" / f"{correlation}.png"
        if not file.is_file():
            continue
        tell(f"{correlation}, {iterations} iterations, channels {channels}")
        found: Mapping[str, float] = e_statistics(load(file), style, bases, encoder)
        rows += [
            {**line, "ours": found[line["layer"]], "channels": channels}
            for line in lines.rename(columns={"E": "published"}).to_dict("records")
        ]
    return pd.DataFrame(rows)
