"""The report's page in a real browser, opened from a file, without any network."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest

pytestmark = pytest.mark.xdist_group("report in a browser")


def column(page, name: str, number: int) -> list[str]:
    cells = page.locator(f"[data-table={name}] tbody tr:not(.absent) td:nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_the_summary_comes_first(page):
    headings = page.locator("h2:visible").all_inner_texts()
    assert headings[0] == "What was found"
    found = page.locator(".findings li").all_inner_texts()
    assert found[0].startswith("contradicted")
    assert "DFR's four modes are 2 different objectives" in found[0]


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


def test_rows_of_methods_that_are_not_supplied_say_how(page):
    rows = page.locator("[data-table=methods] tr.absent").all_inner_texts()
    assert [row.split()[0] for row in rows] == ["AdaIN", "SAFIN", "AdaAttN", "LST"]
    assert all("--external outputs" in row for row in rows)
    page.locator("[data-table=methods] thead th").nth(2).get_by_role("button").click()
    last = page.locator("[data-table=methods] tbody tr").last
    assert last.inner_text().startswith("LST")


def test_every_link_leads_somewhere_on_the_page(page):
    dead = page.evaluate(
        "() => [...document.querySelectorAll('a[href^=\"#\"]:not([data-pair])')]"
        ".filter((a) => !document.getElementById(a.getAttribute('href').slice(1)))"
        ".map((a) => a.getAttribute('href'))"
    )
    assert dead == []


def test_nothing_sticks_out_on_a_small_screen(browser, tiny_run):
    context = browser.new_context(has_touch=True)
    opened = context.new_page()
    opened.goto((tiny_run / "report" / "index.html").as_uri())
    for width in (360, 768):
        opened.set_viewport_size({"width": width, "height": 740})
        assert opened.evaluate("document.documentElement.scrollWidth") <= width
        opened.locator("a[data-pair='0']").tap()
        assert opened.evaluate("document.getElementById('view').scrollWidth") <= width
        opened.get_by_role("button", name="Gatys et al.: compare").tap()
        assert opened.evaluate("document.getElementById('view').scrollWidth") <= width
        opened.locator("#close").tap()
    context.close()


def test_every_control_has_a_name_and_every_picture_a_text(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, img, [role=img]")]
        .filter((e) => !(e.getAttribute("aria-label") || e.alt || e.textContent?.trim()
          || e.closest("label")?.textContent.trim() || e.closest("dialog:not([open])")))
        .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
