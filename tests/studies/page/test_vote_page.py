"""The voting page in a real browser, as a participant meets it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from studies.design.study import QUESTIONS
from tests.studies.server import ROOT, Server

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=20_000)  # a busy machine

STUDY = """
name = "page"
title = "A <b>small</b> study"
participants = 30
trials = 4
practice = 1
repeats = 1
catches = 1
judges = 1
break_every = 3
questions = ["overall", "style"]
methods = ["dfr", "decormst", "gatys", "feedforward"]
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    path = os.environ.get("DFR_CHROMIUM") or shutil.which("chromium") or shutil.which("chrome")
    if path is None:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu"]
        )
        yield running
        running.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> Path:
    """A folder with a run to show, which tests may harm and mend, and a study file."""
    folder = tmp_path_factory.mktemp("voting")
    shutil.copytree(tiny_run, folder / "run", ignore=shutil.ignore_patterns("report"))
    (folder / "page.toml").write_text(STUDY + 'run = "run"\n')
    return folder


@pytest.fixture(scope="module")
def database(place: Path) -> str:
    return f"sqlite:///{place / 'votes.sqlite'}"


@pytest.fixture(scope="module")
def server(place: Path, database: str) -> Iterator[Server]:
    running = Server(place / "log", "--study", place / "page.toml", "--database", database)
    yield running
    running.stop()


@pytest.fixture
def context(browser) -> Iterator[object]:
    opened = browser.new_context(viewport={"width": 1280, "height": 800})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


def begin(page, server: Server) -> str:
    """Consent and begin; return the secret of the private link."""
    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").click()
    page.wait_for_url(re.compile(r"\?me="))
    shown(page, "Practice 1 of 1")
    return page.url.split("me=")[1]


def shown(page, place: str) -> None:
    """Wait for a trial with its pictures."""
    expect(page.get_by_test_id("stProgress")).to_contain_text(place)
    settled(page)
    page.wait_for_function(
        """() => { const all = [...document.querySelectorAll('.st-key-results img')];
        return all.length == 2 && all.every(i => i.complete && i.naturalWidth > 0); }"""
    )
    page.wait_for_timeout(350)  # a person needs longer to look; sooner answers are not taken


def settled(page) -> None:
    """Wait until the server has sent all of the page, and all of it is drawn."""
    page.wait_for_function(
        """() => document.querySelector('[data-testid=stApp]').dataset.testScriptState ==
        'notRunning' && !document.querySelector('[data-stale=true]')"""
    )


def my_votes(database: str, secret: str) -> list[tuple[int, str, str]]:
    ballots = Ballots(database)
    name = ballots.seat(1, secret).participant
    votes = read_poll(ballots, "page").votes
    mine = votes[votes["participant"] == name]
    return list(zip(mine["position"], mine["question"], mine["answer"], strict=True))


def test_a_participant_goes_through_all_of_it_by_keys(context, server: Server, database: str):
    page = context.new_page()
    secret = begin(page, server)
    headings, answers = [], []
    keys = {"left": "ArrowLeft", "right": "ArrowRight", "tie": "ArrowDown"}
    for number in range(14):
        if number == 8:  # after three trials past the practice, of two questions each
            page.get_by_role("heading", name="Time for a short break").wait_for()
            page.get_by_role("button", name="Go on").click()
        shown(page, "Practice 1 of 1" if number < 2 else f"{number + 1} of 14")
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


