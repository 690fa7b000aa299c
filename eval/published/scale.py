"""The study of scale in the numbers on which claims rest.

``python -m eval.published.scale --published DIR --ours DIR --losses FILE --out DIR`` measures the
pictures that `eval.speed.gpu` kept of its study of scale: small sizes and the published one, with
the published weights as they are and with the published balance (`dfr.objective.balance`), after
300 iterations and at the end. It writes

- ``scale.csv``: one row for each output.
- ``scale_pairs.csv``: LPIPS between every two modes of one method and pair, and the floor of
  chance, LPIPS between two outputs of one objective. At DFR's published size these are 0 and 180
  degrees, and 90 and 270. Below it, where the balance multiplies every term by 1 (Gram, covariance
  and cosine of DeCorMST), they are the output with it and the one without it, in rows whose two
  modes are one.

A run that was cut off goes on where it stopped: what stands in the tables is not measured again.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from baselines.decormst import DeCorMST
from dfr.core.errors import UserError
from dfr.core.images import load, picture_files, resize
from dfr.core.terminal import complaining
from dfr.methods.deep_feature_rotation import DFR
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from dfr.objective.objective import yardstick
from dfr.objective.published_size import DECORMST_SIZE, DFR_SIZE
from eval.measures import coherence, effectiveness, losses, lpips_distance
from eval.measures.context import Context
from eval.measures.pca_bases import PcaBases, fit_bases
from eval.published.numbers import TWIN, write_tables
from eval.published.outputs import PublishedPair, published_pairs

#: Each method with the size and iterations that were published for it. The study was made with
#: DeCorMST's colours in the order of the weights.
METHODS: Mapping[str, tuple[DFR | DeCorMST, tuple[int, int], int]] = {
    "decormst": (DeCorMST(channels="correct"), DECORMST_SIZE, 1000),
    "dfr": (DFR(), DFR_SIZE, 3000),
}
#: Correlations of DeCorMST whose weights the balance leaves as they are.
UNCHANGED = ("gram", "covariance", "cosine")
#: What a row of both tables is of.
KEYS = ["method", "pair", "longest", "balanced", "iterations"]


@dataclass(frozen=True)
class Outputs:
    """The pictures of one method and pair, at one size, balance and iteration.

    Attributes:
        method: its name.
        pair: name of the published pair.
        size: height and width.
        balanced: whether the published balance was kept.
        iterations: after which the pictures were kept.
        files: mode -> the picture.
    """

    method: str
    pair: str
    size: tuple[int, int]
    balanced: bool
    iterations: int
    files: Mapping[str, Path]

    @property
    def key(self) -> dict[Hashable, Any]:
        """The columns that name these outputs in the tables."""
        values = (self.method, self.pair, max(self.size), self.balanced, self.iterations)
        return dict(zip(KEYS, values, strict=True))


def kept_outputs(folder: Path) -> list[Outputs]:
    """Find the pictures of the study, the smallest sizes first.

    Args:
        folder: ``scale/LONGEST/METHOD/PAIR/MODE_BALANCE_ITERATION.png`` in it, LONGEST ``full``
            for the published size; and ``published/PAIR/MODE.png``, DFR's at the published size.

    Raises:
        UserError: there is none.
    """
    found: dict[tuple[str, str, tuple[int, int], bool, int], dict[str, Path]] = {}
    for file in sorted(folder.glob("scale/*/*/*/*.png")):
        longest, method, pair = (parent.name for parent in reversed(file.parents[:3]))
        mode, balance, iterations = file.stem.split("_")
        published = METHODS[method][1]
        size = published if longest == "full" else at_longest(published, int(longest))
        key = (method, pair, size, balance == "balanced", int(iterations))
        found.setdefault(key, {})[mode] = file
    for pair in sorted({pair for _, pair, *_ in found}):
        for file in sorted((folder / "published" / pair).glob("*.png")):
            key = ("dfr", pair, DFR_SIZE, False, METHODS["dfr"][2])
            found.setdefault(key, {})[file.stem] = file
    if not found:
        raise UserError(f"{folder}: no pictures of the study of scale in it")
    outputs = [Outputs(*key, files) for key, files in found.items()]
    return sorted(outputs, key=lambda each: (max(each.size), each.method, each.pair))


def at_longest(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """Return a size with another longer side, its shape kept."""
    return round(size[0] * longest / max(size)), round(size[1] * longest / max(size))


class Measures:
    """Measures outputs, with the networks loaded once and E's directions fitted once for a size.

    Args:
        pairs: the published pairs by name.
        contents: files of the contents to which the directions of E are fitted, at each size.
    """

    def __init__(self, pairs: Mapping[str, PublishedPair], contents: Sequence[Path]) -> None:
        self.pairs, self.contents = pairs, contents
        self.encoder, self.distance = Encoder(load_vgg19()), Lpips("alex")
        self._bases: dict[tuple[int, int], PcaBases] = {}

    def context(self, outputs: Outputs) -> Context:
        """Return the pictures and networks with which these outputs are measured."""
        pair = self.pairs[outputs.pair]
        content, style = (self._at(file, outputs.size) for file in (pair.content, pair.style))
        return Context(
            content,
            style,
            {mode: load(file) for mode, file in outputs.files.items()},
            yardstick(content, style, self.encoder),
            self.encoder,
            {"alex": self.distance},
            self.bases(outputs.size),
        )

    def bases(self, size: tuple[int, int]) -> PcaBases:
        """Return E's directions at a size; those of another size are forgotten."""
        if size not in self._bases:
            pictures = (self._at(file, size) for file in self.contents)
            self._bases = {size: fit_bases(pictures, self.encoder)}
        return self._bases[size]

    def rows(self, outputs: Outputs) -> list[dict[Hashable, Any]]:
        """Return one row for each output: the numbers on which claims rest."""
        context = self.context(outputs)
        content = replace(context, outputs={"content": context.content})
        e_of_content = effectiveness.to_style(content)["content"]["e_statistic"]
        of_style = effectiveness.to_style(context)
        found = {
            "style_gap_own": own_gap_closed(context, METHODS[outputs.method][0]),
            "style_gap_unrotated": losses.style_gap_closed(context),
            "content_loss": losses.content_loss(context),
            "e_statistic": {mode: found["e_statistic"] for mode, found in of_style.items()},
            "c_statistic": coherence.coherence(context),
            "lpips_content": lpips_distance.to_content(context),
        }
        return [
            {
                **outputs.key,
                "height": outputs.size[0],
                "width": outputs.size[1],
                "mode": mode,
                **{name: values[mode] for name, values in found.items()},
                "e_of_content": e_of_content,
            }
            for mode in context.outputs
        ]

    def between(self, outputs: Outputs) -> list[dict[Hashable, Any]]:
        """Return one row for every two modes: LPIPS between them."""
        pictures = {
            mode: self.distance.features(load(file)) for mode, file in outputs.files.items()
        }
        return [
            {
                **outputs.key,
                "mode_a": a,
                "mode_b": b,
                "one_objective": TWIN.get(a) == b,
                "lpips": self.distance.between(pictures[a], pictures[b]),
            }
            for a, b in itertools.combinations(pictures, 2)
        ]

    def chance(self, plain: Outputs, balanced: Outputs) -> list[dict[Hashable, Any]]:
        """Return LPIPS between the outputs without the balance and with it, of one objective."""
        return [
            {
                **balanced.key,
                "mode_a": mode,
                "mode_b": mode,
                "one_objective": True,
                "lpips": float(self.distance(load(plain.files[mode]), load(balanced.files[mode]))),
            }
            for mode in UNCHANGED
            if mode in plain.files and mode in balanced.files
        ]

    def _at(self, file: Path, size: tuple[int, int]) -> torch.Tensor:
        return resize(load(file), *size, antialias=False)


