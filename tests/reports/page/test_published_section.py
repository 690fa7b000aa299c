"""The page's section about the published outputs."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eval.runs.comparison import FILE, write_comparison
from reports.inputs.run_data import RunData, read_run
from reports.page.published import published_section
from reports.tables.published import FOLDER, by_rotation, kept_tables
from tests.eval.runs.published_run import comparison_of, published_data, store_of

MODES = ("rot000", "rot090", "rot180", "rot270")
PAIRS = ("3063_blue_1.0", "8068_blue_sky_1.0")


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    return published_data(tmp_path_factory)


def compared(published: Path, folder: Path) -> RunData:
    """A run of the published pairs, with the tables of a comparison."""
    store = store_of(folder, published)
    numbers = ("lpips", "floor_theirs", "floor_ours", "ssim", "ssim_floor_theirs", "e_ours",
               "e_theirs", "c_ours", "c_theirs")  # fmt: skip
    pictures = [
        {"pair": pair, "mode": mode, **{name: 0.1 * (k + 1) for k, name in enumerate(numbers)}}
        for pair in PAIRS
        for mode in MODES
    ]
    retrieval = [{**row, "right": row["mode"] != "rot090"} for row in pictures]
    tables = {"pictures": pd.DataFrame(pictures), "retrieval": pd.DataFrame(retrieval)}
    write_comparison(store, comparison_of(store, published, tables))
    identity = store.description["identity"]
    return RunData(store, identity, [], store.cells(), {}, [], [])


def test_every_page_tells_what_was_kept(tiny_run, tmp_path):
    found = published_section(read_run(tiny_run), tmp_path)
    pictures = pd.read_csv(FOLDER / "pictures.csv")
    assert f"{pictures['pair'].nunique()} of their pairs" in found.summary
    ratio = pictures["lpips"] / pictures["floor_theirs"]
    expected = ratio[pictures["mode"] == "rot090"].median()
    assert found.kept["ours to theirs / floor"][1] == pytest.approx(expected)
    assert not found.own and found.figure is None and found.by_rotation is None
    page = html.unescape((tiny_run / "report" / "index.html").read_text())
    assert found.summary in page and f'data-v="{float(expected)!r}"' in page
    assert found.summary in (tiny_run / "report" / "report.md").read_text()


def test_a_run_that_was_compared_shows_its_pictures_beside_theirs(published, tmp_path):
    found = published_section(compared(published, tmp_path / "run"), tmp_path / "figures")
    assert found.by_rotation["nearest is right"].tolist() == ["2 of 2", "0 of 2", *["2 of 2"] * 2]
    assert found.by_rotation["ours to theirs / floor"].tolist() == pytest.approx([0.5] * 4)
    assert len(found.by_pair) == 8
    sheet = np.asarray(Image.open(found.figure.png))
    assert found.figure.photo and sheet.shape[1] > sheet.shape[0]
    assert len(pd.read_csv(found.figure.data)) == 8
    # Outputs of this run are the published ones: each stands twice beside itself.
    row = sheet[40:220]
    theirs, ours = (row[:, 8 + place * 248 : 8 + place * 248 + 240] for place in (2, 3))
    assert np.array_equal(theirs, ours) and theirs.std() > 5


def test_without_the_published_pictures_only_the_numbers_are_shown(published, tmp_path):
    data = shutil.copytree(published, tmp_path / "data")
    run = compared(data, tmp_path / "run")
    (data / "published" / PAIRS[0] / "at_30_output2.png").write_bytes(b"other")
    found = published_section(run, tmp_path / "figures")
    assert np.asarray(Image.open(found.figure.png)).shape[0] < 250  # one row
    assert found.own.endswith(f"were compared: {PAIRS[0]})")
    shutil.rmtree(data)
    found = published_section(run, tmp_path / "figures")
    assert found.figure is None and all(pair in found.own for pair in PAIRS)
    assert len(found.by_rotation) == 4


def test_a_run_of_the_pairs_that_was_not_compared_says_so(published, tmp_path):
    run = compared(published, tmp_path)
    (tmp_path / FILE).unlink()
    found = published_section(run, tmp_path / "figures")
    assert "was not set beside" in found.own and found.by_rotation is None


def test_rows_are_in_the_order_of_the_rotations():
    assert by_rotation(kept_tables())["rotation"].tolist() == ["0°", "90°", "180°", "270°"]