def test_the_next_trial_is_loaded_before_it_is_asked_for(context, server: Server):
    page = context.new_page()
    begin(page, server)
    for _ in range(2):  # both questions about the first pictures
        settled(page)
        page.wait_for_timeout(350)
        loaded = page.evaluate(
            """() => [...document.querySelectorAll('.st-key-next img')]
            .filter(i => i.complete && i.naturalWidth > 0).map(i => i.src)"""
        )
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(350)
    shown(page, "3 of 14")
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
    for number in range(14):
        if number == 8:
            page.get_by_role("button", name="Go on").click()
        shown(page, "Practice 1 of 1" if number < 2 else f"{number + 1} of 14")
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
    words = re.sub(rb"no-repeat|repeat-|output_?format|outputs?_", b"", everything)
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
    shown(page, "Practice 1 of 1")
    second = context.new_page()
    second.goto(page.url)
    second.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(second, "Practice 1 of 1")
    page.keyboard.press("ArrowRight")
    shown(page, "3 of 14")
    second.keyboard.press("ArrowLeft")  # an old page answers what is answered
    shown(second, "3 of 14")
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "right")]
    page.go_back()
    page.go_forward()
    shown(page, "3 of 14")
    assert len(my_votes(database, secret)) == 2
    second.close()


def test_a_double_click_and_a_key_held_down_are_one_vote(context, server: Server, database: str):
    page = context.new_page()
    secret = begin(page, server)
    page.get_by_role("button", name="B is better").dblclick()
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    page.wait_for_timeout(700)
    assert my_votes(database, secret) == [(0, "overall", "right")]
    for _ in range(25):
        page.keyboard.down("ArrowLeft")
        page.wait_for_timeout(20)
    page.keyboard.up("ArrowLeft")
    shown(page, "3 of 14")
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
    shown(page, "Practice 1 of 1")
    context.set_offline(True)
    page.wait_for_timeout(1500)
    context.set_offline(False)
    page.reload()
    page.get_by_role("heading", name=QUESTIONS["style"]).wait_for()
    shown(page, "Practice 1 of 1")
    page.keyboard.press("ArrowDown")
    shown(page, "3 of 14")
    assert my_votes(database, secret) == [(0, "overall", "left"), (0, "style", "tie")]