@torch.no_grad()
def own_gap_closed(context: Context, method: DFR | DeCorMST) -> dict[str, float]:
    """How much of the way to its own target each output has gone, in the target's own statistic.

    1 - L(output) / L(content picture), with L the method's style loss; see
    `eval.measures.losses.style_gap_closed`, which asks the same for the unrotated Gram target.

    Args:
        context: the outputs, modes of the method.
        method: with the published weights.
    """
    problem = method.problem(context.content, context.style, context.encoder)
    objective, encoder = problem.objective, problem.encoder

    def loss(picture: torch.Tensor, mode: str) -> float:
        row = objective.rows([method.modes.index(mode)])
        return float(row(picture, encoder(picture, row.layers)).style)

    return {
        mode: 1 - loss(picture, mode) / loss(context.content, mode)
        for mode, picture in context.outputs.items()
    }


def with_losses(rows: pd.DataFrame, curves: pd.DataFrame) -> pd.DataFrame:
    """Add ``loss_ratio``, the last loss over the first in the objective that was minimised.

    Args:
        rows: of ``scale.csv``.
        curves: of ``reports/gpu/scale.csv``; at 300 iterations, the nearest that it has.
    """
    longest = curves[["height", "width"]].max(axis=1)
    curves = curves.assign(longest=longest)
    parts = [
        curves.assign(iterations=300, loss_ratio=curves["ratio_near_300"]),
        curves.assign(loss_ratio=curves["ratio_at_the_end"]),
    ]
    names = [*KEYS, "mode"]
    known = pd.concat(parts)[[*names, "loss_ratio"]].dropna()
    return rows.drop(columns="loss_ratio", errors="ignore").merge(known, on=names, how="left")


