"""Taking part in a study in a real browser: every answer counts once, and tells no method."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.design.study import QUESTIONS
from tests.conftest import ROOT
from tests.studies.page.pages import (
    BREAK,
    STEPS,
    agree,
    begin,
    expect,
    my_votes,
    settled,
    shown,
    take_seat,
)
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")

KEYS = {"left": "ArrowLeft", "right": "ArrowRight", "tie": "ArrowDown"}

#: Of the two results, and of the pictures that are loaded beside them.
PICTURES = """() => {
  const all = (box) => [...document.querySelectorAll(`.st-key-${box} img`)];
  return {
    shown: all("results").map((i) => i.src),
    alts: all("results").map((i) => i.alt),
    sizes: all("results").map((i) =>
      [i.naturalWidth, i.naturalHeight, i.clientWidth, i.clientHeight]),
    next: all("next").map((i) => i.src),
  };
}"""
NEXT_IS_LOADED = """() => [...document.querySelectorAll(".st-key-next img")]
  .every((i) => i.complete && i.naturalWidth > 0)"""


@dataclass
class Walk:
    """A participation from consent to thanks, by keys.

    Attributes:
        secret: of the private link.
        headings: of the steps.
        answers: that were pressed.
        pictures: of each step, see `PICTURES`.
        code: on the last page.
        heard: everything that reached the browser.
        files: the pictures that reached it.
    """

    secret: str = ""
    headings: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    code: str = ""
    heard: list[bytes] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def walk(_one_page, server: Server) -> Walk:
    """Go through the whole study once, listening."""
    walk, page = Walk(), _one_page.context.new_page()

    def hear(frame: object) -> None:
        walk.heard.append(frame.encode() if isinstance(frame, str) else bytes(frame))

    def answered(response) -> None:
        walk.heard.append(f"{response.url} {response.headers}".encode())
        if response.url.startswith(f"{server.address}/media/") and response.ok:
            walk.files.append(response.body())

    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    page.on("response", answered)
    walk.secret = begin(page, server)
    for number in range(STEPS):
        if number == BREAK:
            page.get_by_role("heading", name="Time for a short break").wait_for()
            page.get_by_role("button", name="Go on").click()
        if number:
            shown(page, number)
        walk.headings.append(page.get_by_role("heading").inner_text())
        walk.heard.append(page.content().encode())
        page.wait_for_function(NEXT_IS_LOADED)
        walk.pictures.append(page.evaluate(PICTURES))
        walk.answers.append(tuple(KEYS)[number % 3])
        page.keyboard.press(KEYS[walk.answers[-1]])
    page.get_by_role("heading", name="Thank you!").wait_for()
    walk.code = page.get_by_test_id("stCode").inner_text().strip()
    page.close()
    _one_page.context.clear_cookies()
    return walk


def test_a_participant_goes_through_all_of_it_by_keys(walk: Walk, database: str):
    assert set(walk.headings[::2]) == {QUESTIONS["overall"]}
    assert set(walk.headings[1::2]) == {QUESTIONS["style"]}
    assert walk.code == Ballots(database).seat(1, walk.secret).code
    assert [answer for *_, answer in my_votes(database, walk.secret)] == walk.answers


def test_whoever_is_done_may_say_a_word_and_take_it_all_back(page, server: Server, database: str):
    ballots = Ballots(database)
    secret = take_seat(page, server, database, answered=STEPS)
    page.get_by_role("heading", name="Thank you!").wait_for()
    page.get_by_role("textbox").fill("<img src=x onerror=alert(1)> '); DROP TABLE votes; --")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you, we have it.").wait_for()
    name = ballots.seat(1, secret).participant
    assert name in set(read_poll(ballots, "page").participants["participant"])
    page.get_by_text("Stop and delete my answers").click()
    page.get_by_role("button", name="Delete all my answers").click()
    page.get_by_role("heading", name="Your answers were deleted").wait_for()
    assert name not in set(read_poll(ballots, "page").participants["participant"])


def test_the_next_trial_is_loaded_before_it_is_asked_for(walk: Walk):
    for step in range(1, STEPS - 1, 2):  # the second question about a pair, and the next pair
        loaded, following = walk.pictures[step]["next"], walk.pictures[step + 1]["shown"]
        assert len(loaded) == 4
        assert set(following) <= set(loaded)


def png_chunks(data: bytes) -> list[bytes]:
    """Return the names of the parts of a PNG file."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, names = 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8])
        at += 12 + length
    return names


