"""Reading the authors' published outputs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dfr.core.errors import UserError
from eval.published.outputs import published_pairs


@pytest.fixture
def folder(tmp_path: Path, files: Path) -> Path:
    """Two pairs of one content, whose names share their beginning."""
    for kind, names in (("content", ["3063"]), ("style", ["blue", "blue_sky"])):
        for name in names:
            (tmp_path / kind).mkdir(exist_ok=True)
            shutil.copy(files / f"{kind}.png", tmp_path / kind / f"{name}.png")
    for pair in ("3063_blue_0.2", "3063_blue_sky_1.0"):
        (tmp_path / pair).mkdir()
        for k in range(1, 5):
            shutil.copy(files / "style.png", tmp_path / pair / f"at_30_output{k}.png")
    return tmp_path


def test_pairs_are_read_by_name(folder):
    pairs = {pair.name: pair for pair in published_pairs(folder)}
    assert set(pairs) == {"3063_blue_0.2", "3063_blue_sky_1.0"}
    assert pairs["3063_blue_0.2"].rotation_weight == 0.2
    assert pairs["3063_blue_sky_1.0"].style.stem == "blue_sky"
    assert [file.name for file in pairs["3063_blue_0.2"].outputs["at_30"]] == [
        f"at_30_output{k}.png" for k in range(1, 5)
    ]


def test_a_missing_output_is_named(folder):
    (folder / "3063_blue_0.2" / "at_30_output3.png").unlink()
    with pytest.raises(UserError, match=r"at_30_output3\.png: is missing"):
        published_pairs(folder)


def test_a_pair_without_its_style_is_named(folder):
    (folder / "style" / "blue_sky.png").unlink()
    (folder / "style" / "blue.png").unlink()
    (folder / "style" / "other.png").write_bytes((folder / "content" / "3063.png").read_bytes())
    with pytest.raises(UserError, match="its content or style is not in"):
        published_pairs(folder)


def test_the_authors_own_folder_is_read(shared_pictures):
    pairs = published_pairs(shared_pictures / "authors" / "published")
    assert len(pairs) == 13
    assert sorted({pair.rotation_weight for pair in pairs}) == [0, 0.2, 0.4, 0.6, 0.8, 1]
    assert sum("at_3000" in pair.outputs for pair in pairs) == 8
