"""What tests of pages that do not ask about pairs have in common."""

from __future__ import annotations

from typing import Any

from tests.studies.page.pages import settled
from tests.studies.server import Server

#: Three trials and no practice.
STUDY = """
name = "several"
door = "open"
task = "{task}"
{size}
participants = 3
trials = 2
practice = 0
repeats = 0
catches = 1
drop_at = 1
judges = 1
methods = ["dfr", "decormst", "gatys", "feedforward"]
"""


def study_of(task: str, number: int) -> str:
    """Return a study file of a task, with so many pictures or marks."""
    return STUDY.format(task=task, size=f"{'scale' if task == 'rating' else 'pictures'} = {number}")


def come(context: Any, server: Server, heard: list[bytes] | None = None) -> Any:
    """Open the page, begin, and note what the page hears."""
    page = context.new_page()

    def hear(data: str | bytes) -> None:
        if heard is not None:
            heard.append(data.encode() if isinstance(data, str) else data)

    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    page.goto(server.address)
    page.get_by_role("button", name="I agree. Begin").click()
    return page


def shown(page: Any, button: str, pictures: int) -> None:
    """Wait for a step, by the key of one of its buttons, with all of its pictures."""
    page.locator(f".st-key-{button}").wait_for()
    settled(page)
    page.wait_for_function(
        "number => { const all = [...document.querySelectorAll('.st-key-results img')];"
        " return all.length == number && all.every(i => i.complete && i.naturalWidth > 0); }",
        arg=pictures,
    )
    if button.endswith("order"):
        page.locator("[data-rank]").last.wait_for()
    page.wait_for_timeout(700)  # sooner answers are not taken


def ranks(page: Any) -> str:
    """Return the places of the pictures, in the order of their letters."""
    told = page.get_by_role("option").evaluate_all("all => all.map(tile => tile.dataset.rank)")
    return "".join(told)


def middle(page: Any, letter: str) -> tuple[float, float]:
    """Return where the middle of a picture is on the screen."""
    box = page.get_by_alt_text(f"Picture {letter}").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
