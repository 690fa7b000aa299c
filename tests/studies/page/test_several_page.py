"""Choosing the best and ranking in a real browser: by keys, by clicks, and by dragging."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.page.several import judge_order
from tests.studies.page.pages import expect, settled
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")

STUDY = """
name = "several"
door = "open"
task = "{task}"
pictures = {pictures}
participants = 3
trials = 2
practice = 0
repeats = 0
catches = 1
drop_at = 1
judges = 1
methods = ["dfr", "decormst", "gatys", "feedforward"]
"""


@pytest.fixture
def asked(place: Path, tmp_path: Path, request) -> Iterator[tuple[Server, str]]:
    task, pictures = request.param
    text = STUDY.format(task=task, pictures=pictures)
    (tmp_path / "several.toml").write_text(f"{text}run = {str(place / 'run')!r}\n")
    database = f"sqlite:///{tmp_path / 'votes.sqlite'}"
    running = Server(tmp_path / "log", "--study", tmp_path / "several.toml", "--database", database)
    yield running, database
    running.stop()


def come(context, server: Server, heard: list[bytes]):
    page = context.new_page()
    page.on("websocket", lambda socket: socket.on(
        "framereceived", lambda data: heard.append(data.encode() if isinstance(data, str) else data)
    ))  # fmt: skip
    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").click()
    return page


def shown(page, button: str, pictures: int) -> None:
    page.locator(f".st-key-{button}").wait_for()
    settled(page)
    page.wait_for_function(
        "number => { const all = [...document.querySelectorAll('.st-key-results img')];"
        " return all.length == number && all.every(i => i.complete && i.naturalWidth > 0); }",
        arg=pictures,
    )
    if button.endswith("order"):
        page.locator("[data-rank]").last.wait_for()
    page.wait_for_timeout(700)


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
    a, b = (page.get_by_alt_text(f"Picture {name}").bounding_box() for name in (letter, onto))
    page.mouse.move(a["x"] + a["width"] / 2, a["y"] + a["height"] / 2)
    page.mouse.down()
    page.mouse.move(b["x"] + b["width"] / 2, b["y"] + b["height"] / 2, steps=5)
    page.mouse.up()


@pytest.mark.parametrize("asked", [("ranking", 4)], indirect=True)
def test_pictures_are_ranked_by_dragging_and_by_keys(context, asked: tuple[Server, str]):
    server, database = asked
    heard: list[bytes] = []
    page = come(context, server, heard)
    ranks = "all => all.map(tile => tile.dataset.rank).join('')"
    # By dragging: D to the first place, then A to the last.
    shown(page, "step-0-order", 4)
    tiles = page.get_by_role("option")
    assert tiles.evaluate_all(ranks) == "1234"
    drag(page, "D", "A")
    assert tiles.evaluate_all(ranks) == "2341"
    drag(page, "A", "C")
    assert tiles.evaluate_all(ranks) == "4231"
    page.get_by_role("button", name="This is my order").click()
    # With keys alone: the first two change places, and the last comes to the front.
    shown(page, "step-1-order", 4)
    assert tiles.evaluate_all(ranks) == "1234"
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
    # As they stand.
    shown(page, "step-2-order", 4)
    assert tiles.evaluate_all(ranks) == "1234"
    page.get_by_role("button", name="This is my order").click()
    page.get_by_role("heading", name="Thank you!").wait_for()
    votes = read_poll(Ballots(database), "several").votes
    assert votes["answer"].tolist() == ["DBCA", "DBAC", "ABCD"]
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
