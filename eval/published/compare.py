"""Ours beside theirs: the published outputs of DFR, and DeCorMST's table of E statistics.

``python -m eval.published.compare --published DIR --ours DIR --out DIR`` reads the published
outputs and the pictures that `eval.speed.gpu` made of the same pairs, and writes the tables of
`eval.published.pictures`, and with ``--decormst`` also ``decormst_e.csv`` and
``decormst_e_readings.csv`` of `eval.published.decormst_table`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from dfr.core.files import write_whole
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from eval.published.decormst_table import compare_decormst, compare_readings
from eval.published.outputs import DECORMST_PAIR, published_pairs
from eval.published.pictures import compare_pictures, pictures_in


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--published", type=Path, required=True, help="the authors' outputs")
    parser.add_argument("--decormst", type=Path, help="folder of DeCorMST's e_statistics.csv")
    parser.add_argument("--contents", type=Path, help="contents of DeCorMST's bases")
    parser.add_argument("--ours", type=Path, required=True, help="our pictures")
    parser.add_argument("--out", type=Path, default=Path("reports/published"))
    options = parser.parse_args()
    encoder = Encoder(load_vgg19())
    pairs = published_pairs(options.published)
    if options.decormst is not None:
        table = pd.read_csv(options.decormst / "e_statistics.csv")
        pair = next(pair for pair in pairs if pair.name == DECORMST_PAIR)
        what = table, pair, options.contents, options.ours / "decormst", encoder
        _write(compare_decormst(*what, print), options.out / "decormst_e.csv")
        _write(compare_readings(*what), options.out / "decormst_e_readings.csv")
    chosen = [pair for pair in pairs if pair.rotation_weight == 1]
    ours = pictures_in(options.ours / "published", chosen)
    found = compare_pictures(chosen, ours, Lpips("alex"), encoder, print)
    for name, frame in found.items():
        _write(frame, options.out / f"{name}.csv")


def _write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda place: frame.to_csv(place, index=False, float_format="%.5g"))


if __name__ == "__main__":
    main()
