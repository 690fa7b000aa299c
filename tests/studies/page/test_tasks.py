"""Best of several, rankings and ratings: by touch, without barriers, loaded again, in two tabs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from tests.barriers import barriers
from tests.studies.page.pages import expect
from tests.studies.page.tasks import come, middle, ranks, shown
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = [pytest.mark.xdist_group(name="browser"), pytest.mark.slow]

#: A task, with its pictures or marks.
BEST, RANKING, RATING = ("best", 4), ("ranking", 4), ("rating", 7)

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
#: Edges of all that has to be on the screen: of results and answers.
EDGES = """() => [...document.querySelectorAll(".st-key-results img, .st-key-answers button")]
  .map((e) => e.getBoundingClientRect()).map((r) => [r.left, r.top, r.right, r.bottom])"""


@pytest.fixture
def phone(browser: Any) -> Iterator[Any]:
    """The browser of a telephone that nobody holds but this test."""
    context = browser.new_context(**PHONE)
    context.set_default_timeout(90_000)
    yield context
    context.close()


def votes_in(database: str) -> Any:
    return read_poll(Ballots(database), "several").votes


def draw_finger(page: Any, *path: tuple[float, float]) -> None:
    """Put a finger down, draw it along a path, and lift it, as the browser hears a touch screen."""
    line = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(path):
        kind = "touchMove" if number else "touchStart"
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    line.detach()
    page.wait_for_timeout(1000)  # what comes sooner is part of the same gesture to the browser


def first_button(asked: tuple[str, int]) -> str:
    return {"best": "A", "ranking": "order", "rating": "1"}[asked[0]]


def pictures_of(asked: tuple[str, int]) -> int:
    return 1 if asked[0] == "rating" else asked[1]


@pytest.mark.parametrize("asked", [RANKING], indirect=True)
def test_a_ranking_is_made_by_touch_alone(phone, asked: tuple[Server, str]):
    server, database = asked
    page = come(phone, server)
    shown(page, "step-0-order", 4)
    # By drawing D to the place of A, past the middle of the way; the page stays where it is.
    (x, y), (to_x, to_y) = middle(page, "D"), middle(page, "A")
    steps = [i / 8 for i in range(9)]
    draw_finger(page, *((x + (to_x - x) * at, y + (to_y - y) * at) for at in steps))
    assert ranks(page) == "2341"
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    page.get_by_role("button", name="This is my order").tap()
    # By touching C, then the place of A.
    shown(page, "step-1-order", 4)
    page.touchscreen.tap(*middle(page, "C"))
    expect(page.get_by_role("option", selected=True)).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="picked")).to_contain_text("Picture C")
    page.touchscreen.tap(*middle(page, "A"))
    assert ranks(page) == "2314"
    page.get_by_role("button", name="This is my order").tap()
    # A finger that lies still changes nothing but what is picked; it is let go by a second touch.
    shown(page, "step-2-order", 4)
    for _ in range(2):
        page.touchscreen.tap(*middle(page, "B"))
    assert ranks(page) == "1234"
    page.get_by_role("button", name="This is my order").tap()
    page.get_by_role("heading", name="Thank you!").wait_for()
    votes = votes_in(database)
    assert votes["answer"].tolist() == ["DABC", "CABD", "ABCD"]
    assert votes["device"].tolist() == ["phone"] * 3


@pytest.mark.parametrize(
    ("asked", "answers"), [(BEST, "DBA"), (RATING, "714")], indirect=["asked"]
)  # fmt: skip
def test_a_choice_and_a_mark_are_given_by_touch(phone, asked, answers: str, request):
    server, database = asked
    task = request.node.callspec.params["asked"]
    page = come(phone, server)
    for step, answer in enumerate(answers):
        shown(page, f"step-{step}-{answer}", pictures_of(task))
        page.locator(f".st-key-step-{step}-{answer} button").tap()
    page.get_by_role("heading", name="Thank you!").wait_for()
    assert votes_in(database)["answer"].tolist() == list(answers)


@pytest.mark.parametrize("asked", [BEST, RANKING, RATING], indirect=True)
def test_there_are_no_barriers_and_all_fits_on_every_screen(phone, context, asked, request):
    server, _ = asked
    task = request.node.callspec.params["asked"]
    found, outside = [], []
    for name, where in (("phone", phone), ("desk", context)):
        page = come(where, server)
        shown(page, f"step-0-{first_button(task)}", pictures_of(task))
        found.extend((name, *barrier) for barrier in barriers(page))
        if task == RANKING:
            page.get_by_role("option").first.press("Enter")
            expect(page.get_by_role("option", selected=True)).to_have_count(1)
            found.extend((f"{name}, one is picked", *barrier) for barrier in barriers(page))
            page.keyboard.press("Escape")
        for width, height in ((360, 640), (390, 844), (844, 390), (1280, 800)):
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(300)
            for left, top, right, bottom in page.evaluate(EDGES):
                if min(left, top) < 0 or right > width or bottom > height:
                    outside.append((name, width, height, left, top, right, bottom))
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        where.clear_cookies()
        page.close()
    assert found == []
    assert outside == []


@pytest.mark.parametrize("asked", [BEST, RANKING, RATING], indirect=True)
def test_a_page_that_is_loaded_again_asks_the_same_and_keeps_one_answer(context, asked, request):
    server, database = asked
    task = request.node.callspec.params["asked"]
    button = f"step-0-{first_button(task)}"
    page = come(context, server)
    sources = "all => all.map(i => i.src)"
    before = []
    for _ in range(2):
        shown(page, button, pictures_of(task))
        before.append(page.locator(".st-key-results img").evaluate_all(sources))
        if task == RANKING:
            assert ranks(page) == "1234"
            page.get_by_role("option").first.press("End")
            assert ranks(page) == "4123"
        if len(before) < 2:
            page.reload()
    assert before[0] == before[1]
    assert votes_in(database).empty
    page.locator(f".st-key-{button} button").click()
    shown(page, button.replace("step-0", "step-1"), pictures_of(task))
    votes = votes_in(database)
    assert votes["answer"].tolist() == ["BCDA" if task == RANKING else first_button(task)]
    assert votes["reloaded"].tolist() == [True]


@pytest.mark.parametrize("asked", [BEST, RANKING, RATING], indirect=True)
def test_of_two_tabs_the_first_answer_counts_and_the_second_tab_is_told(context, asked, request):
    server, database = asked
    task = request.node.callspec.params["asked"]
    first = come(context, server)
    button = f"step-0-{first_button(task)}"
    shown(first, button, pictures_of(task))
    second = context.new_page()
    second.goto(first.url)
    shown(second, button, pictures_of(task))
    first.locator(f".st-key-{button} button").click()
    following = button.replace("step-0", "step-1")
    shown(first, following, pictures_of(task))
    if task == RANKING:
        second.get_by_role("option").first.press("End")
        second.get_by_role("button", name="This is my order").click()
    else:
        second.keyboard.press("3")
    shown(second, following, pictures_of(task))
    expect(second.get_by_text("answered already")).to_be_visible()
    expect(first.get_by_text("answered already")).to_have_count(0)
    second.locator(f".st-key-{following} button").click()
    shown(second, button.replace("step-0", "step-2"), pictures_of(task))
    expect(second.get_by_text("answered already")).to_have_count(0)
    given = "ABCD" if task == RANKING else first_button(task)
    assert votes_in(database)["answer"].tolist() == [given] * 2
