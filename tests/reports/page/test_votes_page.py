"""The section about votes in a real browser."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("report in a browser")


@pytest.mark.parametrize(
    ("study", "width"),
    [("people", 768), pytest.param("rehearsal", 360, marks=pytest.mark.slow)],
)
def test_the_votes_fit_on_a_small_screen_and_nothing_complains(open_file, request, study, width):
    run = request.getfixturevalue(study)
    page = open_file(run / "report" / "index.html")
    page.set_viewport_size({"width": width, "height": 740})
    page.get_by_role("navigation").get_by_role("link", name="Votes").click()
    assert page.locator("#votes").is_visible()
    for summary in page.locator("summary", has_text="Votes by").all():
        summary.click()
    assert page.locator("[data-table=votes-1-5] tbody tr").first.is_visible()
    page.locator("[data-table=votes-1-1] thead th").nth(2).get_by_role("button").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    pictures = page.locator("figure[id^=votes_] img")
    assert pictures.count() == 4
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.bounding_box()["width"] > 250
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 500


def test_every_link_to_evidence_leads_somewhere(open_file, people):
    page = open_file(people / "report" / "index.html")
    dead = page.evaluate(
        "() => [...document.querySelectorAll('a[href^=\"#\"]:not([data-pair])')]"
        ".filter((a) => !document.getElementById(a.getAttribute('href').slice(1)))"
        ".map((a) => a.getAttribute('href'))"
    )
    assert dead == []
