"""The report's page in a real browser, opened from a file, without any network."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.xdist_group("report in a browser")

#: Copies go to a variable of the page, since a test has no clipboard to look at.
CATCH = """() => {
  Object.defineProperty(navigator, "clipboard", { configurable: true,
    value: { writeText: async (text) => { window.copied = text; } } });
}"""


@pytest.fixture
def page(browser, tiny_run: Path) -> Iterator[object]:
    """The report of the tiny run; any error of its script or request for another file fails."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    address = (tiny_run / "report" / "index.html").as_uri()
    opened.on(
        "request",
        lambda asked: (
            None
            if asked.url.split("#")[0] == address or asked.url.startswith("data:")
            else wrong.append(asked.url)
        ),
    )
    opened.goto(address)
    opened.evaluate(CATCH)
    yield opened
    context.close()
    assert wrong == []


def column(page, name: str, number: int) -> list[str]:
    cells = page.locator(f"[data-table={name}] tbody tr:not(.absent) td:nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_the_summary_comes_first(page):
    headings = page.locator("h2:visible").all_inner_texts()
    assert headings[0] == "In short"
    assert "published claims" in page.locator("#short + p").inner_text()


def test_a_table_sorts_by_a_number_both_ways_and_says_so(page):
    header = page.locator("[data-table=modes] thead th", has_text="content loss")
    place = page.locator("[data-table=modes] thead th").all_inner_texts().index("content loss") + 1
    values = f"[data-table=modes] tbody td:nth-child({place})"
    for direction in ("ascending", "descending"):
        header.get_by_role("button").click()
        assert header.get_attribute("aria-sort") == direction
        found = [float(v) for v in page.locator(values).evaluate_all(
            "cells => cells.map((cell) => cell.dataset.v)")]  # fmt: skip
        assert found == sorted(found, reverse=direction == "descending")
        assert len(set(found)) > 3


def test_a_filter_leaves_the_rows_that_match(page):
    before = len(column(page, "modes", 1))
    page.locator("[data-table=modes] input").fill("decormst pear")
    left = page.locator("[data-table=modes] tbody tr:visible")
    assert left.count() == 1
    assert "pearson" in left.inner_text()
    assert f"1 of {before} rows" in page.locator("[data-table=modes] [role=status]").inner_text()


def test_csv_is_copied_in_full_precision(page, tiny_run):
    page.locator("[data-table=modes] [data-copy=csv]").click()
    page.wait_for_function("window.copied !== undefined")
    rows = list(csv.DictReader(io.StringIO(page.evaluate("window.copied"))))
    kept = pd.read_csv(tiny_run / "report" / "tables" / "named_outputs.csv")
    assert len(rows) == len(kept)
    for row, (_, wanted) in zip(rows, kept.iterrows(), strict=True):
        assert row["output"] == wanted["output"]
        assert float(row["content loss"]) == pytest.approx(wanted["content loss"], rel=1e-12)


def test_latex_is_copied_with_its_signs_written_as_latex(page):
    page.locator("[data-table=best] [data-copy=latex]").click()
    page.wait_for_function("window.copied !== undefined")
    text = page.evaluate("window.copied")
    assert text.startswith("% needs \\usepackage{booktabs}")
    assert text.count(" \\\\\n") == 1 + len(column(page, "best", 1))
    assert "λ" not in text
    assert text.rstrip().endswith("\\end{tabular}")


def test_bibtex_is_copied(page):
    card = page.locator(".card", has_text="DeCorMST").first
    card.locator("summary", has_text="BibTeX").click()
    card.locator("button.copy").click()
    page.wait_for_function("window.copied !== undefined")
    assert page.evaluate("window.copied").startswith("@article{tuyen2021decormst")


def test_a_pair_opens_with_all_outputs_large_by_keyboard_alone(page):
    button = page.locator("button[data-pair='0']")
    name = button.get_attribute("aria-label")
    assert name == "chelsea × strokes: show all outputs"
    button.focus()
    page.keyboard.press("Enter")
    view = page.get_by_role("dialog", name="chelsea × strokes")
    assert view.is_visible()
    shots = view.get_by_role("img")
    assert shots.count() == 2 + 4 + 1 + 5 + 1 + 1
    assert shots.nth(0).get_attribute("aria-label") == "content: chelsea"
    assert shots.nth(2).bounding_box()["width"] > 150
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("dialog", name="chelsea × stained_glass").is_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    assert not page.locator("#view").is_visible()
    assert page.evaluate("document.activeElement.dataset.pair") == "0"


def test_each_picture_of_a_pair_is_the_run_s_own(page, tiny_run, tmp_path):
    """What is drawn for an output is that output, not its neighbour."""
    import numpy as np
    from PIL import Image

    page.locator("button[data-pair='0']").click()
    cells = tiny_run / "cells" / "chelsea" / "strokes"
    for name, file in (("DeCorMST gram", cells / "decormst" / "gram.png"),
                       ("Gatys et al.", cells / "gatys" / "gatys.png"),
                       ("Feed-forward", cells / "feedforward" / "feedforward.png")):  # fmt: skip
        shot = page.locator(f"#view .shot[aria-label='{name}']")
        shot.screenshot(path=tmp_path / "shot.png")
        with Image.open(tmp_path / "shot.png") as drawn, Image.open(file) as kept:
            seen = np.asarray(drawn.convert("RGB").resize(kept.size, Image.Resampling.BOX))
            apart = np.abs(seen.astype(float) - np.asarray(kept).astype(float)).mean()
        assert apart < 12, name


def test_rows_of_methods_that_are_not_supplied_say_how(page):
    rows = page.locator("[data-table=methods] tr.absent").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["AdaIN", "SAFIN", "AdaAttN", "LST"]
    assert all("--external outputs" in row for row in rows)
    page.locator("[data-table=methods] thead th").nth(3).get_by_role("button").click()
    last = page.locator("[data-table=methods] tbody tr").last
    assert last.inner_text().startswith("LST")


def test_every_link_leads_somewhere_on_the_page(page):
    dead = page.evaluate(
        "() => [...document.querySelectorAll('a[href^=\"#\"]')]"
        ".filter((a) => !document.getElementById(a.getAttribute('href').slice(1)))"
        ".map((a) => a.getAttribute('href'))"
    )
    assert dead == []


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_sticks_out_on_a_small_screen(browser, tiny_run, width):
    context = browser.new_context(viewport={"width": width, "height": 740}, has_touch=True)
    opened = context.new_page()
    opened.goto((tiny_run / "report" / "index.html").as_uri())
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.locator("button[data-pair='0']").tap()
    assert opened.evaluate("document.getElementById('view').scrollWidth") <= width
    context.close()


def test_every_control_has_a_name_and_every_picture_a_text(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, img, [role=img]")]
        .filter((e) => !(e.getAttribute("aria-label") || e.alt || e.textContent?.trim()
          || e.closest("label")?.textContent.trim() || e.closest("dialog:not([open])")))
        .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
