"""The administrator's page: nothing without the token, no ranking before the end."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.opening import open_study
from studies.ballots.poll import read_poll
from studies.ballots.seats import read_place
from studies.design.study import read_study
from studies.page.administrator import LONGEST_WAIT, TOKEN, Guard
from tests.studies.page.pages import BREAK, STEPS, STUDY, expect, settled
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")

SECRET = "a-token-of-the-test"


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


def test_each_wrong_token_makes_the_next_try_wait_twice_as_long():
    clock = Clock()
    guard = Guard(now=clock)
    waits = []
    for number in range(10):
        waits.append(guard.check(f"guess {number}", SECRET))
        clock.time += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]
    assert guard.check(SECRET, SECRET) == 0


def test_the_right_token_too_waits_while_a_wait_lasts_and_guesses_do_not_lengthen_it():
    clock = Clock()
    guard = Guard(now=clock)
    assert guard.check("wrong", SECRET) == 1
    clock.time += 0.4
    assert guard.check(SECRET, SECRET) == pytest.approx(0.6)
    assert guard.check("wrong", SECRET) == pytest.approx(0.6)
    clock.time += 0.6
    assert guard.check(SECRET, SECRET) == 0


@pytest.mark.parametrize("given", ["", "a-token", SECRET + "x", SECRET.upper(), "\ud800", "ä"])
def test_only_the_token_itself_opens(given: str):
    assert Guard(now=Clock()).check(given, SECRET) > 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, tiny_run: Path) -> Path:
    """A run, a study file, and ballots of two people, one of whom said a word and paid no heed."""
    made = tmp_path_factory.mktemp("admin")
    (made / "page.toml").write_text(f"{STUDY}run = {str(tiny_run)!r}\n")
    opened = open_study(read_study(made / "page.toml"), made, f"sqlite:///{made / 'v.sqlite'}")
    for heedless in (False, True):
        secret = opened.ballots.join(opened.key)
        seat = opened.ballots.seat(opened.key, secret)
        while seat.step is not None:
            right = seat.step.trial.expected or "left"
            wrong = "left" if right == "right" else "right"
            answer = wrong if heedless and seat.step.trial.kind == "catch" else right
            _, seat = opened.ballots.cast(opened.key, secret, seat.step.number, answer, 2.0)
        if heedless:
            opened.ballots.comment(opened.key, secret, "<img src=x onerror=alert(1)> **bold**")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """The administrator's page."""
    running = Server(folder / "log", "--study", folder / "page.toml", "--database",
                     f"sqlite:///{folder / 'v.sqlite'}", "--admin", **{TOKEN: SECRET})  # fmt: skip
    yield running
    running.stop()


def enter(page, token: str) -> None:
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Enter").click()


def test_without_the_token_nothing_is_reachable(tab, server: Server):
    heard: list[bytes] = []

    def hear(frame: object) -> None:
        heard.append(frame.encode() if isinstance(frame, str) else bytes(frame))

    tab.on("websocket", lambda socket: socket.on("framereceived", hear))
    for address in ("/", "/?token=x", "/admin", f"/?me={SECRET}"):
        tab.goto(server.address + address)
        tab.get_by_label("Token").wait_for()
        settled(tab)
    enter(tab, "wrong")
    tab.get_by_text("That is not the token. Try again in 1 s.").wait_for()
    everything = b"\n".join(heard)
    assert b"Token" in everything
    for word in (b"Finished", b"decormst", b"DeCorMST", b"votes", b"Export", b"I agree"):
        assert word not in everything
    tab.wait_for_timeout(1100)
    enter(tab, SECRET)
    tab.get_by_role("heading", name="Study page").wait_for()


def view(page, name: str) -> None:
    page.get_by_role("radio", name=name).click()
    settled(page)