def test_nothing_tells_the_methods_apart(walk: Walk):
    """In all that reached the browser during a whole participation."""
    for pictures in walk.pictures:
        assert pictures["sizes"][0] == pictures["sizes"][1]
        assert pictures["alts"] == ["Picture A", "Picture B"]
    # Streamlit tells where its script lies, and a checkout may be called dfr-suite.
    everything = b"\n".join(walk.heard).lower().replace(str(ROOT).lower().encode(), b"")
    assert len(everything) > 50_000
    assert b"which looks more like the style picture?" in everything  # we do hear the page
    telling = ["dfr", "decormst", "gatys", "feedforward", "feed-forward", "ghiasi", "rot000",
               "rot180", "output", "noise", "catch", "repeat", "gram"]  # fmt: skip
    words = re.sub(
        rb"event.repeat|no-repeat|repeat-|repeat\(|output_?format|outputs?_", b"", everything
    )
    told = [word for word in telling if re.search(rb"(?<![a-z])" + word.encode(), words)]
    assert told == []
    assert len(walk.files) >= 8
    assert {tuple(dict.fromkeys(png_chunks(data))) for data in walk.files} == {
        (b"IHDR", b"IDAT", b"IEND")
    }


def test_reloading_going_back_and_a_second_tab_neither_lose_nor_double_a_vote(
    page, tab, server: Server, database: str
):
    secret = take_seat(page, server, database)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    page.reload()
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(page, 1)
    tab.goto(page.url)
    tab.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(tab, 1)
    page.keyboard.press("ArrowRight")
    shown(page, 2)
    tab.keyboard.press("ArrowLeft")  # an old page answers what is answered
    shown(tab, 2)
    expect(tab.get_by_text("answered already, perhaps in another window")).to_be_visible()
    expect(page.get_by_text("answered already")).to_have_count(0)
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "right")]
    page.go_back()
    page.go_forward()
    shown(page, 2)
    assert len(my_votes(database, secret)) == 2


def test_one_browser_is_one_person_at_an_open_door(page, tab, server: Server, database: str):
    for one in (page, tab):  # both stand before the door
        one.goto(server.address)
        one.get_by_role("button", name="I agree. Begin").wait_for()
    before = len(read_poll(Ballots(database), "page").participants)
    secrets = {agree(page), agree(tab)}
    page.goto(server.address)  # without the private link
    shown(page, 0)
    assert len(secrets) == 1
    assert len(read_poll(Ballots(database), "page").participants) == before + 1


def test_a_double_click_and_a_key_held_down_are_one_vote(page, server: Server, database: str):
    secret = take_seat(page, server, database)
    page.get_by_role("button", name="B is better").dblclick()
    shown(page, 1)
    for _ in range(5):
        page.keyboard.down("ArrowLeft")
    shown(page, 2)
    for _ in range(5):  # still held: by now an answer to the next trial would be taken
        page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    # What was sent before it is answered before it, so it is one step for one press.
    page.keyboard.press("ArrowRight")
    shown(page, 3)
    assert [answer for *_, answer in my_votes(database, secret)] == ["right", "left", "right"]


def test_what_a_browser_sent_counts_once_even_if_it_is_sent_again(
    tab, server: Server, database: str
):
    """Replay a vote's own message, and forge one for another step, on a connection of our own."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
    from websockets.exceptions import ConnectionClosedError
    from websockets.sync.client import connect

    sent: list[bytes] = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    secret = take_seat(tab, server, database)
    tab.keyboard.press("ArrowLeft")
    tab.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    settled(tab)
    message = next(data for data in reversed(sent) if b"step-0-left" in data)
    forged = message.replace(b"step-0-left", b"step-5-left")
    assert forged != message
    address = f"{server.address.replace('http', 'ws')}/_stcore/stream"
    with connect(address, origin=server.address, subprotocols=["streamlit"]) as socket:

        def told() -> str | None:
            return ForwardMsg.FromString(socket.recv(timeout=90)).WhichOneof("type")

        for data in (message, forged, message):
            socket.send(data)
            while told() != "script_finished":
                pass
        socket.send(b"\xff\xfe nonsense")
        with pytest.raises(ConnectionClosedError):
            while told():
                pass
    assert my_votes(database, secret) == [(0, "overall", "left")]
    tab.reload()
    tab.get_by_role("heading", name=QUESTIONS["style"]).wait_for()


def test_a_connection_cut_in_the_middle_loses_nothing(tab, server: Server, database: str):
    lines = []

    def between(socket) -> None:
        lines.append((socket, socket.connect_to_server()))

    tab.route_web_socket("**/_stcore/stream", between)
    secret = take_seat(tab, server, database)
    tab.keyboard.press("ArrowLeft")
    shown(tab, 1)
    for end in lines[0]:
        end.close()
    while len(lines) == 1:  # the page connects again by itself
        tab.wait_for_timeout(50)
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-connection-state", "CONNECTED")
    shown(tab, 1)
    tab.keyboard.press("ArrowDown")
    shown(tab, 2)
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "tie")]


def test_killing_the_server_loses_no_vote_and_the_participant_goes_on(
    page, server: Server, database: str
):
    """A crowd, and kills at any moment: test_crowd.py."""
    secret = take_seat(page, server, database)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    server.kill()
    try:
        assert my_votes(database, secret) == [(0, "overall", "left")]
    finally:
        server.start()
    page.goto(f"{server.address}/?me={secret}")
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(page, 1)
    page.keyboard.press("ArrowRight")
    shown(page, 2)
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "right")]
