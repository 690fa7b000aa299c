"""Statistics over pairs, against hand calculations and known limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.analysis.crossed import interval
from eval.analysis.flips import flip_test
from eval.analysis.pairs import (
    grid_of,
    holm,
    means,
    paired_tests,
    per_pair,
    variance_shares,
)


def frame(cube: np.ndarray) -> pd.DataFrame:
    """(contents, styles, labels) as rows."""
    return pd.DataFrame(
        [
            {"content": f"c{i}", "style": f"s{j}", "label": f"m{k}", "loss": cube[i, j, k]}
            for i, j, k in np.ndindex(cube.shape)
        ]
    )


@pytest.fixture
def noise() -> np.random.Generator:
    return np.random.default_rng(0)


def test_outputs_of_a_cell_are_averaged_first():
    rows = pd.DataFrame(
        {"content": "c", "style": "s", "label": ["a", "a", "b"], "loss": [1.0, 3.0, 5.0]}
    )
    assert per_pair(rows, "loss").iloc[0].to_dict() == {"a": 2.0, "b": 5.0}


def test_methods_and_pairs_stay_in_the_order_of_the_profile():
    rows = pd.DataFrame(
        {"content": ["z", "z", "a"], "style": "s", "label": ["n", "m", "n"], "loss": [1.0, 2, 3]}
    )
    found = per_pair(rows, "loss")
    assert found.columns.tolist() == ["n", "m"]
    assert found.index.tolist() == [("z", "s"), ("a", "s")]


def test_holm_by_hand():
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])) == pytest.approx([1.0, 1.0])
    found = holm(np.array([0.01, np.nan, 0.02]))
    assert found[[0, 2]] == pytest.approx([0.02, 0.02])
    assert np.isnan(found[1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_keeps_order_and_never_helps(values):
    p = np.array(values)
    corrected = holm(p)
    assert (corrected >= p).all()
    assert (corrected <= 1).all()
    assert (np.diff(corrected[np.argsort(p, kind="stable")]) >= 0).all()


def test_a_real_difference_is_found_and_its_size_told(noise):
    cube = noise.normal(size=(6, 7, 1)) + 0.3 * noise.normal(size=(6, 7, 2)) + [0.0, 1.0]
    row = paired_tests(frame(cube), "loss").iloc[0]
    difference = cube[..., 0] - cube[..., 1]
    assert row["pairs"] == 42
    assert row["difference"] == pytest.approx(difference.mean())
    assert row["low"] < row["difference"] < row["high"] < 0
    assert row["effect"] == pytest.approx(difference.mean() / difference.std(ddof=1))
    assert row["a_larger"] == (difference > 0).mean()
    assert row["p"] == flip_test(difference)
    assert row["p"] < 0.005


def test_no_difference_is_not_found(noise):
    cube = noise.normal(size=(8, 8, 1)) + noise.normal(size=(8, 8, 2))
    row = paired_tests(frame(cube), "loss").iloc[0]
    assert row["low"] < 0 < row["high"]
    assert row["p_holm"] > 0.05


def test_equal_methods_have_no_p_value():
    row = paired_tests(frame(np.ones((4, 4, 2))), "loss").iloc[0]
    assert row["difference"] == 0
    assert np.isnan(row["p"])
    assert np.isnan(row["effect"])


def test_missing_pairs_are_left_out(noise):
    cube = noise.normal(size=(5, 5, 2))
    rows = frame(cube).drop(index=[0, 7])
    assert np.isnan(grid_of(per_pair(rows, "loss")["m0"])[0, 0])
    assert means(rows, "loss")["pairs"].tolist() == [24, 24]
    assert paired_tests(rows, "loss").iloc[0]["pairs"] == 23


def test_means_by_hand_with_their_intervals(noise):
    cube = noise.normal(size=(4, 3, 2))
    rows = frame(cube)
    found = means(rows, "loss")
    assert found.columns.tolist() == ["label", "pairs", "mean", "low", "high"]
    assert found["label"].tolist() == ["m0", "m1"]
    assert found["mean"].tolist() == pytest.approx(cube.mean(axis=(0, 1)).tolist())
    for label, (low, high) in enumerate(found[["low", "high"]].to_numpy()):
        assert (low, high) == interval(cube[..., label])


def test_every_two_methods_are_compared_once_in_their_order(noise):
    found = paired_tests(frame(noise.normal(size=(3, 3, 3))), "loss")
    assert list(zip(found["a"], found["b"], strict=True)) == [
        ("m0", "m1"), ("m0", "m2"), ("m1", "m2"),
    ]  # fmt: skip
    assert found["p_holm"].tolist() == holm(found["p"].to_numpy()).tolist()
    alone = paired_tests(frame(noise.normal(size=(3, 3, 1))), "loss")
    assert alone.empty
    assert alone.columns.tolist() == found.columns.tolist()


def test_the_larger_one_is_counted_however_little_and_equal_ones_are_not():
    cube = np.array([[[0.5, 0.0], [0.0, 0.5], [1.0, 1.0], [1e-9, 0.0]]])
    assert paired_tests(frame(cube), "loss").iloc[0]["a_larger"] == 0.5


def test_one_pair_has_a_difference_and_nothing_else():
    row = paired_tests(frame(np.array([[[1.0, 3.0]]])), "loss").iloc[0]
    assert row[["pairs", "difference", "a_larger"]].tolist() == [1, -2, 0]
    assert row[["low", "high", "effect", "p", "p_holm"]].isna().all()
    two = paired_tests(frame(np.array([[[1.0, 3.0], [1.0, 2.0]]])), "loss").iloc[0]
    assert two["effect"] == pytest.approx(-1.5 / np.std([-2, -1], ddof=1))
    assert np.isnan(two["p"])  # two pairs carry no test


def test_variance_shares_of_known_parts(noise):
    content, style, method = (noise.normal(size=n) for n in (6, 5, 4))
    parts = [axis - axis.mean() for axis in (content, style, method)]
    cube = parts[0][:, None, None] * 3 + parts[1][None, :, None] * 2 + parts[2][None, None, :]
    total = (cube**2).sum()
    found = variance_shares(frame(cube + 10), "loss").set_index("source")["share"]
    assert found["content"] == pytest.approx(9 * (parts[0] ** 2).sum() * 20 / total)
    assert found["style"] == pytest.approx(4 * (parts[1] ** 2).sum() * 24 / total)
    assert found["output"] == pytest.approx((parts[2] ** 2).sum() * 30 / total)
    assert found["interaction and rest"] == pytest.approx(0, abs=1e-9)
    assert found.sum() == pytest.approx(1)


def test_variance_is_that_of_the_methods_that_ran_on_all_pairs(noise):
    """A method on a diagonal of the pairs leaves the shares of the others as they are."""
    whole = frame(noise.normal(size=(6, 5, 3)))
    part = whole[whole["label"] == "m2"]
    diagonal = part[part["content"].str[1:] == part["style"].str[1:]]
    assert 0 < len(diagonal) < len(part)
    others = whole[whole["label"] != "m2"]
    found = variance_shares(pd.concat([others, diagonal]), "loss")
    pd.testing.assert_frame_equal(found, variance_shares(others, "loss"))
    assert not found.empty


def test_variance_of_an_unfinished_run_keeps_every_method(noise):
    """The last content lacks a cell: it is left out, not the method."""
    whole = frame(noise.normal(size=(6, 5, 3)))
    last = (whole["content"] == "c5") & (whole["style"] == "s4") & (whole["label"] == "m2")
    assert last.sum() == 1
    pd.testing.assert_frame_equal(
        variance_shares(whole[~last], "loss"),
        variance_shares(whole[whole["content"] != "c5"], "loss"),
    )


def test_variance_of_nothing_is_empty():
    assert variance_shares(frame(np.ones((3, 3, 2))), "loss").empty