def test_the_administrator_sees_how_it_goes_and_the_ranking_only_at_the_end(
    page, server: Server, folder: Path
):
    page.set_viewport_size({"width": 1280, "height": 2400})
    page.goto(server.address)
    enter(page, SECRET)
    page.get_by_role("heading", name="Study page").wait_for()
    main = page.get_by_test_id("stMain")
    expect(main).to_contain_text("2 of 30")
    expect(main).to_contain_text("8 of 120")  # 2 people x 2 trials x 2 questions
    expect(main).to_contain_text("too few answers to tell how precise")
    expect(main).to_contain_text("places 1 to 30")
    assert "gatys" not in main.inner_text().lower()
    ballots = Ballots(f"sqlite:///{folder / 'v.sqlite'}")
    somebody = ballots.join(1)
    page.get_by_test_id("stMetricValue").get_by_text("3", exact=True).wait_for()  # by itself
    ballots.withdraw(1, somebody)
    view(page, "People")
    expect(main).to_contain_text("fails 2 or more of 1 catch trials")
    view(page, "Ranking")
    page.get_by_text("Hidden until the study is closed").wait_for()
    view(page, "Files and log")
    expect(main).to_contain_text("Nothing yet.")  # none of this was a look at the ranking
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Design, participants and answers").click()
    with zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes())) as archive:
        assert set(archive.namelist()) == {
            "study.json", "trials.csv", "participants.csv", "votes.csv", "events.csv",
            "preregistrations.csv", "demographics.csv", "answers.csv", "dictionary.csv",
            "main_table.R",
        }  # fmt: skip
        votes = list(csv.DictReader(io.StringIO(archive.read("votes.csv").decode())))
        answers = list(csv.DictReader(io.StringIO(archive.read("answers.csv").decode())))
    assert len(votes) == len(answers) == 2 * STEPS
    view(page, "Overview")
    page.get_by_role("button", name="Close the study").click()
    page.get_by_role("button", name="Open the study again").wait_for()
    view(page, "Ranking")
    page.get_by_text("Which looks more like the style picture?").wait_for()
    assert page.get_by_text("Hidden until").count() == 0
    view(page, "Overview")
    page.get_by_role("button", name="Open the study again").click()
    page.get_by_role("button", name="Close the study").wait_for()
    view(page, "Ranking")
    page.get_by_text("Hidden until the study is closed").wait_for()
    view(page, "People")
    page.get_by_role("heading", name="Comments").wait_for()
    assert page.locator("img[src=x]").count() == 0
    assert read_poll(ballots, "page").events["what"].tolist() == [
        "exported",
        "closed",
        "ranking",
        "opened again",
    ]
    ballots.close()


def test_a_preview_leads_through_a_place_and_keeps_nothing(page, server: Server, folder: Path):
    ballots = Ballots(f"sqlite:///{folder / 'v.sqlite'}")
    before = read_poll(ballots, "page")
    steps = read_place(ballots, 1, 0).steps
    page.goto(server.address)
    enter(page, SECRET)
    view(page, "Preview")
    main = page.get_by_test_id("stMain")
    page.get_by_text("has seen this screen").wait_for()
    page.get_by_role("button", name="I agree. Begin").click()
    for step in range(len(steps)):
        if step == BREAK:
            page.get_by_role("button", name="Go on").click()
        page.locator(f".st-key-step-{step}-left").wait_for()
        settled(page)
        expect(page.locator(".st-key-results img")).to_have_count(2)
        told = main.inner_text().lower()
        assert not [word for word in ("gatys", "decormst", "rot000") if word in told]
        page.get_by_role("button", name="Next").click()
    page.get_by_role("heading", name="Thank you!").wait_for()
    page.get_by_role("button", name="Back").click()
    page.locator(f".st-key-step-{len(steps) - 1}-left").wait_for()
    page.get_by_text("Stop and delete my answers").click()
    page.get_by_role("button", name="Delete").click()
    settled(page)
    page.get_by_role("heading", name="Study page").wait_for()
    after = read_poll(ballots, "page")
    assert after.participants.equals(before.participants)
    assert after.votes.equals(before.votes)
    assert after.events.equals(before.events)
    ballots.close()
