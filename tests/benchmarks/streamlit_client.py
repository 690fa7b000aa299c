"""A visitor of the voting page without a browser: light enough to be a hundred at once.

It speaks what Streamlit's own page speaks, over the WebSocket: it asks for the page of its private
link, waits until all of it is sent, loads its pictures, and presses one of its buttons.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

#: The longest that a visitor waits for anything, in seconds.
LONGEST = 120.0
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Visitor:
    """Somebody who takes part by a private link.

    Attributes:
        address: of the page, ``http://HOST:PORT``.
        secret: of the link.
        threads: load the pictures, as a browser does beside the page.
        waits: seconds from each press until all of what follows it was there, pictures too.
        answered: labels of the buttons pressed.
        cookie: which process of the page they stay with.
    """

    address: str
    secret: str
    threads: ThreadPoolExecutor
    waits: list[float] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    cookie: str = ""
    _loaded: set[str] = field(default_factory=set)
    _buttons: dict[str, str] = field(default_factory=dict)
    _texts: list[str] = field(default_factory=list)

    async def take_part(self, look: Any, choose: Any) -> None:
        """Answer everything.

        Args:
            look: returns how many seconds the next trial is looked at.
            choose: returns which of some labels is pressed.
        """
        self.cookie = await asyncio.to_thread(self._first_visit)
        where = self.address.replace("http", "ws", 1) + "/_stcore/stream"
        async with connect(
            where, subprotocols=["streamlit"], additional_headers={"Cookie": self.cookie},  # type: ignore[list-item]
            max_size=None, proxy=None, ping_interval=None,
        ) as socket:  # fmt: skip
            await self._ask(socket, "")
            while self._buttons:
                await asyncio.sleep(look())
                label = choose(sorted(self._buttons))
                began = time.perf_counter()
                await self._ask(socket, self._buttons[label])
                self.waits.append(time.perf_counter() - began)
                self.answered.append(label)

    def _first_visit(self) -> str:
        with _DIRECT.open(self.address, timeout=LONGEST) as answer:
            given = answer.headers.get_all("Set-Cookie") or []
        return "; ".join(text.split(";")[0] for text in given)

    async def _ask(self, socket: Any, button: str) -> None:
        """Ask for the page, having pressed a button or not, and wait until all of it is there."""
        message = BackMsg()
        message.rerun_script.query_string = f"me={self.secret}"
        if button:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = button, True
        await socket.send(message.SerializeToString())
        buttons: dict[str, str] = {}
        pictures: list[str] = []
        while True:
            told = ForwardMsg.FromString(await asyncio.wait_for(socket.recv(), LONGEST))
            kind = told.WhichOneof("type")
            if kind == "delta" and told.delta.WhichOneof("type") == "new_element":
                element = told.delta.new_element
                what = element.WhichOneof("type")
                if what == "button" and element.button.shortcut:  # an answer, or "Go on"
                    buttons[element.button.label] = element.button.id
                elif what == "imgs":
                    pictures += [image.url for image in element.imgs.imgs]
            elif kind == "script_finished":
                break
        self._buttons = buttons
        await self._load([url for url in dict.fromkeys(pictures) if url not in self._loaded])

    async def _load(self, urls: list[str]) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.gather(
            *(loop.run_in_executor(self.threads, self._picture, url) for url in urls)
        )
        self._loaded.update(urls)

    def _picture(self, url: str) -> None:
        request = urllib.request.Request(self.address + url, headers={"Cookie": self.cookie})
        with _DIRECT.open(request, timeout=LONGEST) as answer:
            assert re.match("image/", answer.headers["Content-Type"])
            answer.read()
