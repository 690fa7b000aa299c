"""Rating pictures in a real browser: by keys and by buttons, and the page tells no method."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from tests.studies.page.pages import expect, settled
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")

STUDY = """
name = "marks"
door = "open"
task = "rating"
scale = 7
participants = 3
trials = 2
practice = 0
repeats = 1
catches = 1
drop_at = 1
judges = 1
methods = ["dfr", "gatys"]
"""


@pytest.fixture
def rated(place: Path, tmp_path: Path) -> Iterator[tuple[Server, str]]:
    (tmp_path / "marks.toml").write_text(f"{STUDY}run = {str(place / 'run')!r}\n")
    database = f"sqlite:///{tmp_path / 'votes.sqlite'}"
    running = Server(tmp_path / "log", "--study", tmp_path / "marks.toml", "--database", database)
    yield running, database
    running.stop()


def test_pictures_are_rated_one_by_one(context, rated: tuple[Server, str]):
    server, database = rated
    page = context.new_page()
    heard: list[bytes] = []
    page.on("websocket", lambda socket: socket.on(
        "framereceived", lambda data: heard.append(data.encode() if isinstance(data, str) else data)
    ))  # fmt: skip
    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").click()
    expect(page).to_have_title("How good are these pictures?")
    given = []
    for step, (key, mark) in enumerate((("7", "7"), ("1", "1"), (None, "4"), ("2", "2"))):
        page.locator(f".st-key-step-{step}-{mark}").wait_for()
        settled(page)
        page.wait_for_function(
            "() => { const all = [...document.querySelectorAll('.st-key-results img')];"
            " return all.length == 1 && all[0].complete && all[0].naturalWidth > 0; }"
        )
        page.wait_for_timeout(700)
        assert page.locator(".st-key-results img").get_attribute("alt") == "Picture"
        page.keyboard.press("ArrowLeft")  # is no answer here
        page.keyboard.press("8")
        if key:
            page.keyboard.press(key)
        else:
            page.locator(f".st-key-step-{step}-{mark} button").click()
        given.append(mark)
    page.get_by_role("heading", name="Thank you!").wait_for()
    votes = read_poll(Ballots(database), "marks").votes
    assert votes["answer"].tolist() == given
    assert votes["timed_by"].tolist() == ["browser"] * 4
    assert (votes["seconds"] >= 0.5).all()
    told = b"\n".join(heard).lower()
    assert b"is this a good stylization" in told
    assert not [word for word in (b"gatys", b"rot000", b"noise") if word in told]
