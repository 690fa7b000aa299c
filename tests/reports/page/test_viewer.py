"""The viewer of pairs in a real browser: every output, two of them compared, links, and keys."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from reports.inputs.run_data import read_run
from tests.barriers import barriers, leave_short_tables

pytestmark = pytest.mark.xdist_group("report in a browser")


@pytest.fixture
def view(page):
    """The page with its first pair open."""
    page.locator("a[data-pair='0']").click()
    return page.get_by_role("dialog")


def line(page) -> float:
    return float(page.locator("#divide").input_value())


def width(page) -> float:
    return page.locator(".stack").bounding_box()["width"]


def sides(page) -> tuple[str, str]:
    return page.locator("#left").input_value(), page.locator("#right").input_value()


def test_a_pair_opens_with_all_outputs_large_by_keyboard_alone(page):
    link = page.locator("a[data-pair='0']")
    assert link.get_attribute("aria-label") == "chelsea × strokes: show all outputs"
    link.focus()
    page.keyboard.press("Enter")
    view = page.get_by_role("dialog", name="chelsea × strokes")
    view.wait_for()
    shots = view.locator(".outputs").get_by_role("img")
    assert shots.count() == 2 + 4 + 1 + 5 + 1 + 1
    assert shots.nth(0).get_attribute("alt") == "content: chelsea"
    assert shots.nth(2).bounding_box()["width"] > 150
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("dialog", name="chelsea × stained_glass").is_visible()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    assert not page.locator("#view").is_visible()
    assert page.evaluate("document.activeElement.dataset.pair") == "0"


def test_each_picture_of_a_pair_is_the_run_s_own(view, tiny_run, tmp_path):
    """What is drawn for an output is that output, not its neighbour."""
    cells = tiny_run / "cells" / "chelsea" / "strokes"
    for name, file in (("DeCorMST gram", cells / "decormst" / "gram.png"),
                       ("Gatys et al.", cells / "gatys" / "gatys.png"),
                       ("Feed-forward", cells / "feedforward" / "feedforward.png")):  # fmt: skip
        view.get_by_role("img", name=name, exact=True).screenshot(path=tmp_path / "shot.png")
        assert apart(tmp_path / "shot.png", file) < 12, name


def test_each_thumbnail_is_that_of_its_pair_and_output(page, tiny_run, tmp_path):
    run = read_run(tiny_run)
    page.locator("#which").select_option(label="style")
    for number, (content, style) in enumerate(run.pairs):
        page.locator(f"a[data-pair='{number}']").screenshot(path=tmp_path / "shot.png")
        near = []
        for other in ("strokes", "stained_glass"):
            run.pair(content, other)[1].save(tmp_path / "style.png")
            near.append((apart(tmp_path / "shot.png", tmp_path / "style.png"), other))
        assert min(near)[1] == style
        assert max(near)[0] > 2 * min(near)[0]


def apart(shot, file) -> float:
    """How far a screenshot is from a picture, in levels of 8 bits."""
    with Image.open(shot) as drawn, Image.open(file) as kept:
        seen = np.asarray(drawn.convert("RGB").resize(kept.size, Image.Resampling.BOX))
        return float(np.abs(seen.astype(float) - np.asarray(kept).astype(float)).mean())


def test_two_pictures_are_compared_by_keyboard_alone(page, view):
    view.get_by_role("button", name="DeCorMST gram: compare").focus()
    page.keyboard.press("Enter")
    assert sides(page) == ("content", "DeCorMST gram")
    fitted = width(page)
    page.keyboard.press("+")
    assert width(page) == pytest.approx(1.5 * fitted, rel=0.01)
    page.keyboard.press("0")
    assert width(page) == pytest.approx(fitted, rel=0.01)
    page.locator("#divide").focus()
    page.keyboard.press("End")
    assert line(page) == 100
    page.keyboard.press("ArrowLeft")
    assert line(page) == 99
    page.locator("#after").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#view-title").inner_text() == "chelsea × stained_glass"
    assert sides(page) == ("content", "DeCorMST gram")
    page.keyboard.press("Escape")
    assert view.locator(".outputs").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#view").is_visible()


def test_the_line_divides_the_two(page, view, tiny_run, tmp_path):
    """Left of the line is the left picture, right of it the right one, at the pointer too."""
    view.get_by_role("button", name="Gatys et al.: compare").click()
    page.locator("#left").select_option("style")
    box = page.locator(".stack").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + 60)
    page.mouse.up()
    assert line(page) == pytest.approx(25, abs=1)
    page.locator(".stack").screenshot(path=tmp_path / "stack.png")
    run = read_run(tiny_run)
    output = run.output(run.find("chelsea", "strokes", "gatys"), "gatys")
    with Image.open(tmp_path / "stack.png") as drawn:
        small = drawn.convert("RGB").resize((40, 32), Image.Resampling.BOX)
    seen, left, right = (
        np.asarray(picture).astype(float)
        for picture in (small, run.pair("chelsea", "strokes")[1], output)
    )
    assert np.abs(seen - left)[:, :9].mean() < 15 < np.abs(seen - right)[:, :9].mean()
    assert np.abs(seen - right)[:, 11:].mean() < 15 < np.abs(seen - left)[:, 11:].mean()


def test_a_link_leads_to_a_pair_and_to_a_comparison(page, view):
    view.get_by_role("button", name="Gatys et al.: compare").click()
    page.locator("#swap").click()
    page.locator("#link").click()
    page.wait_for_function("window.copied !== undefined")
    address = page.evaluate("window.copied")
    assert address == page.url
    page.locator("#close").click()
    assert "content=" not in page.url
    page.goto("about:blank")
    page.goto(address)
    assert page.get_by_role("dialog", name="chelsea × strokes").is_visible()
    assert sides(page) == ("Gatys et al.", "content")
    page.goto(address.partition("#")[0] + "#content=chelsea&style=no+such")
    assert not page.locator("#view").is_visible()


def test_back_closes_a_pair(page):
    page.locator("a[data-pair='1']").click()
    assert page.locator("#view-title").inner_text() == "chelsea × stained_glass"
    page.go_back()
    page.locator("#view").wait_for(state="hidden")


def unfold(page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((part) => (part.open = true))")


def test_axe_finds_nothing_in_any_kind_of_row_light_or_dark(page):
    """Against WCAG 2.2 A and AA: the page with everything unfolded, a pair, and a comparison."""
    unfold(page)
    leave_short_tables(page)
    found = []

    def look(name: str, within: str | None = None) -> None:
        page.emulate_media(color_scheme="light")
        found.append((name, barriers(page, within=within)))
        page.emulate_media(color_scheme="dark")
        found.append((f"{name}, dark", barriers(page, within=within, colours=True)))

    look("page")
    page.locator("a[data-pair='0']").click()
    look("pair", "#view")
    page.get_by_role("button", name="Gatys et al.: compare").click()
    look("two pictures", "#view")
    assert [one for one in found if one[1]] == []
    assert len(found) == 6


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_row(page, scheme):
    unfold(page)
    page.emulate_media(color_scheme=scheme)
    assert barriers(page) == []
