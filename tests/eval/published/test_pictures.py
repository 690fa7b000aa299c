"""Our outputs beside the published ones, on small drawn pictures."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from dfr.methods.deep_feature_rotation import DFR
from eval.published.numbers import MODES, TWIN, in_short, write_tables
from eval.published.outputs import published_pairs
from eval.published.pictures import compare_pictures, pictures_in
from tests.conftest import made_once

PAIRS = ("3063_blue_1.0", "8068_red_1.0")


def draw_all(folder: Path) -> None:
    """Two pairs: of each, outputs 1 and 3 are nearly the same, and so are 2 and 4."""
    random = np.random.default_rng(0)

    def save(array: np.ndarray, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array.clip(0, 255).astype(np.uint8)).resize((40, 32)).save(path)

    for pair in PAIRS:
        content, style, _ = pair.split("_")
        save(random.uniform(0, 255, (9, 9, 3)), folder / "content" / f"{content}.png")
        save(random.uniform(0, 255, (9, 9, 3)), folder / "style" / f"{style}.png")
        objectives = random.uniform(0, 255, (2, 12, 12, 3))
        for k in range(4):
            noise = random.normal(0, 20, (12, 12, 3))
            save(objectives[k % 2] + noise, folder / pair / f"at_30_output{k + 1}.png")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "published-pictures", draw_all)


def copied(drawn: Path, folder: Path, **moved: str) -> Path:
    """Copy the published outputs as ours; a pair can be given another one's."""
    for pair in PAIRS:
        (folder / pair).mkdir(parents=True)
        for k, mode in enumerate(MODES):
            source = drawn / moved.get(pair, pair) / f"at_30_output{k + 1}.png"
            shutil.copy(source, folder / pair / f"{mode}.png")
    return folder


@pytest.fixture(scope="module")
def same(drawn, encoder, lpips, tmp_path_factory) -> dict[str, pd.DataFrame]:
    pairs = published_pairs(drawn)
    ours = pictures_in(copied(drawn, tmp_path_factory.mktemp("ours")), pairs)
    return compare_pictures(pairs, ours, lpips["alex"], encoder)


def test_the_same_pictures_are_at_no_distance(same):
    pictures = same["pictures"]
    assert len(pictures) == 8
    assert (pictures["lpips"] == 0).all() and (pictures["colour"] == 0).all()
    assert np.allclose(pictures["ssim"], 1)
    assert (pictures["e_ours"] == pictures["e_theirs"]).all()
    assert (pictures["c_ours"] == pictures["c_theirs"]).all()
    assert (pictures["floor_ours"] == pictures["floor_theirs"]).all()
    assert (pictures["lpips_to_their_twin"] == pictures["floor_theirs"]).all()
    assert (pictures["floor_theirs"] > 0).all()
    assert same["retrieval"]["right"].all()
    assert (same["retrieval"]["nearest_mode"] == same["retrieval"]["mode"]).all()


def test_outputs_of_one_objective_are_nearer_than_others(same):
    diversity = same["diversity"]
    assert set(diversity["source"]) == {"at_30", "ours"} and len(diversity) == 2 * 2 * 6
    twins = diversity["one_objective"]
    assert twins.sum() == 2 * 2 * 2
    assert diversity[twins]["lpips"].max() < diversity[~twins]["lpips"].min()
    assert all(TWIN[row["mode_a"]] == row["mode_b"] for row in diversity[twins].to_dict("records"))


def test_outputs_of_another_pair_do_not_find_their_own(drawn, encoder, lpips, tmp_path):
    pairs = published_pairs(drawn)
    ours = pictures_in(copied(drawn, tmp_path, **{PAIRS[0]: PAIRS[1], PAIRS[1]: PAIRS[0]}), pairs)
    found = compare_pictures(pairs, ours, lpips["alex"], encoder)
    assert not found["retrieval"]["right"].any()
    assert (found["retrieval"]["lpips"] == 0).all()
    assert (found["pictures"]["lpips"] > found["pictures"]["floor_theirs"]).all()


def test_a_pair_that_we_have_not_whole_is_left_out(drawn, tmp_path):
    ours = copied(drawn, tmp_path)
    (ours / PAIRS[0] / "rot180.png").unlink()
    assert list(pictures_in(ours, published_pairs(drawn))) == [PAIRS[1]]


def test_in_short_there_is_a_row_for_each_rotation(same, tmp_path):
    short = in_short(same)
    assert list(short["rotation"]) == [0, 90, 180, 270]
    assert (short["pairs"] == 2).all() and (short["right"] == 2).all()
    assert (short["ratio"] == 0).all()
    write_tables(same, tmp_path)
    again = {name: pd.read_csv(tmp_path / f"{name}.csv") for name in same}
    assert list(again["pictures"].columns) == list(same["pictures"].columns)
    assert np.allclose(in_short(again)["floor_theirs"], short["floor_theirs"], rtol=1e-4)


def test_the_modes_are_those_of_the_published_method():
    assert DFR().modes == MODES
