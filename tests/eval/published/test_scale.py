"""The study of scale: reading its pictures, measuring them, and from which size on they agree."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
import torch

from baselines.decormst import DeCorMST
from dfr.core.errors import UserError
from dfr.core.images import save
from dfr.objective.objective import yardstick
from eval.measures.context import Context
from eval.measures.losses import style_gap_closed
from eval.measures.pca_bases import fit_bases
from eval.published import scale
from eval.published.outputs import PublishedPair
from eval.published.scale_conclusions import DIVERSE, conclusions, least_side, numbers

PAIR = "content_style_1.0"


@pytest.fixture
def kept(tmp_path: Path, content: torch.Tensor, style: torch.Tensor) -> Path:
    """Two modes of DeCorMST at a longer side of 64 pixels, with and without the balance."""
    size = scale.at_longest(scale.METHODS["decormst"][1], 64)
    folder = tmp_path / "scale" / "64" / "decormst" / PAIR
    for mode, amount in (("gram", 0.3), ("pearson", 0.6)):
        for balance, more in (("plain", 0.0), ("balanced", 0.1)):
            part = (1 - amount - more) * content + (amount + more) * style
            save(part[..., : size[0], : size[1]], folder / f"{mode}_{balance}_300.png")
    return tmp_path


def test_outputs_are_found_by_size_balance_and_iteration(kept):
    folder = kept / "scale" / "full" / "decormst" / PAIR
    save(torch.zeros(1, 3, 321, 481), folder / "gram_plain_1000.png")
    save(torch.zeros(1, 3, 422, 512), kept / "published" / PAIR / "rot000.png")
    found = [list(outputs.key.values()) for outputs in scale.kept_outputs(kept)]
    assert sorted(found[:2], key=str) == [
        ["decormst", PAIR, 64, False, 300],
        ["decormst", PAIR, 64, True, 300],
    ]
    assert found[2:] == [
        ["decormst", PAIR, 481, False, 1000],
        ["dfr", PAIR, 512, False, 3000],
    ]


def test_a_folder_without_pictures_is_named(tmp_path):
    with pytest.raises(UserError, match="no pictures of the study of scale"):
        scale.kept_outputs(tmp_path)


def test_the_gap_to_its_own_target(encoder, content, style):
    """0 for the content picture, 1 for the style itself; for Gram it is that of the yardstick."""
    outputs = {"gram": style, "cosine": content, "pearson": 0.5 * content + 0.5 * style}
    context = Context(
        content, style, outputs, yardstick(content, style, encoder), encoder, {},
        fit_bases([content], encoder),
    )  # fmt: skip
    found = scale.own_gap_closed(context, DeCorMST(channels="correct"))
    assert found["gram"] == pytest.approx(1) and found["cosine"] == 0
    assert 0 < found["pearson"] < 1
    assert found["pearson"] != pytest.approx(style_gap_closed(context)["pearson"], rel=0.01)
    swapped = scale.own_gap_closed(context, DeCorMST())
    assert swapped["gram"] == pytest.approx(1) and swapped["cosine"] == 0
    assert swapped["pearson"] != pytest.approx(found["pearson"], rel=1e-4)


def test_pictures_are_measured_once(kept, files, monkeypatch):
    """A run that goes on measures what is missing, and every number stands in the tables."""
    pair = PublishedPair(PAIR, files / "content.png", files / "style.png", 1.0, {})
    monkeypatch.setattr(scale, "published_pairs", lambda _: [pair])
    monkeypatch.setattr(scale, "picture_files", lambda _: [pair.content])
    curves = pd.DataFrame(
        {
            "method": "decormst", "mode": ["gram", "pearson"] * 2, "pair": PAIR,
            "height": 43, "width": 64, "balanced": [False, False, True, True],
            "ratio_near_300": [0.5, 2.0, 0.4, 0.3], "ratio_at_the_end": 0.1, "iterations": 1000,
        }
    )  # fmt: skip
    scale.measure_all(kept, kept, curves, kept)
    rows, between = (pd.read_csv(kept / f"{name}.csv") for name in ("scale", "scale_pairs"))
    assert len(rows) == 4 and not rows.isna().any().any()
    assert dict(zip(zip(rows["mode"], rows["balanced"], strict=True), rows["loss_ratio"],
                    strict=True))[("pearson", True)] == 0.3  # fmt: skip
    twins = between[between["mode_a"] == between["mode_b"]]
    assert list(twins["mode_a"]) == ["gram"], "Pearson's two objectives are not one"
    assert twins["one_objective"].all() and not between.drop(twins.index)["one_objective"].any()

    monkeypatch.setattr(scale.Measures, "rows", lambda *_: pytest.fail("measured again"))
    scale.measure_all(kept, kept, curves, kept)
    assert len(pd.read_csv(kept / "scale.csv")) == 4


def test_chance_is_the_distance_of_two_outputs_of_one_objective(kept, lpips):
    measures = scale.Measures.__new__(scale.Measures)
    measures.distance = lpips["alex"]
    plain, balanced = scale.kept_outputs(kept)
    plain, balanced = (plain, balanced) if balanced.balanced else (balanced, plain)
    (row,) = measures.chance(plain, balanced)
    assert row["mode_a"] == row["mode_b"] == "gram" and row["lpips"] > 0


@pytest.mark.parametrize(
    ("agree", "least"),
    [
        ({96: True, 128: True, 256: True}, 96),
        ({96: True, 128: False, 256: True}, 256),
        ({96: True, 128: True, 256: False}, None),
        ({}, None),
    ],
)
def test_the_least_side_has_every_larger_one_with_it(agree, least):
    assert least_side(agree) == least


def made_up(small: dict[int, float], published: dict[str, float]) -> pd.DataFrame:
    """Rows of Pearson's outputs of two pairs: its loss ratio by size, and at the published one."""
    same = {"style_gap_own": 0.9, "style_gap_unrotated": 0.2, "content_loss": 1.0,
            "e_statistic": -3.0, "e_of_content": -4.0, "c_statistic": 0.5,
            "lpips_content": 0.5}  # fmt: skip
    where = [(side, True, ratio, pair) for side, ratio in small.items() for pair in published]
    where += [(481, False, ratio, pair) for pair, ratio in published.items()]
    return pd.DataFrame(
        [
            {"method": "decormst", "pair": pair, "longest": side, "balanced": balanced,
             "iterations": 1000, "mode": mode, **same, "loss_ratio": ratio}
            for side, balanced, ratio, pair in where
            for mode in ("gram", "pearson")
        ]
    )  # fmt: skip


