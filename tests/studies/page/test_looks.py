"""How the voting page looks: on small and large screens, and to people with disabilities."""

from __future__ import annotations

import pytest

from studies.ballots.ballots import Ballots
from tests.studies.page.pages import BREAK, STEPS, begin, settled
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")


def test_both_pictures_and_the_buttons_fit_on_the_screen(context, server: Server):
    page = context.new_page()
    begin(page, server)
    for width, height in ((360, 640), (390, 844), (1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(300)
        boxes = page.evaluate(
            """() => [...document.querySelectorAll(
              '.st-key-results img, .st-key-answers button')]
            .map(e => e.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"""
        )
        assert len(boxes) == 5
        for left, top, right, bottom in boxes:
            assert left >= 0
            assert top >= 0
            assert right <= width
            assert bottom <= height
        assert all(bottom - top > 0.2 * height for _, top, _, bottom in boxes[:2])
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_there_are_no_barriers_on_any_page(context, server: Server, database: str):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    page, ballots = context.new_page(), Ballots(database)
    found = []

    def look(name: str) -> None:
        settled(page)
        for violation in axe.run(page, options=rules).response["violations"]:
            nodes = [node["html"][:200] for node in violation["nodes"]]
            found.append((name, violation["id"], nodes))

    def answer_up_to(step: int) -> None:
        for number in range(ballots.seat(1, secret).done, step):
            ballots.cast(1, secret, number, "left", 1.0)
        page.reload()

    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").wait_for()
    look("welcome")
    secret = begin(page, server)
    look("trial")
    answer_up_to(BREAK)
    page.get_by_role("button", name="Go on").wait_for()
    look("break")
    answer_up_to(STEPS)
    page.get_by_role("heading", name="Thank you!").wait_for()
    look("thanks")
    page.goto(f"{server.address}/?me=unknown")
    page.get_by_role("heading", name="This link is not known").wait_for()
    look("unknown link")
    assert found == []


def test_an_unknown_link_is_told_kindly_and_one_can_start_again(context, server: Server):
    page = context.new_page()
    for link in ("%00", "<script>alert(1)</script>", "a" * 5000):
        page.goto(f"{server.address}/?me={link}")
        page.get_by_role("heading", name="This link is not known").wait_for()
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="I agree. Begin").wait_for()
    assert page.get_by_role("heading", name="A small study").count() == 0  # markup is not obeyed