@pytest.mark.parametrize(("width", "height"), [(360, 640), (390, 844), (1280, 720), (1920, 1080)])
def test_both_pictures_and_the_buttons_fit_on_the_screen(context, server: Server, width, height):
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": height})
    begin(page, server)
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('.st-key-results img, .st-key-answers button')]
        .map(e => e.getBoundingClientRect()).map(r => [r.left, r.top, r.right, r.bottom])"""
    )
    assert len(boxes) == 5
    for left, top, right, bottom in boxes:
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height
    images = boxes[:2]
    assert all(bottom - top > 0.2 * height for _, top, _, bottom in images)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_there_are_no_barriers_on_any_page(context, server: Server):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    page = context.new_page()
    found = []

    def look(name: str) -> None:
        settled(page)
        for violation in axe.run(page, options=rules).response["violations"]:
            nodes = [node["html"][:200] for node in violation["nodes"]]
            found.append((name, violation["id"], nodes))

    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").wait_for()
    look("welcome")
    begin(page, server)
    look("trial")
    for number in range(14):
        if number == 8:
            look("break")
            page.get_by_role("button", name="Go on").click()
        shown(page, "Practice 1 of 1" if number < 2 else f"{number + 1} of 14")
        page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name="Thank you!").wait_for()
    look("thanks")
    page.goto(f"{server.address}/?me=unknown")
    page.get_by_role("heading", name="This link is not known").wait_for()
    look("unknown link")
    assert found == []


def test_an_unknown_link_is_told_kindly_and_one_can_begin_anew(context, server: Server):
    page = context.new_page()
    for link in ("x", "%00", "' OR 1=1 --", "<script>alert(1)</script>", "a" * 5000):
        page.goto(f"{server.address}/?me={link}")
        page.get_by_role("heading", name="This link is not known").wait_for()
    page.get_by_role("button", name="Begin anew").click()
    page.get_by_role("button", name="I agree. Begin").wait_for()
    assert page.get_by_role("heading", name="A small study").count() == 0  # markup is not obeyed


def test_who_withdraws_sees_their_answers_deleted(context, server: Server, database: str):
    page = context.new_page()
    secret = begin(page, server)
    for number in range(14):
        if number == 8:
            page.get_by_role("button", name="Go on").click()
        shown(page, "Practice 1 of 1" if number < 2 else f"{number + 1} of 14")
        page.keyboard.press("ArrowLeft")
    name = Ballots(database).seat(1, secret).participant
    page.get_by_text("Delete my answers").click()
    page.get_by_role("button", name="Delete all my answers").click()
    page.get_by_role("button", name="I agree. Begin").wait_for()
    assert name not in set(read_poll(Ballots(database), "page").participants["participant"])


def test_a_picture_that_vanished_is_told_and_the_vote_is_asked_when_it_is_back(
    context, place: Path, database: str
):
    cells = place / "run" / "cells"
    with_pictures = Server(place / "log2", "--study", place / "page.toml", "--database", database)
    try:
        page = context.new_page()
        page.goto(with_pictures.address)
        page.get_by_role("button", name="I agree. Begin").wait_for()
        for path in cells.rglob("*.png"):
            path.rename(path.with_suffix(".gone"))
        page.get_by_role("button", name="I agree. Begin").click()
        page.get_by_text("A picture of this study cannot be shown").wait_for()
        assert page.get_by_text("Traceback").count() == 0
        for path in cells.rglob("*.gone"):
            path.rename(path.with_suffix(".png"))
        page.get_by_role("button", name="Try again").click()
        shown(page, "Practice 1 of 1")
        assert "cannot be read" in (place / "log2").read_text()
    finally:
        for path in cells.rglob("*.gone"):
            path.rename(path.with_suffix(".png"))
        with_pictures.stop()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--runs", "EMPTY"], "make one with dfr reproduce --profile smoke"),
        (["--run", "EMPTY"], "holds no run"),
        (["--study", "missing.toml"], "no such study file"),
        (["--study", "UNKNOWN"], "unknown method of the run"),
        (["--study", "WRONG"], "'trials': Input should be"),
        (["--run", "RUN", "--database", "mysql://x"], "ballots are kept in"),
        (
            ["--run", "RUN", "--database", "postgresql://x@127.0.0.1:1/y"],
            "cannot reach our records",
        ),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(
    context, place: Path, tmp_path: Path, arguments, told: str
):
    (tmp_path / "unknown.toml").write_text('methods = ["dfr", "nosuch"]\n')
    (tmp_path / "wrong.toml").write_text('trials = "many"\n')
    names = {"EMPTY": tmp_path / "empty", "UNKNOWN": tmp_path / "unknown.toml",
             "WRONG": tmp_path / "wrong.toml", "RUN": place / "run"}  # fmt: skip
    asked = [names.get(argument, argument) for argument in arguments]
    if "UNKNOWN" in arguments:
        asked += ["--run", place / "run"]
    server = Server(tmp_path / "log", *asked)
    try:
        page = context.new_page()
        page.goto(server.address)
        alert = page.get_by_test_id("stAlert")
        alert.wait_for()
        assert told in alert.inner_text()
        assert "Traceback" not in page.content()
    finally:
        server.stop()


def test_without_a_study_file_the_newest_run_is_shown(context, place: Path, tmp_path: Path):
    runs = tmp_path / "runs"
    shutil.copytree(place / "run", runs / "Some Run")
    (runs / "older").mkdir()
    shutil.copy(place / "run" / "run.json", runs / "older" / "run.json")
    os.utime(runs / "older" / "run.json", (0, 0))
    server = Server(tmp_path / "log", "--runs", runs)
    try:
        page = context.new_page()
        page.goto(server.address)
        page.get_by_role("button", name="I agree. Begin").click()
        shown(page, "Practice 1 of 2")
        ballots = Ballots(f"sqlite:///{runs / 'Some Run' / 'votes.sqlite'}")
        assert len(read_poll(ballots, "some-run").participants) == 1
    finally:
        server.stop()
