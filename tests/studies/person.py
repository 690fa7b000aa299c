"""A simulated person who takes part in a real Chromium.

They know a trial from the database, by its number, and never from the page, which tells nothing
about the methods. What they press is noted by the browser itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studies.analysis.simulated.voters import Voters
from studies.ballots.ballots import Ballots
from studies.ballots.seats import Seat
from studies.design.trial import ANSWERS, Answer

playwright = pytest.importorskip("playwright.async_api")

#: What the people like, by the labels of the runs that the tests make.
VOTERS = Voters(
    {"dfr": 0.6, "half": 0.2, "gatys": 0.9, "decormst": 0.0, "feedforward": -0.7},
    tie=0.4,
    side_bias=0.1,
    lapse=0.02,
    spread=0.4,
)
KEYS = {"left": "ArrowLeft", "tie": "ArrowDown", "right": "ArrowRight"}
#: What people do in the middle, beside answering; see `Person._answer`.
TRICKS = ("plain", "reload", "second tab", "double click", "come back", "cut off")

#: The longest that anybody waits for anything, in seconds; for a machine with far too much to do.
LONGEST = 180.0

#: Runs in every page; see there.
WATCH = (Path(__file__).parent / "watch.js").read_text()


@dataclass
class Person:
    """Somebody who takes part from beginning to end.

    Attributes:
        number: from 0; decides all that is random.
        addresses: of the servers; they begin at the first, and come back at the next.
        ballots: where their trials are known from.
        study: number of the study there.
        pace: seconds, about, that they look at a trial.
        trick: one of `TRICKS`; done at two trials.
        patience: seconds without an answer of the page, after which they press or load it again.
        together: where they wait for the others before the first trial.
        late: seconds after which they come.
        pressed: step -> the answers pressed there, in order, as the browser noted them.
        told: step -> the answer that the page took: the next step was shown after it.
        waits: step -> seconds from the press to the next trial's pictures, where nothing else
            came in between.
        warnings: what the page said was wrong.
        code: the completion code shown.
        seat: their place when they began.
        link: the secret of their private link.
        meant: step -> what they think.
        doubled: steps answered by a double click.
        untimed: steps after which the wait is not the page's alone.
        views: page -> what it shows.
        unheard: steps at which a press had no effect within their patience.
    """

    number: int
    addresses: Sequence[str]
    ballots: Ballots
    study: int
    pace: float = 1.5
    trick: str = "plain"
    patience: float = 8.0
    together: asyncio.Barrier | None = None
    late: float = 0.0
    pressed: dict[int, list[Answer]] = field(default_factory=dict)
    told: dict[int, Answer] = field(default_factory=dict)
    waits: dict[int, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    code: str = ""
    seat: Seat | None = None
    link: str = ""
    meant: dict[int, Answer] = field(default_factory=dict)
    doubled: set[int] = field(default_factory=set)
    untimed: set[int] = field(default_factory=set)
    unheard: list[int] = field(default_factory=list)
    views: dict[Any, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = np.random.default_rng([11, self.number])
        self.voter = VOTERS.one(self.random)

    async def take_part(self, browser: Any) -> None:
        """Go through the whole study."""
        await asyncio.sleep(self.late)
        context, page = await self._arrive(browser, self.addresses[0])
        begin = page.get_by_role("button", name="I agree. Begin")
        await begin.click(timeout=LONGEST * 1000)
        await page.wait_for_url("**me=*", timeout=LONGEST * 1000)
        self.link = page.url.partition("?me=")[2]
        self.seat = await asyncio.to_thread(self.ballots.seat, self.study, self.link)
        turns = self.random.choice(np.arange(2, len(self.seat.steps) - 1), 2, replace=False)
        tricks = dict.fromkeys(turns.tolist(), self.trick)
        if self.together is not None:
            await self._trial(page)
            await self.together.wait()
        while not self.code:
            step = await self._trial(page)
            if step is None:
                break
            await asyncio.sleep(self.pace * self.random.uniform(0.6, 1.6))
            match tricks.pop(step, "plain"):
                case "reload":
                    await self._load_again(page)
                case "come back":
                    await context.close()
                    await asyncio.sleep(self.pace)
                    context, page = await self._arrive(browser, self._home(self.addresses[-1]))
                case trick:
                    await self._answer(context, page, step, trick)
        await context.close()

    def _home(self, address: str) -> str:
        return f"{address}/?me={self.link}"

    async def _arrive(self, browser: Any, address: str) -> tuple[Any, Any]:
        context = await browser.new_context(viewport={"width": 1000, "height": 760})
        await context.expose_binding("noted", self._noted)
        await context.add_init_script(WATCH)
        page = await context.new_page()
        await page.goto(address, timeout=LONGEST * 1000)
        return context, page

    def _noted(self, source: Any, what: str, step: int, value: Any) -> None:
        if what == "press":
            self.pressed.setdefault(step, []).append(value)
        elif what == "wait":
            if step not in self.untimed:
                self.waits[step] = value / 1000
        else:
            self.views[source["page"]] = value
            if value["warning"] and value["warning"] not in self.warnings:
                self.warnings.append(value["warning"])

    async def _trial(self, page: Any) -> int | None:
        """Come to the next trial, past breaks and failures; None at the end."""
        began = loaded = time.monotonic()
        while True:
            seen = self._look(page)
            if seen and seen["code"]:
                self.code = seen["code"]
                return None
            if seen and (seen["rest"] or seen["down"]):
                name = "Go on" if seen["rest"] else "Try again"
                with contextlib.suppress(playwright.Error):
                    if seen["rest"] and self.random.random() < 0.5:
                        await page.keyboard.press("Enter")
                    else:
                        await page.get_by_role("button", name=name).click(timeout=2000)
                # Who presses again at once only makes the server begin again.
                until = time.monotonic() + (self.patience if seen["rest"] else 2)
                while self.views.get(page) is seen and time.monotonic() < until:
                    await asyncio.sleep(0.05)
            elif seen and seen["step"] is not None and seen["loaded"]:
                return int(seen["step"])
            elif time.monotonic() - loaded > self.patience:
                await self._load_again(page)
                loaded = time.monotonic()
            assert time.monotonic() - began < LONGEST, f"person {self.number} is shown: {seen}"
            await asyncio.sleep(0.05)

    async def _load_again(self, page: Any) -> None:
        self.views.pop(page, None)
        with contextlib.suppress(playwright.Error):  # the server is down
            await page.goto(self._home(self.addresses[0]), timeout=self.patience * 1000)

    def _look(self, page: Any) -> dict[str, Any] | None:
        seen = self.views.get(page)
        assert not (seen and seen["broken"]), seen
        return seen

    async def _answer(self, context: Any, page: Any, step: int, trick: str) -> None:
        assert self.seat is not None
        # Asked again, they say the same again.
        answer = self.meant.setdefault(
            step, self.voter.answer(self.seat.steps[step].trial, self.random)
        )
        if trick in ("second tab", "cut off"):
            self.untimed.add(step)
        if trick == "second tab":
            other = await context.new_page()
            await other.goto(self._home(self.addresses[0]), timeout=LONGEST * 1000)
            assert await self._trial(other) == step
            await self._give(other, step, answer)
            await other.close()
            answer = ANSWERS[ANSWERS.index(answer) - 1]  # too late: the first one counts
        if trick == "cut off":
            await context.set_offline(True)
        if trick == "double click":
            self.doubled.add(step)
        await self._press(page, step, answer, twice=trick == "double click")
        if trick == "cut off":
            await asyncio.sleep(3)
            await context.set_offline(False)
        await self._give(page, step, answer, pressed=True)

    async def _give(self, page: Any, step: int, answer: Answer, pressed: bool = False) -> None:
        """Press until the page goes on; where it does not, load it again."""
        for again in (pressed, False, False):
            if not again:
                await self._press(page, step, answer)
            until = time.monotonic() + self.patience
            while time.monotonic() < until:
                seen = self._look(page)
                if seen and seen["down"]:
                    return
                if seen and (seen["code"] or (seen["step"] or 0) > step):
                    self.told.setdefault(step, answer)
                    if seen["rest"]:
                        self.untimed.add(step)
                    return
                await asyncio.sleep(0.05)
            self.untimed.add(step)
            self.unheard.append(step)
        await self._load_again(page)

    async def _press(self, page: Any, step: int, answer: Answer, twice: bool = False) -> None:
        """Answer by key or by click."""
        button = page.locator(f".st-key-step-{step}-{answer} button")
        with contextlib.suppress(playwright.Error):  # the page went on, or is gone
            if twice:
                await button.dblclick(timeout=5000)
            elif self.random.random() < 0.5:
                await page.keyboard.press(KEYS[answer])
            else:
                await button.click(timeout=5000)