def distances(lpips: float) -> pd.DataFrame:
    """Two modes that far apart at 96 pixels and the published size, where the floor is 0.2."""
    return pd.DataFrame(
        [
            {"method": "decormst", "pair": pair, "longest": side, "balanced": side < 481,
             "iterations": 1000, "mode_a": "gram", "mode_b": other, "one_objective": twins,
             "lpips": 0.2 if twins else lpips}
            for pair in ("one", "two")
            for side in (96, 481)
            for other, twins in (("pearson", False), ("gram", True))
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("small", "published", "said", "least"),
    [
        ({96: 0.5, 256: 0.5}, {"one": 0.02, "two": 0.03}, "yes", 96),
        ({96: 2.0, 256: 0.5}, {"one": 0.02, "two": 0.03}, "yes", 256),
        ({96: 2.0, 256: 2.0}, {"one": 0.02, "two": 0.03}, "yes", None),
        ({96: 2.0, 256: 2.0}, {"one": 40.0, "two": 50.0}, "no", 96),
        ({96: 0.5, 256: 0.5}, {"one": 0.02, "two": 2.0}, "pairs disagree", None),
    ],
)
def test_a_conclusion_has_its_least_side(small, published, said, least):
    table = conclusions(made_up(small, published), distances(0.3))
    (row,) = table[(table["conclusion"] == "loss_falls") & (table["mode"] == "pearson")].to_dict(
        "records"
    )
    assert row["published"] == said
    assert (None if pd.isna(row["least_side"]) else row["least_side"]) == least


@pytest.mark.parametrize(("lpips", "said"), [(0.21, "yes"), (0.19, "no")])
def test_modes_differ_where_they_are_further_apart_than_chance(lpips, said):
    table = conclusions(made_up({96: 0.5}, {"one": 0.02, "two": 0.03}), distances(lpips))
    (row,) = table[table["conclusion"] == DIVERSE].to_dict("records")
    assert (row["published"], row["least_side"]) == (said, 96)


def test_a_number_agrees_while_size_changes_it_less_than_pairs_differ():
    rows = made_up({96: 0.055, 128: 0.035, 256: 0.02}, {"one": 0.02, "two": 0.04})
    table = numbers(rows, distances(0.3))
    (row,) = table[(table["number"] == "loss_ratio") & (table["mode"] == "gram")].to_dict("records")
    assert row["spread_published"] == pytest.approx(0.02)
    assert row["least_side"] == 128
    assert math.isclose(row["median_96"], 0.055)


def test_the_published_reading_of_90_degrees_has_no_miniature():
    """It agrees at every size here, and none of them counts; for 0 degrees they do."""
    rows = made_up({96: 0.5}, {"one": 0.4, "two": 0.5}).assign(method="dfr")
    rows["longest"] = rows["longest"].replace({481: 512})
    rows["mode"] = rows["mode"].replace({"gram": "rot000", "pearson": "rot090"})
    between = distances(0.3).assign(method="dfr")
    between["longest"] = between["longest"].replace({481: 512})
    between = between.replace({"gram": "rot000", "pearson": "rot090"})
    table = conclusions(rows, between)
    about_90 = (table["mode"] == "rot090") | (table["other_mode"] == "rot090")
    assert table[about_90]["least_side"].isna().all()
    assert (table[~about_90]["least_side"] == 96).all() and (~about_90).any()
