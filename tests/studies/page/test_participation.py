"""Taking part in a study in a real browser: every answer counts once, and tells no method."""

from __future__ import annotations

import re

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.design.study import QUESTIONS
from tests.conftest import ROOT
from tests.studies.page.pages import BREAK, STEPS, begin, my_votes, settled, shown
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")


def test_a_participant_goes_through_all_of_it_by_keys_and_may_take_it_back(
    context, server: Server, database: str
):
    page = context.new_page()
    secret = begin(page, server)
    headings, answers = [], []
    keys = {"left": "ArrowLeft", "right": "ArrowRight", "tie": "ArrowDown"}
    for number in range(STEPS):
        if number == BREAK:
            page.get_by_role("heading", name="Time for a short break").wait_for()
            page.get_by_role("button", name="Go on").click()
        shown(page, number)
        headings.append(page.get_by_role("heading").inner_text())
        answers.append(("left", "right", "tie")[number % 3])
        page.keyboard.press(keys[answers[-1]])
    page.get_by_role("heading", name="Thank you!").wait_for()
    assert set(headings[::2]) == {QUESTIONS["overall"]}
    assert set(headings[1::2]) == {QUESTIONS["style"]}
    code = page.get_by_test_id("stCode").inner_text().strip()
    assert code == Ballots(database).seat(1, secret).code
    assert [answer for *_, answer in my_votes(database, secret)] == answers
    page.get_by_role("textbox").fill("<img src=x onerror=alert(1)> '); DROP TABLE votes; --")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Thank you, we have it.").wait_for()
    name = Ballots(database).seat(1, secret).participant
    page.get_by_text("Stop and delete my answers").click()
    page.get_by_role("button", name="Delete all my answers").click()
    page.get_by_role("heading", name="Your answers were deleted").wait_for()
    assert name not in set(read_poll(Ballots(database), "page").participants["participant"])


def test_the_next_trial_is_loaded_before_it_is_asked_for(context, server: Server):
    page = context.new_page()
    begin(page, server)
    for step in range(2):  # both questions about the first pictures
        shown(page, step)
        loaded = page.evaluate(
            """() => [...document.querySelectorAll('.st-key-next img')]
            .filter(i => i.complete && i.naturalWidth > 0).map(i => i.src)"""
        )
        page.keyboard.press("ArrowLeft")
    shown(page, 2)
    now = page.evaluate("[...document.querySelectorAll('.st-key-results img')].map(i => i.src)")
    assert len(loaded) == 4
    assert set(now) <= set(loaded)


