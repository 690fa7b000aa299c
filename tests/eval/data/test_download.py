"""Downloads against a real local server in all its moods."""

from __future__ import annotations

import socket
import time

import pytest

from dfr.core.download import Transfer
from dfr.core.errors import UserError
from eval.data.fetch import fetch
from eval.data.lock import LOCK, UNFINISHED
from tests.eval.data import picture_server as ways
from tests.eval.data.served_set import CALM, FILES, FIRST, quick_or_calm, refused, there


@pytest.mark.parametrize(
    ("way", "requests"),
    [
        (ways.first(1, ways.truncated), 2),
        (ways.first(1, ways.truncated_unsaid), 2),
        (ways.first(1, ways.stalled), 2),
        (ways.first(1, ways.mute), 2),
        (ways.first(1, ways.trickling), 2),
        (ways.first(1, ways.hangs_up), 2),
        (ways.first(1, ways.status(429, Retry_After="0")), 2),
        (ways.first(1, ways.status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")), 2),
        (ways.first(2, ways.status(500)), 3),
        (ways.first(2, ways.status(503)), 3),
    ],
    ids=["truncated", "truncated unsaid", "stalled", "mute", "trickling", "hangs up", "429",
         "429 until a date", "500 twice", "503 twice"],
)  # fmt: skip
def test_what_passes_is_tried_again(request, get, server, pictures, tmp_path, way, requests):
    server.ways[FIRST] = way
    get(quick_or_calm(request))
    assert server.asked[FIRST] == requests
    assert (tmp_path / "data" / FILES[0]).read_bytes() == pictures[FIRST]


@pytest.mark.parametrize(
    ("way", "requests", "words"),
    [
        (ways.truncated, 3, ["cut short", "3 times"]),
        (ways.truncated_unsaid, 3, ["cut short"]),
        (ways.stalled, 3, ["stalled"]),
        (ways.trickling, 3, ["too slowly"]),
        (ways.endless, 1, ["64 MB"]),
        (ways.status(500), 3, ["500", "3 times"]),
        (ways.status(429), 3, ["429"]),
        (ways.status(429, Retry_After="86400"), 1, ["429", "86400 s"]),
        (ways.status(404), 1, ["404", f"/coco/{FIRST}"]),
        (ways.status(403), 1, ["403", f"/coco/{FIRST}"]),
        (ways.html, 1, ["not a picture", f"/coco/{FIRST}"]),
    ],
    ids=["truncated", "truncated unsaid", "stalled", "trickling", "endless", "500", "429",
         "429 for a day", "404", "403", "html"],
)  # fmt: skip
def test_what_stays_is_named_and_the_rest_is_kept(
    request, get, server, tmp_path, way, requests, words
):
    server.ways[FIRST] = way
    said = refused(get, quick_or_calm(request))
    assert said.startswith(f"1 of 5 files could not be fetched: {FILES[0]}: ")
    assert all(word in said for word in words), said
    assert "4 are there" in said
    assert server.asked[FIRST] == requests
    data = tmp_path / "data"
    assert there(data) == sorted([*FILES[1:], UNFINISHED])

    server.ways.clear()
    server.asked.clear()
    assert get().new == 1
    assert dict(server.asked) == {FIRST: 1}
    assert there(data) == sorted([*FILES, LOCK])


def test_many_failures_are_a_few_and_a_count(get, server):
    for name in server.files:
        server.ways[name] = ways.status(404)
    said = refused(get)
    assert said.startswith("5 of 5 files could not be fetched: ")
    assert said.count("404") == 3 and "and 2 more" in said


def test_at_most_so_many_at_a_time(get, server):
    def slow(handler, content):
        time.sleep(0.1)
        ways.whole(handler, content)

    server.ways = dict.fromkeys(server.files, slow)
    get(Transfer(timeout=2, workers=2))
    assert server.most == 2


def test_no_network_is_one_short_line(served, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(UserError, match=r"no network: no connection to 127\.0\.0\.1") as caught:
            fetch(served, tmp_path / "data", urls={"coco_url": url, "commons_url": url},
                  transfer=Transfer(pause=0.01))  # fmt: skip
    assert time.monotonic() - begun < 5
    assert "embedded set" in str(caught.value) and "dfr data import" in str(caught.value)
    assert there(tmp_path / "data") == []


def test_one_silent_host_does_not_keep_the_other_one_from_giving(served, server, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        silent = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(UserError, match="2 of 5 files could not be fetched") as caught:
            fetch(served, tmp_path / "data", transfer=CALM,
                  urls={**server.urls, "commons_url": silent})  # fmt: skip
    assert "styles/night.jpg: no connection" in str(caught.value)
    assert there(tmp_path / "data") == sorted([*FILES[:3], UNFINISHED])
