"""Ours beside theirs: the published outputs of DFR, and DeCorMST's table of E statistics.

``python -m eval.published.compare --published DIR --ours DIR --out DIR`` reads the published
outputs and the pictures that `eval.speed.gpu` made of the same pairs, and writes

- ``pictures.csv``: for each pair and output the LPIPS distance, SSIM, colour distance, E and C of
  ours and theirs, beside the floor of chance: the distances between two runs of one objective.
- ``retrieval.csv``: the published output that is nearest to each of ours, of all pairs and modes.
- ``diversity.csv``: LPIPS of every two outputs of a pair, theirs (both sources) and ours.
- ``decormst_e.csv``: 50 numbers of E, published and ours.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import torch
from scipy import stats

from dfr.core.files import write_whole
from dfr.core.images import load, picture_files, resize
from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import STYLE_LAYERS, Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from dfr.objective.balance import DECORMST_SIZE, DFR_SIZE
from eval.measures.coherence import c_statistic
from eval.measures.effectiveness import e_statistics
from eval.measures.pca_bases import fit_bases
from eval.measures.similarity import ssim
from eval.published.outputs import DECORMST_PAIR, PublishedPair, published_pairs

#: Modes in the order of the published outputs 1 to 4.
MODES = DFR().modes
#: Outputs of one objective in the published code: 0 and 180, 90 and 270 degrees.
TWIN = {"rot000": "rot180", "rot180": "rot000", "rot090": "rot270", "rot270": "rot090"}
#: The ranks with which DeCorMST's Table 1 was made.
DECORMST_RANKS = dict(zip(STYLE_LAYERS, (18, 100, 128, 280, 256), strict=True))


def colour_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return how far two pictures' colours are apart, whatever their places, in [0, 1].

    The Wasserstein distance of the values of R, G and B of (1, 3, h, w), mean over the three.
    """
    return float(
        sum(
            stats.wasserstein_distance(a.flatten().numpy(), b.flatten().numpy())
            for a, b in zip(one[0], other[0], strict=True)
        )
        / 3
    )


def ours_of(folder: Path, pair: PublishedPair) -> dict[str, torch.Tensor]:
    """Return mode -> our picture of a published pair; empty where it was not made."""
    files = {mode: folder / "published" / pair.name / f"{mode}.png" for mode in MODES}
    return {mode: load(file) for mode, file in files.items() if file.is_file()}


