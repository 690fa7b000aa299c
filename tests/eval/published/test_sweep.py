from __future__ import annotations

import pytest
import torch

from dfr.core.images import save
from dfr.network.lpips import Lpips
from eval.published.numbers import MODES
from eval.published.outputs import PublishedPair
from eval.published.sweep import published_sweep


def published(folder, name: str, amount: float, apart: float) -> PublishedPair:
    """A pair whose outputs of 90 and 270 degrees are so far from those of 0 and 180."""
    files = []
    for mode in MODES:
        picture = torch.full((1, 3, 64, 64), 0.5)
        picture[:, :, ::8] += apart if mode in ("rot090", "rot270") else 0.0
        files.append(folder / f"{name}_{amount}" / f"{mode}.png")
        files[-1].parent.mkdir(exist_ok=True)
        save(picture, files[-1])
    return PublishedPair(f"{name}_{amount}", folder / name, folder / "style", amount,
                         {"at_30": tuple(files)})  # fmt: skip


def test_only_pairs_with_several_lambdas_are_a_sweep(tmp_path):
    pairs = [
        published(tmp_path, "alone", 1.0, 0.4),
        published(tmp_path, "swept", 1.0, 0.4),
        published(tmp_path, "swept", 0.0, 0.0),
    ]
    table = published_sweep(pairs, Lpips("alex"))
    assert set(table["pair"]) == {"swept"}
    assert table["lambda"].tolist() == [0.0] * 6 + [1.0] * 6
    nothing, all_of_it = (table[table["lambda"] == amount] for amount in (0.0, 1.0))
    assert nothing["one_objective"].all()
    assert nothing["lpips"].tolist() == pytest.approx([0.0] * 6)
    twins = all_of_it.set_index(["mode_a", "mode_b"])
    assert twins["one_objective"].sum() == 2
    assert twins.loc[("rot000", "rot180"), "lpips"] == pytest.approx(0)
    assert twins.loc[("rot000", "rot090"), "lpips"] > 0.05
