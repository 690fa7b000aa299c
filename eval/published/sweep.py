"""The authors' own sweep of the rotation weight lambda: how far their outputs are apart.

``python -m eval.published.sweep --published DIR`` writes ``sweep.csv``.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dfr.core.images import load
from dfr.core.terminal import complaining
from dfr.network.lpips import Lpips
from eval.published.numbers import MODES, SOURCE, TWIN, write_tables
from eval.published.outputs import PublishedPair, published_pairs


def published_sweep(pairs: Sequence[PublishedPair], distance: Lpips) -> pd.DataFrame:
    """Return LPIPS between every two published outputs of the pairs with several lambdas.

    Args:
        pairs: of all lambdas.
        distance: LPIPS.

    Returns:
        pair (CONTENT_STYLE), ``lambda``, ``mode_a``, ``mode_b``, ``one_objective`` (twins, and at
        lambda 0 all of them), ``lpips``; by pair and lambda.
    """
    rows = []
    for pair in sorted(pairs, key=lambda each: (each.content, each.style, each.rotation_weight)):
        same = [
            other for other in pairs
            if (other.content, other.style) == (pair.content, pair.style)
        ]  # fmt: skip
        if len(same) < 2 or SOURCE not in pair.outputs:
            continue
        seen = {
            mode: distance.features(load(file))
            for mode, file in zip(MODES, pair.outputs[SOURCE], strict=True)
        }
        rows += [
            {
                "pair": pair.name.rpartition("_")[0],
                "lambda": pair.rotation_weight,
                "mode_a": a,
                "mode_b": b,
                "one_objective": TWIN[a] == b or pair.rotation_weight == 0,
                "lpips": distance.between(seen[a], seen[b]),
            }
            for a, b in itertools.combinations(MODES, 2)
        ]
    columns = ["pair", "lambda", "mode_a", "mode_b", "one_objective", "lpips"]
    return pd.DataFrame(rows, columns=columns)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--published", type=Path, required=True, help="the authors' outputs")
    parser.add_argument("--out", type=Path, default=Path("reports/published"))
    options = parser.parse_args()
    sweep = published_sweep(published_pairs(options.published), Lpips("alex"))
    write_tables({"sweep": sweep}, options.out)


if __name__ == "__main__":
    with complaining():
        main()
