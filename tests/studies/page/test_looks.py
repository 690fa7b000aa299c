"""How the voting page looks: on small and large screens, and to people with disabilities."""

from __future__ import annotations

import pytest

from studies.ballots.ballots import Ballots
from tests.barriers import barriers
from tests.studies.page.pages import BREAK, STEPS, agree, answer_up_to, settled, take_seat
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")


#: Where pictures and buttons are, once they have been there for five frames (of 600 at most).
AT_REST = """async () => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const places = () => [...document.querySelectorAll(
    ".st-key-results img, .st-key-answers button")].map((e) => e.getBoundingClientRect())
    .map((r) => [r.left, r.top, r.right, r.bottom]);
  let seen = places();
  for (let still = 0, all = 0; still < 5 && all < 600; still++, all++) {
    await frame();
    const now = places();
    if (String(now) !== String(seen)) still = -1;
    seen = now;
  }
  return seen;
}"""


def test_both_pictures_and_the_buttons_fit_on_the_screen(page, server: Server, database: str):
    take_seat(page, server, database)
    for width, height in ((360, 640), (390, 844), (1280, 720), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        boxes = page.evaluate(AT_REST)
        assert len(boxes) == 5
        for left, top, right, bottom in boxes:
            assert left >= 0
            assert top >= 0
            assert right <= width
            assert bottom <= height
        assert all(bottom - top > 0.2 * height for _, top, _, bottom in boxes[:2])
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_there_are_no_barriers_on_any_page(page, server: Server, database: str):
    ballots = Ballots(database)
    found = []

    def look(name: str) -> None:
        settled(page)
        found.extend((name, *barrier) for barrier in barriers(page))

    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").wait_for()
    look("welcome")
    secret = agree(page)
    look("trial")
    answer_up_to(ballots, secret, BREAK)
    page.reload()
    page.get_by_role("button", name="Go on").wait_for()
    look("break")
    answer_up_to(ballots, secret, STEPS)
    page.reload()
    page.get_by_role("heading", name="Thank you!").wait_for()
    look("thanks")
    page.goto(f"{server.address}/?me=unknown")
    page.get_by_role("heading", name="This link is not known").wait_for()
    look("unknown link")
    assert found == []


def test_an_unknown_link_is_told_kindly_and_one_can_start_again(page, server: Server):
    for link in ("%00", "<script>alert(1)</script>", "a" * 5000):
        page.goto(f"{server.address}/?me={link}")
        page.get_by_role("heading", name="This link is not known").wait_for()
    page.get_by_role("button", name="Start again").click()
    page.get_by_role("button", name="I agree. Begin").wait_for()
    assert page.get_by_role("heading", name="A small study").count() == 0  # markup is not obeyed