def measure_all(published: Path, ours: Path, curves: pd.DataFrame, out: Path) -> None:
    """Measure what is not in the tables yet, and keep them after each method, pair and size.

    Args:
        published: the authors' outputs, for their contents and styles.
        ours: our pictures, see `kept_outputs`.
        curves: ``reports/gpu/scale.csv``.
        out: folder of the tables.
    """
    files = [out / "scale.csv", out / "scale_pairs.csv"]
    rows: list[dict[Hashable, Any]]
    between: list[dict[Hashable, Any]]
    rows, between = (
        pd.read_csv(file).to_dict("records") if file.is_file() else [] for file in files
    )
    done = {tuple(row[key] for key in KEYS) for row in rows}
    pairs = {pair.name: pair for pair in published_pairs(published)}
    measures = Measures(pairs, picture_files(published / "content"))
    for _, group in itertools.groupby(
        kept_outputs(ours), lambda each: (each.size, each.method, each.pair)
    ):
        every = list(group)
        for outputs in every:
            if tuple(outputs.key.values()) in done:
                continue
            rows += measures.rows(outputs)
            between += measures.between(outputs)
            if outputs.balanced:
                plain = replace(outputs, balanced=False)
                between += measures.chance(
                    next(each for each in every if each.key == plain.key), outputs
                )
        losses = with_losses(pd.DataFrame(rows), curves)
        write_tables({"scale": losses, "scale_pairs": pd.DataFrame(between)}, out)
        print(*every[0].key.values(), flush=True)


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--published", type=Path, required=True, help="the authors' outputs")
    parser.add_argument("--ours", type=Path, required=True, help="our pictures")
    parser.add_argument(
        "--losses", type=Path, default=Path("reports/gpu/scale.csv"), help="table of the losses"
    )
    parser.add_argument("--out", type=Path, default=Path("reports/published"))
    options = parser.parse_args()
    measure_all(options.published, options.ours, pd.read_csv(options.losses), options.out)


if __name__ == "__main__":
    with complaining():
        main()
