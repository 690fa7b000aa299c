"""nginx before small servers in place of the page: who comes where, and what it keeps."""

from __future__ import annotations

import http.client
import re
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dfr.core.errors import UserError
from studies.serving import nginx
from studies.serving.processes import check_free, end, free_ports

if shutil.which("nginx", path="/usr/bin:/usr/sbin:/usr/local/sbin") is None:
    pytest.skip("nginx is not installed", allow_module_level=True)


class Named(BaseHTTPRequestHandler):
    """Answers with the port of its server."""

    def do_GET(self) -> None:
        text = str(self.server.server_address[1]).encode()
        only = self.path.removeprefix("/only/")
        self.send_response(200 if only == self.path or only.encode() == text else 404)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def behind() -> Iterator[list[ThreadingHTTPServer]]:
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), Named) for _ in range(3)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def port(behind: list[ThreadingHTTPServer], tmp_path: Path) -> Iterator[int]:
    (port,) = free_ports(1)
    running = nginx.start(
        tmp_path, "127.0.0.1", port, [server.server_address[1] for server in behind]
    )
    until = time.monotonic() + 60
    while True:
        try:
            ask(port)
            break
        except ConnectionError:
            assert running.poll() is None and time.monotonic() < until
            time.sleep(0.05)
    yield port
    end([running])


def ask(
    port: int, cookie: str = "", browser: str = "a", path: str = "/?me=secret-of-somebody"
) -> tuple[str, str | None]:
    """Return which server answered, and the cookie that it set."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"User-Agent": browser, **({"Cookie": cookie} if cookie else {})}
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.read().decode(), answer.getheader("Set-Cookie")
    connection.close()
    return found


def test_a_visitor_stays_and_visitors_are_shared_out(port):
    first = {ask(port)[1] for _ in range(24)}
    assert None not in first and len(first) == 24
    cookies = [re.match(rf"{nginx.COOKIE}=[0-9a-f]{{32}}", text)[0] for text in first]
    assert all("HttpOnly" in text and "SameSite=Lax" in text for text in first)
    where = {}
    for cookie in cookies:
        seen = [ask(port, cookie) for _ in range(3)]
        assert [again for _, again in seen] == [None] * 3
        assert len({place for place, _ in seen}) == 1
        where[cookie] = seen[0][0]
    assert len(set(where.values())) == 3


def test_without_cookies_a_browser_stays_too(port):
    places = {browser: {ask(port, browser=browser)[0] for _ in range(3)} for browser in "abcdefgh"}
    assert all(len(each) == 1 for each in places.values())
    assert len(set.union(*places.values())) > 1


def test_who_was_with_a_process_that_is_gone_comes_to_another(port, behind):
    cookie = f"{nginx.COOKIE}=0123456789abcdef"
    place, _ = ask(port, cookie)
    (gone,) = [server for server in behind if str(server.server_address[1]) == place]
    gone.shutdown()
    gone.server_close()
    others = {ask(port, cookie)[0] for _ in range(3)}
    assert len(others) == 1 and place not in others


def test_a_picture_is_asked_of_all_that_may_have_it(port, behind):
    for server in behind:
        has = str(server.server_address[1])
        assert ask(port, f"{nginx.COOKIE}=0123", path=f"/only/{has}")[0] == has


def test_nothing_about_people_is_kept(port, tmp_path):
    ask(port)
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"secret-of-somebody" not in kept


def test_what_nginx_does_not_take_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"^nginx: host not found in .nowhere\.invalid[^/]*$"):
        nginx.start(tmp_path, "nowhere.invalid", 8501, [1, 2])


def test_an_address_in_use_or_not_of_this_machine(behind):
    with pytest.raises(UserError, match="in use; choose another --port"):
        check_free("127.0.0.1", behind[0].server_address[1])
    with pytest.raises(UserError, match=r"^192\.0\.2\.1:"):
        check_free("192.0.2.1", free_ports(1)[0])
