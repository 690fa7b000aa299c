"""A real web server on this machine that behaves well, or badly in one of the known ways."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit


class PictureServer(ThreadingHTTPServer):
    """Serves bytes by file name, each with a behaviour.

    Attributes:
        files: name -> its bytes.
        by_path: path without the first slash -> its bytes, where names are not enough.
        ways: name -> what to do instead of sending them whole.
        asked: name -> how often it was asked for.
        mute: whether it takes requests for headers and never answers.
        agents: the User-Agent headers that came.
        most: requests that were open at the same time, at most.
        stop: ends what stalls.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.by_path: dict[str, bytes] = {}
        self.mute = False
        self.files, self.ways = files, dict[str, Callable[[_Handler, bytes], None]]()
        self.asked: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.stop = threading.Event()
        self.open = self.most = 0
        self.guard = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def urls(self) -> dict[str, str]:
        return {"coco_url": f"{self.url}/coco", "commons_url": f"{self.url}/commons/"}


class _Handler(BaseHTTPRequestHandler):
    server: PictureServer

    def do_HEAD(self) -> None:
        """Say that somebody is there, unless the server is mute."""
        if self.server.mute:
            self.server.stop.wait(300)
        self.send_response(200)
        self.end_headers()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path).removeprefix("/")
        server, name = self.server, Path(path).name
        with server.guard:
            server.asked[name] += 1
            server.open += 1
            server.most = max(server.most, server.open)
        server.agents.add(self.headers["User-Agent"])
        try:
            content = server.by_path.get(path, server.files.get(name))
            if content is None:
                self.answer(404, b"not found")
            else:
                server.ways.get(name, whole)(self, content)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client has gone, as it may
        finally:
            with server.guard:
                server.open -= 1

    def answer(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            if value:
                self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


Way = Callable[[_Handler, bytes], None]


def whole(handler: _Handler, content: bytes) -> None:
    handler.answer(200, content)


def truncated(handler: _Handler, content: bytes) -> None:
    """Promise all, send half, and close."""
    handler.answer(200, content[: len(content) // 2], Content_Length=str(len(content)))


def truncated_unsaid(handler: _Handler, content: bytes) -> None:
    """Send half and close, without having said how much it would be."""
    handler.answer(200, content[: len(content) // 2], Content_Length="")


def stalled(handler: _Handler, content: bytes) -> None:
    """Send half, then nothing any more."""
    handler.answer(200, content[: len(content) // 2], Content_Length=str(len(content)))
    handler.wfile.flush()
    handler.server.stop.wait(300)


def mute(handler: _Handler, _: bytes) -> None:
    """Take the request and answer nothing."""
    handler.server.stop.wait(300)


def trickling(handler: _Handler, _: bytes) -> None:
    """Send a few bytes at a time, each within the time-out."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(10**7))
    handler.end_headers()
    while not handler.server.stop.is_set():
        handler.wfile.write(bytes(4096))
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: _Handler, content: bytes) -> None:
    """Promise far more than a picture can have."""
    handler.answer(200, content, Content_Length=str(10**9))


def hangs_up(handler: _Handler, _: bytes) -> None:
    """Close without an answer."""
    handler.close_connection = True


def html(handler: _Handler, _: bytes) -> None:
    """Lie: a page where a picture was promised, with a clean 200."""
    handler.answer(200, b"<!doctype html><title>Log in</title>", Content_Type="image/jpeg")


def status(code: int, **headers: str) -> Way:
    return lambda handler, _: handler.answer(code, b"no", **headers)


def first(times: int, way: Way) -> Way:
    """Behave in a way for the first requests, and well afterwards."""
    left, guard = [times], threading.Lock()

    def act(handler: _Handler, content: bytes) -> None:
        with guard:
            left[0] -= 1
            now = left[0] >= 0
        (way if now else whole)(handler, content)

    return act


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[PictureServer]:
    server = PictureServer(files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()
