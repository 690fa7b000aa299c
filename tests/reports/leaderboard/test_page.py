"""The leaderboard's page in a real browser, opened from a file, without any network."""

from __future__ import annotations

import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.barriers import WCAG, barriers
from tests.conftest import complaint
from tests.reports.leaderboard.conftest import LABELS

pytestmark = pytest.mark.xdist_group("leaderboard in a browser")


@pytest.fixture
def page(open_file: Callable[..., Any], leaderboard: Path) -> Any:
    """The page, whose pictures lie beside it."""
    return open_file(leaderboard / "page" / "index.html", beside=True)


def test_the_command_names_what_is_refused_and_keeps_the_rest(leaderboard: Path):
    told = (leaderboard / "told.txt").read_text()
    assert "refused: zz<again>.zip: names itself 'gatys', as gatys.zip does" in told
    assert "4 entries stand, 1 are refused" in told


def test_every_output_lies_beside_the_page_as_it_was_sent(leaderboard: Path):
    for label in LABELS:
        with zipfile.ZipFile(leaderboard / f"{label}.zip") as entry:
            sent = {name: entry.read(name) for name in entry.namelist() if name.endswith(".png")}
        places = [
            folder
            for folder in (leaderboard / "page" / "pictures").iterdir()
            if all((folder / name.removeprefix("outputs/")).is_file() for name in sent)
        ]
        assert any(
            all((p / n.removeprefix("outputs/")).read_bytes() == b for n, b in sent.items())
            for p in places
        )


def test_a_column_sorts_by_the_keyboard(page):
    header = page.locator("thead th", has_text="SSIM to content").first
    place = page.locator("table.sortable thead tr:last-child th").all_inner_texts()
    column = next(i for i, text in enumerate(place) if "SSIM" in text) + 1
    for direction in ("descending", "ascending"):
        header.get_by_role("button").press("Enter")
        assert header.get_attribute("aria-sort") == direction
        found = [float(v) for v in page.locator(f"table.sortable tbody tr > :nth-child({column})")
                 .evaluate_all("cells => cells.map((cell) => cell.dataset.v)")]  # fmt: skip
        assert found == sorted(found, reverse=direction == "descending") and len(set(found)) == 4


def test_a_name_is_text_and_never_markup(page):
    assert "A <b>group</b>" in page.locator("table.sortable tbody").inner_text()
    assert "zz<again>.zip" in page.locator("section:has(#refused)").inner_text()


def test_controls_are_shown_apart(page):
    table = page.get_by_role("region", name=re.compile("Table of controls"))
    assert "the photograph itself" in table.inner_text() and "noise" in table.inner_text()
    assert "the photograph itself" not in page.locator("table.sortable").inner_text()


def test_a_figure_is_shown_for_the_quality_that_is_chosen(page):
    shown = page.locator(".figures figure:visible")
    assert shown.count() == 2  # against diversity, and against time
    page.locator("select[data-quality]").select_option("c_statistic")
    assert shown.count() == 2
    captions = shown.locator("figcaption").all_inner_texts()
    assert all(text.startswith("C against") for text in captions)


def test_every_output_can_be_looked_at(page):
    images = page.locator(".shots img")
    assert images.count() == 2 + 4 + 5 + 1 + 1  # content, style, and the outputs of each method
    assert all(value == "lazy" for value in images.evaluate_all("all => all.map(i => i.loading)"))
    page.get_by_role("button", name="pair after").press("Enter")
    assert "pair 2 of 2" in page.locator(".pairs [role=status]").inner_text()
    page.get_by_label("show", exact=True).select_option(label="every pair, by DeCorMST, gram")
    assert images.count() == 2
    images.first.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.shots img').naturalWidth === 40")


def test_there_are_no_barriers_light_dark_or_narrow(page):
    page.locator("details").first.locator("summary").click()
    tags = (*WCAG, "best-practice")
    assert barriers(page, tags=tags) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1200
    page.emulate_media(color_scheme="dark")
    assert barriers(page, colours=True) == []
    page.set_viewport_size({"width": 360, "height": 800})
    assert barriers(page, colours=False, tags=tags) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_entry_that_has_gone_leaves_the_page(leaderboard: Path, tmp_path: Path, dfr):
    copy = Path(shutil.copytree(leaderboard, tmp_path / "copy"))
    for name in ("zz<again>.zip", "dfr.zip"):
        (copy / name).unlink()
    before = len(list((copy / "page" / "pictures").iterdir()))
    done = dfr("leaderboard", copy, "--pairs", 1, "--device", "cpu", "--seed", "test")
    assert done.returncode == 0 and "3 entries stand, 0 are refused" in done.stdout, done.stderr
    assert len(list((copy / "page" / "pictures").iterdir())) == before - 1
    assert "DFR (code)" not in (copy / "page" / "index.html").read_text()


def test_a_folder_without_entries_is_one_line(dfr, tmp_path: Path):
    assert "no entry in it" in complaint(dfr("leaderboard", tmp_path))
    assert "no such folder" in complaint(dfr("leaderboard", tmp_path / "none"))