def compare_pictures(
    pairs: list[PublishedPair], ours: Path, distance: Lpips, encoder: Encoder
) -> dict[str, pd.DataFrame]:
    """Set our outputs of the published pairs beside the published ones.

    Args:
        pairs: at lambda 1; those that we did not make are left out.
        ours: folder of our pictures, ``published/PAIR/MODE.png`` in it.
        distance: LPIPS.
        encoder: max pooling, fp32, for the E statistic.

    Returns:
        the tables ``pictures``, ``retrieval`` and ``diversity``.
    """
    made = [pair for pair in pairs if ours_of(ours, pair)]
    bases = fit_bases((resize(load(pair.content), *DFR_SIZE, False) for pair in made), encoder)
    theirs_features: dict[tuple[str, str, str], list[torch.Tensor]] = {}
    ours_features: dict[tuple[str, str], list[torch.Tensor]] = {}
    for pair in made:
        for source, files in pair.outputs.items():
            for mode, file in zip(MODES, files, strict=True):
                theirs_features[pair.name, source, mode] = distance.features(load(file))
        for mode, picture in ours_of(ours, pair).items():
            ours_features[pair.name, mode] = distance.features(picture)

    rows, nearest, diverse = [], [], []
    for pair in made:
        content = resize(load(pair.content), *DFR_SIZE, False)
        style = resize(load(pair.style), *DFR_SIZE, False)
        mine = ours_of(ours, pair)
        theirs = dict(zip(MODES, map(load, pair.outputs["at_30"]), strict=True))
        for mode, picture in mine.items():
            found = ours_features[pair.name, mode]
            twin = TWIN[mode]
            e_ours = e_statistics(picture, style, bases, encoder)
            e_theirs = e_statistics(theirs[mode], style, bases, encoder)
            distances = {
                (name, other): distance.between(found, features)
                for (name, source, other), features in theirs_features.items()
                if source == "at_30"
            }
            best = min(distances, key=lambda key: distances[key])
            rows.append(
                {
                    "pair": pair.name,
                    "mode": mode,
                    "lpips": distances[pair.name, mode],
                    "lpips_to_their_twin": distances[pair.name, twin],
                    "floor_theirs": distance.between(
                        theirs_features[pair.name, "at_30", mode],
                        theirs_features[pair.name, "at_30", twin],
                    ),
                    "floor_ours": distance.between(found, ours_features[pair.name, twin]),
                    "ssim": ssim(picture, theirs[mode]),
                    "ssim_floor_theirs": ssim(theirs[mode], theirs[twin]),
                    "colour": colour_distance(picture, theirs[mode]),
                    "colour_floor_theirs": colour_distance(theirs[mode], theirs[twin]),
                    "e_ours": sum(e_ours.values()) / len(e_ours),
                    "e_theirs": sum(e_theirs.values()) / len(e_theirs),
                    "c_ours": c_statistic(picture, content),
                    "c_theirs": c_statistic(theirs[mode], content),
                }
            )
            nearest.append(
                {
                    "pair": pair.name,
                    "mode": mode,
                    "nearest_pair": best[0],
                    "nearest_mode": best[1],
                    "lpips": distances[best],
                    "right": best[0] == pair.name and best[1] in (mode, twin),
                }
            )
            print(pair.name, mode, rows[-1]["lpips"], nearest[-1]["right"], flush=True)
        for source in (*pair.outputs, "ours"):
            for a, b in itertools.combinations(MODES, 2):
                one, other = (
                    ours_features[pair.name, mode]
                    if source == "ours"
                    else theirs_features[pair.name, source, mode]
                    for mode in (a, b)
                )
                diverse.append(
                    {
                        "pair": pair.name,
                        "source": source,
                        "mode_a": a,
                        "mode_b": b,
                        "one_objective": TWIN[a] == b,
                        "lpips": distance.between(one, other),
                    }
                )
    return {
        "pictures": pd.DataFrame(rows),
        "retrieval": pd.DataFrame(nearest),
        "diversity": pd.DataFrame(diverse),
    }


def compare_decormst(
    table: pd.DataFrame, pair: PublishedPair, contents: Path, ours: Path, encoder: Encoder
) -> pd.DataFrame:
    """Set the E statistic of our DeCorMST outputs beside the published table.

    Args:
        table: the published one: correlation, iterations, layer, E.
        pair: the pair that it is about.
        contents: folder of the contents over which its bases were fitted.
        ours: folder of our pictures, ``decormst/PAIR/CHANNELS_ITERATIONS/CORRELATION.png`` in it,
            where CHANNELS is ``published`` for outputs made with the published channel order, and
            ``correct`` for others.
        encoder: max pooling, fp32.

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
        folder = ours / "decormst" / pair.name / f"{channels}_{iterations}"
        file = folder / f"{correlation}.png"
        if not file.is_file():
            continue
        found: Mapping[str, float] = e_statistics(load(file), style, bases, encoder)
        rows += [
            {**line, "ours": found[line["layer"]], "channels": channels}
            for line in lines.rename(columns={"E": "published"}).to_dict("records")
        ]
        print(correlation, iterations, {k: round(v, 2) for k, v in found.items()}, flush=True)
    return pd.DataFrame(rows)


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
        compared = compare_decormst(table, pair, options.contents, options.ours, encoder)
        _write(compared, options.out / "decormst_e.csv")
    chosen = [pair for pair in pairs if pair.rotation_weight == 1]
    for name, frame in compare_pictures(chosen, options.ours, Lpips("alex"), encoder).items():
        _write(frame, options.out / f"{name}.csv")


def _write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda place: frame.to_csv(place, index=False, float_format="%.5g"))


if __name__ == "__main__":
    main()
