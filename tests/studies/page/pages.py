"""What tests of the voting page have in common: the study shown, and looking at a trial."""

from __future__ import annotations

import re

import pytest

from studies.ballots.ballots import Ballots
from studies.ballots.poll import read_poll
from tests.studies.server import Server

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect
expect.set_options(timeout=90_000)  # a busy machine

#: Five trials of two questions each, with a break after the third.
STUDY = """
name = "page"
door = "open"
title = "A <b>small</b> study"
participants = 30
trials = 2
practice = 1
repeats = 1
catches = 1
judges = 1
break_every = 2
questions = ["overall", "style"]
methods = ["dfr", "decormst", "gatys", "feedforward"]
"""
STEPS = 10
#: The step before which the break comes.
BREAK = 6


def begin(page, server: Server) -> str:
    """Consent and begin; return the secret of the private link."""
    page.goto(server.address)
    return agree(page)


def agree(page) -> str:
    """Begin from the first page; return the secret of the private link."""
    page.get_by_role("button", name="I agree. Begin").click()
    page.wait_for_url(re.compile(r"\?me="))
    shown(page, 0)
    return page.url.split("me=")[1]


def take_seat(page, server: Server, database: str, answered: int = 0) -> str:
    """Open the private link of somebody new, who has answered so many steps; return its secret."""
    ballots = Ballots(database)
    secret = ballots.join(1)
    answer_up_to(ballots, secret, answered)
    ballots.close()
    page.goto(f"{server.address}/?me={secret}")
    if answered < STEPS:
        shown(page, answered)
    return secret


def answer_up_to(ballots: Ballots, secret: str, step: int) -> None:
    """Answer what comes before a step, without the page."""
    for number in range(ballots.seat(1, secret).done, step):
        ballots.cast(1, secret, number, "left", 1.0)


def shown(page, step: int) -> None:
    """Wait for a step with its pictures."""
    page.locator(f".st-key-step-{step}-left").wait_for()
    place = "Practice 1 of 1" if step < 2 else f"{step + 1} of {STEPS}"
    expect(page.get_by_test_id("stProgress")).to_contain_text(place)
    settled(page)
    page.wait_for_function(
        """() => { const all = [...document.querySelectorAll('.st-key-results img')];
        return all.length == 2 && all.every(i => i.complete && i.naturalWidth > 0); }"""
    )
    page.wait_for_timeout(700)  # a person needs longer to look; sooner answers are not taken


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
