"""DeCorMST's Table 1, 50 numbers of the E statistic, beside ours.

How the table was measured is told by the notebook in the repository of DeCorMST, which is one of
the E statistic's authors' with changes (`eval.measures.effectiveness`):

- ranks 18, 100, 128, 280, 256;
- pictures are read blue first and go through Keras' preprocessing, which swaps red and blue: the
  network sees red first, less the means of blue first;
- the **style picture is measured at its own size**, although the outputs were made with a smaller
  one (resized to the content);
- the bases are fitted to the content pictures of the E statistic's repository, each resized to
  336 x 512 without antialiasing. Those are BSDS500's test pictures; here they are the contents that
  the authors of DeCorMST published.

`READINGS` has this and what differs from it in one point each. ``python -m
eval.published.decormst_table --table CSV --published DIR --contents DIR --ours DIR`` writes
``decormst_e.csv`` and ``decormst_e_readings.csv``, and ``decormst_e_own_counter.csv`` of outputs
that have a counter of their own; ``--make-own-counter 100 pearson cosine`` makes such ones first.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import torch

from baselines.decormst import DeCorMST
from dfr.core.image_settings import ImageSettings
from dfr.core.images import NATIVE, Size, load, picture_files, resize, save
from dfr.core.terminal import complaining
from dfr.network.encoder import STYLE_LAYERS, Encoder
from dfr.network.weights import load_vgg19
from dfr.objective.published_size import DECORMST_SIZE
from dfr.solvers.adam import Adam
from eval.measures.effectiveness import e_statistics
from eval.measures.pca_bases import PLACES_PER_DIRECTION, RANKS, PcaBases, fit_bases
from eval.published.numbers import write_tables
from eval.published.outputs import DECORMST_PAIR, PublishedPair, published_pairs

#: Outputs of ours by what differs in making them; their folders are called so.
CHANNELS, OWN_COUNTER = ("published", "correct"), "own-counter"
#: The ranks with which DeCorMST's Table 1 was made.
DECORMST_RANKS = MappingProxyType(dict(zip(STYLE_LAYERS, (18, 100, 128, 280, 256), strict=True)))


@dataclass(frozen=True)
class Reading:
    """How the E statistic is measured. The defaults are those of DeCorMST's Table 1.

    Attributes:
        ranks: layer -> the directions of its basis.
        style_size: height and width that the style picture is resized to; None: its own.
        reference_size: likewise of the pictures to which the bases are fitted.
        swapped: red and blue are swapped in all pictures.
        pooling: of the measuring network.
        places_per_direction: see `eval.measures.pca_bases.rank_of`; 1 keeps the ranks.
    """

    ranks: Mapping[str, int] = field(default_factory=lambda: DECORMST_RANKS)
    style_size: tuple[int, int] | None = None
    reference_size: tuple[int, int] | None = (336, 512)
    swapped: bool = True
    pooling: str = "max"
    places_per_direction: int = 1

    def picture(self, file: Path, size: tuple[int, int] | None = None) -> torch.Tensor:
        """Return a picture as it is measured, (1, 3, h, w)."""
        found = load(file)
        if size is not None:
            found = resize(found, *size, antialias=False)
        return found.flip(1) if self.swapped else found

    def bases(self, contents: Path, encoder: Encoder) -> PcaBases:
        """Fit the bases to the pictures of a folder."""
        pictures = (self.picture(file, self.reference_size) for file in picture_files(contents))
        return fit_bases(pictures, encoder, self.ranks, self.places_per_direction)


#: Readings of the table by name: as its notebook has it, and with one point changed.
READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        "as its notebook": Reading(),
        "style at the size of the content": Reading(style_size=DECORMST_SIZE),
        "red and blue in order": Reading(swapped=False),
        "bases from contents at their own size": Reading(reference_size=None),
        "ranks of the E statistic's paper": Reading(ranks=RANKS),
        "ranks limited to a third of the places": Reading(
            places_per_direction=PLACES_PER_DIRECTION
        ),
        "average pooling": Reading(pooling="avg"),
    }
)


def compare_decormst(
    table: pd.DataFrame,
    pair: PublishedPair,
    contents: Path,
    ours: Path,
    encoder: Encoder,
    tell: Callable[[str], None] = lambda _: None,
    reading: Reading = Reading(),
    makings: Sequence[str] = CHANNELS,
) -> pd.DataFrame:
    """Set the E statistic of our DeCorMST outputs beside the published table.

    Args:
        table: the published one: correlation, iterations, layer, E.
        pair: the pair that it is about.
        contents: folder of the contents over which its bases are fitted.
        ours: folder of our pictures, ``PAIR/CHANNELS_ITERATIONS/CORRELATION.png`` in it, where
            CHANNELS is ``published`` for outputs made with the published channel order, and
            ``correct`` for others.
        encoder: max pooling, fp32.
        tell: told which output is measured.
        reading: how E is measured.
        makings: which of our outputs, see ``ours``; `OWN_COUNTER` for those whose optimiser has a
            counter for each output.

    Returns:
        the published rows with our E beside them, for the outputs that we made.
    """
    encoder = encoder.with_pooling(reading.pooling)
    bases = reading.bases(contents, encoder)
    style = reading.picture(pair.style, reading.style_size)
    outputs = list(table.groupby(["correlation", "iterations"], sort=False))
    rows = []
    for channels, ((correlation, iterations), lines) in itertools.product(makings, outputs):
        file = ours / pair.name / f"{channels}_{iterations}" / f"{correlation}.png"
        if not file.is_file():
            continue
        tell(f"{correlation}, {iterations} iterations, channels {channels}")
        found: Mapping[str, float] = e_statistics(reading.picture(file), style, bases, encoder)
        rows += [
            {**line, "ours": found[line["layer"]], "channels": channels}
            for line in lines.rename(columns={"E": "published"}).to_dict("records")
        ]
    return pd.DataFrame(rows)


def compare_readings(
    table: pd.DataFrame, pair: PublishedPair, contents: Path, ours: Path, encoder: Encoder
) -> pd.DataFrame:
    """Return how far each of `READINGS` is from the table: mean absolute difference by layer.

    Only outputs that were made with the published channel order count. See `compare_decormst` for
    the arguments.
    """
    rows = []
    for name, reading in READINGS.items():
        found = compare_decormst(table, pair, contents, ours, encoder, reading=reading)
        found = found[found["channels"] == "published"]
        apart = (found["ours"] - found["published"]).abs()
        layers = apart.groupby(found["layer"]).mean()
        rows.append({"reading": name, "all": apart.mean(), **layers.to_dict()})
    return pd.DataFrame(rows)


def make_with_own_counter(
    pair: PublishedPair,
    ours: Path,
    encoder: Encoder,
    iterations: int,
    correlations: Sequence[str],
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Make outputs as published, but each with a counter of its own, see `dfr.solvers.adam.Adam`.

    Args:
        pair: the pair of the table.
        ours: where our outputs are, see `compare_decormst`.
        encoder: max pooling, fp32.
        iterations: of Adam.
        correlations: which of the five.
        tell: told how far it is.
    """
    images = ImageSettings(Size.parse(NATIVE), "published", "published")
    solver = Adam(iterations=iterations, counter_steps=1)
    method = DeCorMST(statistics=tuple(correlations), solver=solver)
    content, style = images.load_pair(pair.content, pair.style)

    def progress(done: int, total: int) -> None:
        if done % 10 == 0 or done == total:
            tell(f"{done} of {total} iterations")

    result = method.stylize(content, style, encoder, progress=progress)
    for correlation, picture in result.pictures.items():
        folder = ours / pair.name / f"{OWN_COUNTER}_{iterations}"
        save(images.quantise(picture), folder / f"{correlation}.png")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--table", type=Path, required=True, help="DeCorMST's Table 1, as CSV")
    parser.add_argument("--published", type=Path, required=True, help="DFR's published outputs")
    parser.add_argument("--contents", type=Path, required=True, help="contents of the bases")
    parser.add_argument("--ours", type=Path, required=True, help="our outputs of DeCorMST")
    parser.add_argument("--out", type=Path, default=Path("reports/published"))
    parser.add_argument("--make-own-counter", nargs="+", metavar=("ITERATIONS", "CORRELATION"),
                        help="first make these outputs with a counter of their own")  # fmt: skip
    options = parser.parse_args()
    pairs = {pair.name: pair for pair in published_pairs(options.published)}
    table, encoder = pd.read_csv(options.table), Encoder(load_vgg19())
    what = table, pairs[DECORMST_PAIR], options.contents, options.ours, encoder
    if options.make_own_counter:
        iterations, *names = options.make_own_counter
        make_with_own_counter(what[1], options.ours, encoder, int(iterations), names, print)
    own = compare_decormst(*what, makings=(OWN_COUNTER,))
    found = {
        "decormst_e": compare_decormst(*what, print),
        "decormst_e_readings": compare_readings(*what),
    }
    if not own.empty:
        found["decormst_e_own_counter"] = own.drop(columns="channels")
    write_tables(found, options.out)


if __name__ == "__main__":
    with complaining():
        main()