def png_chunks(data: bytes) -> list[bytes]:
    """Return the names of the parts of a PNG file."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, names = 8, []
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8])
        at += 12 + length
    return names


def test_nothing_tells_the_methods_apart(context, server: Server):
    """Listen to everything that reaches the browser during a whole participation."""
    heard: list[bytes] = []
    pictures: list[bytes] = []
    page = context.new_page()

    def hear(frame: object) -> None:
        heard.append(frame.encode() if isinstance(frame, str) else bytes(frame))

    page.on("websocket", lambda socket: socket.on("framereceived", hear))

    def answered(response) -> None:
        heard.append(f"{response.url} {response.headers}".encode())
        if response.url.startswith(f"{server.address}/media/") and response.ok:
            pictures.append(response.body())

    page.on("response", answered)
    begin(page, server)
    for number in range(STEPS):
        if number == BREAK:
            page.get_by_role("button", name="Go on").click()
        shown(page, number)
        heard.append(page.content().encode())
        sizes = page.evaluate(
            """[...document.querySelectorAll('.st-key-results img')].map(i =>
            [i.naturalWidth, i.naturalHeight, i.clientWidth, i.clientHeight])"""
        )
        assert sizes[0] == sizes[1]
        alts = page.evaluate(
            "[...document.querySelectorAll('.st-key-results img')].map(i => i.alt)"
        )
        assert alts == ["Picture A", "Picture B"]
        page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name="Thank you!").wait_for()
    # Streamlit tells where its script lies, and a checkout may be called dfr-suite.
    everything = b"\n".join(heard).lower().replace(str(ROOT).lower().encode(), b"")
    assert len(everything) > 50_000
    assert b"which looks more like the style picture?" in everything  # we do hear the page
    telling = ["dfr", "decormst", "gatys", "feedforward", "feed-forward", "ghiasi", "rot000",
               "rot180", "output", "noise", "catch", "repeat", "gram"]  # fmt: skip
    words = re.sub(rb"event.repeat|no-repeat|repeat-|output_?format|outputs?_", b"", everything)
    told = [word for word in telling if re.search(rb"(?<![a-z])" + word.encode(), words)]
    assert told == []
    assert len(pictures) >= 8
    assert {tuple(dict.fromkeys(png_chunks(data))) for data in pictures} == {
        (b"IHDR", b"IDAT", b"IEND")
    }


def test_reloading_going_back_and_a_second_tab_neither_lose_nor_double_a_vote(
    context, server: Server, database: str
):
    page = context.new_page()
    page.goto("about:blank")
    secret = begin(page, server)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    page.reload()
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(page, 1)
    second = context.new_page()
    second.goto(page.url)
    second.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(second, 1)
    page.keyboard.press("ArrowRight")
    shown(page, 2)
    second.keyboard.press("ArrowLeft")  # an old page answers what is answered
    shown(second, 2)
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "right")]
    page.go_back()
    page.go_forward()
    shown(page, 2)
    assert len(my_votes(database, secret)) == 2
    second.close()


def test_one_browser_is_one_person_at_an_open_door(context, server: Server, database: str):
    page = context.new_page()
    page.goto(server.address)
    tabs = [context.new_page() for _ in range(3)]
    for tab in tabs:  # all of them stand before the door
        tab.goto(server.address)
        tab.get_by_role("button", name="I agree. Begin").wait_for()
    before = len(read_poll(Ballots(database), "page").participants)
    secrets = {begin(page, server)}
    for tab in tabs:
        tab.get_by_role("button", name="I agree. Begin").click()
        shown(tab, 0)
        secrets.add(tab.url.split("me=")[1])
    page.goto(server.address)  # without the private link
    shown(page, 0)
    assert len(secrets) == 1
    assert len(read_poll(Ballots(database), "page").participants) == before + 1


def test_a_double_click_and_a_key_held_down_are_one_vote(context, server: Server, database: str):
    page = context.new_page()
    secret = begin(page, server)
    page.get_by_role("button", name="B is better").dblclick()
    shown(page, 1)
    page.wait_for_timeout(350)
    assert my_votes(database, secret) == [(0, "overall", "right")]
    for _ in range(20):
        page.keyboard.down("ArrowLeft")
        page.wait_for_timeout(100)  # two seconds in all, longer than anything is not taken for
    page.keyboard.up("ArrowLeft")
    shown(page, 2)
    page.wait_for_timeout(500)
    assert my_votes(database, secret)[1:] == [(0, "style", "left")]


def test_what_a_browser_sent_counts_once_even_if_it_is_sent_again(
    context, server: Server, database: str
):
    """Replay a vote's own message, and forge one for another step, on a connection of our own."""
    from websockets.sync.client import connect

    page = context.new_page()
    sent: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    secret = begin(page, server)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    settled(page)
    message = next(data for data in reversed(sent) if b"step-0-left" in data)
    forged = message.replace(b"step-0-left", b"step-5-left")
    assert forged != message
    address = f"{server.address.replace('http', 'ws')}/_stcore/stream"
    with connect(address, origin=server.address, subprotocols=["streamlit"]) as socket:
        for data in (message, forged, message, b"\xff\xfe nonsense"):
            socket.send(data)
            page.wait_for_timeout(700)
    assert my_votes(database, secret) == [(0, "overall", "left")]
    page.reload()
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()


def test_a_connection_cut_in_the_middle_loses_nothing(context, server: Server, database: str):
    page = context.new_page()
    secret = begin(page, server)
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(page, 1)
    context.set_offline(True)
    page.wait_for_timeout(1500)
    context.set_offline(False)
    page.reload()
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(page, 1)
    page.keyboard.press("ArrowDown")
    shown(page, 2)
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "tie")]


def test_killing_the_server_loses_no_vote_and_the_participant_goes_on(
    context, server: Server, database: str
):
    """A crowd, and kills at any moment: test_crowd.py."""
    page = context.new_page()
    secret = begin(page, server)
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
