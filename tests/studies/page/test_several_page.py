"""Choosing the best and ranking in a real browser: by keys, by clicks, and by dragging.

Telephones, barriers, reloads and two tabs: test_tasks.py.
"""

from __future__ import annotations

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.page.ordering import judge_order
from tests.barriers import barriers
from tests.studies.page.pages import expect
from tests.studies.page.tasks import come, middle, ranks, shown
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")


def assert_blind(heard: list[bytes], question: bytes) -> None:
    told = b"\n".join(heard).lower()
    assert question in told
    assert not [word for word in (b"gatys", b"decormst", b"rot000", b"noise") if word in told]


@pytest.mark.parametrize("asked", [("best", 3)], indirect=True)
def test_the_best_of_three_is_chosen_by_key_and_by_click(context, asked: tuple[Server, str]):
    server, database = asked
    heard: list[bytes] = []
    page = come(context, server, heard)
    expect(page).to_have_title("Which picture is the best?")
    for step, letter in enumerate("CAB"):
        shown(page, f"step-{step}-{letter}", 3)
        alts = page.locator(".st-key-results img").evaluate_all("all => all.map(i => i.alt)")
        assert alts == ["Picture A", "Picture B", "Picture C"]
        page.keyboard.press("4")  # is no answer here
        page.keyboard.press("ArrowLeft")
        if letter == "B":
            page.locator(f".st-key-step-{step}-B button").click()
        else:
            page.keyboard.press(str("ABC".index(letter) + 1))
    page.get_by_role("heading", name="Thank you!").wait_for()
    poll = read_poll(Ballots(database), "several")
    assert poll.votes["answer"].tolist() == list("CAB")
    assert poll.votes["timed_by"].tolist() == ["browser"] * 3
    assert (poll.votes["seconds"] >= 0.5).all()
    assert_blind(heard, b"which is the best stylization")


def drag(page, letter: str, onto: str) -> None:
    page.mouse.move(*middle(page, letter))
    page.mouse.down()
    page.mouse.move(*middle(page, onto), steps=5)
    page.mouse.up()


@pytest.mark.parametrize("asked", [("ranking", 4)], indirect=True)
def test_pictures_are_ranked_by_dragging_and_by_keys(context, asked: tuple[Server, str]):
    server, database = asked
    heard: list[bytes] = []
    page = come(context, server, heard)
    # By dragging: D to the first place, then A to the last.
    shown(page, "step-0-order", 4)
    tiles = page.get_by_role("option")
    assert ranks(page) == "1234"
    drag(page, "D", "A")
    assert ranks(page) == "2341"
    drag(page, "A", "C")
    assert ranks(page) == "4231"
    page.get_by_role("button", name="This is my order").click()
    # With keys alone: the first two change places, and the last comes to the front.
    shown(page, "step-1-order", 4)
    assert ranks(page) == "1234"
    assert barriers(page, colours=False) == []
    tiles.first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("status").filter(has_text="place")).to_have_text(
        "Picture A: place 2 of 4"
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Home")
    expect(page.get_by_role("option", name="Picture D: place 1 of 4")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    # By pressing one and then its place: C to the front, and A is let go again.
    shown(page, "step-2-order", 4)
    assert ranks(page) == "1234"
    for letter in "CAAA":
        page.mouse.click(*middle(page, letter))
    assert ranks(page) == "2314"
    expect(page.get_by_role("option", selected=True)).to_have_count(0)
    page.get_by_role("button", name="This is my order").click()
    page.get_by_role("heading", name="Thank you!").wait_for()
    votes = read_poll(Ballots(database), "several").votes
    assert votes["answer"].tolist() == ["DBCA", "DBAC", "CABD"]
    assert votes["timed_by"].tolist() == ["browser"] * 3
    assert_blind(heard, b"put these stylizations in order")


@pytest.mark.parametrize(
    "claim",
    [None, "ABC", {}, {"step": 2, "order": "ABC"}, {"step": 1, "order": "ABX"},
     {"step": 1, "order": ["A"]}, {"step": 1}],
)  # fmt: skip
def test_what_a_browser_tells_is_an_order_or_nothing(claim: object):
    assert judge_order(claim, 1, ("ABC", "BAC")) is None
    assert judge_order({"step": 1, "order": "BAC"}, 1, ("ABC", "BAC")) == "BAC"
