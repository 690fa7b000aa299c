"""Times are of the pictures being seen, in the browser; no answer counts before they are."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.circumstances import Circumstances
from studies.ballots.poll import read_poll
from studies.page.timing import judge
from tests.studies.page.pages import begin, my_votes, settled, shown, take_seat
from tests.studies.server import Server

#: One worker has the browser and the server.
pytestmark = pytest.mark.xdist_group(name="browser")

#: The tab goes to the background, or comes back, as the page sees it.
_HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', { get: () => hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def mine(database: str, secret: str) -> Any:
    """Return a participant's votes."""
    ballots = Ballots(database)
    votes = read_poll(ballots, "page").votes
    return votes[votes["participant"] == ballots.seat(1, secret).participant]


def test_times_are_the_browsers_without_the_background_and_tell_reloads(
    page, server: Server, database: str
):
    began = time.monotonic()
    secret = begin(page, server)  # an opened private link would be a reload
    page.wait_for_timeout(1500)
    page.evaluate(_HIDE, True)
    page.wait_for_timeout(3000)
    page.evaluate(_HIDE, False)
    page.keyboard.press("ArrowLeft")
    first_took = time.monotonic() - began
    shown(page, 1)
    loading = time.monotonic()
    page.reload()
    shown(page, 1)
    page.locator(".st-key-step-1-right button").click()
    second_took = time.monotonic() - loading
    shown(page, 2)
    votes = mine(database, secret)
    assert votes["answer"].tolist() == ["left", "right"]
    assert votes["timed_by"].tolist() == ["browser", "browser"]
    assert votes["reloaded"].tolist() == [False, True]
    assert votes["device"].tolist() == ["desktop", "desktop"]
    # `shown` comes back 0.7 s after the pictures; whatever is late is late on both clocks.
    first, second = votes["seconds"]
    assert 1.5 <= first <= first_took - 3
    assert 0.7 <= second <= second_took


def test_a_picture_that_does_not_load_is_asked_for_again_and_no_answer_counts_before(
    tab, server: Server, database: str
):
    secret = take_seat(tab, server, database)
    tab.route("**/media/**", lambda route: route.abort())
    tab.reload()
    note = tab.get_by_text("A picture has not come through yet")
    note.wait_for()
    settled(tab)
    tab.wait_for_timeout(1000)
    tab.keyboard.press("ArrowLeft")
    tab.locator(".st-key-step-0-right button").click()
    back = time.monotonic()
    tab.unroute("**/media/**")
    shown(tab, 0)
    assert not note.is_visible()
    tab.keyboard.press("ArrowDown")
    shown(tab, 1)
    assert my_votes(database, secret) == [(0, "overall", "tie")]
    assert mine(database, secret)["seconds"].iloc[0] < time.monotonic() - back


def test_where_the_script_does_not_run_the_servers_time_is_kept(tab, server: Server, database: str):
    tab.add_init_script("URL.createObjectURL = () => 'blob:nothing'")
    secret = take_seat(tab, server, database)
    assert not tab.get_by_text("blob:nothing").is_visible()
    tab.keyboard.press("ArrowRight")
    shown(tab, 1)
    votes = mine(database, secret)
    assert votes[["answer", "timed_by", "device"]].to_numpy().tolist() == [["right", "server", ""]]
    assert votes["seconds"].iloc[0] >= 0.6


@pytest.mark.parametrize("seconds", [0, 4.5, 10, 10.9])
def test_a_time_that_can_be_true_is_taken(seconds: float):
    claim = {"step": 3, "seconds": seconds, "device": "tablet"}
    taken = float(seconds), Circumstances("browser", True, "tablet")
    assert judge(claim, 3, 10.0, reloaded=True) == taken


@pytest.mark.parametrize(
    "claim",
    [
        None, [], "x", {}, {"step": 2, "seconds": 1, "device": "phone"}, {"step": 3},
        *({"step": 3, "seconds": each, "device": ["phone"]}
          for each in (-0.001, 11.01, 1e300, math.inf, -math.inf, math.nan, True, "1", None, [1])),
        {"step": 3, "seconds": 10**400, "device": "a phone of Ann's"},
    ],
)  # fmt: skip
def test_a_forged_claim_leaves_the_servers_time(claim: Any):
    assert judge(claim, 3, 10.0, reloaded=False) == (10.0, Circumstances("server", False, ""))
