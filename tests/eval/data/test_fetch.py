"""Downloads against a real local server in all its moods."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.data.collection import Collection, read_collection
from eval.data.download import Transfer
from eval.data.fetch import fetch
from eval.data.lock import LOCK, UNFINISHED, open_locked, read_lock
from tests.conftest import complaint
from tests.eval.data import picture_server as ways

#: Of a busy machine no file is given up that only comes late; where a server stalls, soon.
CALM = Transfer(timeout=30, retries=2, pause=0.01)
QUICK = Transfer(timeout=0.7, retries=2, pause=0.01, patience=2.0)
CONTENTS = ["000000000785.jpg", "000000040083.jpg", "000000142238.jpg"]
#: A name in Commons' own manner: blanks, accents, brackets, a comma, an apostrophe and a %.
STYLES = {"night": "Nuit étoilée (100%), l'œuvre.jpg", "wave": "Great Wave.png"}
FILES = [*(f"contents/{name}" for name in CONTENTS), "styles/night.jpg", "styles/wave.png"]
FIRST = CONTENTS[0]

TOML = "\n".join(
    [
        *(
            f'[[contents]]\nid = {int(name[:12])}\nfile = "{name}"\nlicence = {k}\nshows = "a cat"'
            for k, name in enumerate(CONTENTS)
        ),
        *(
            f'[[styles]]\nname = "{name}"\nartist = "A Painter"\ndied = 1900\ntitle = "A Work"\n'
            f'year = 1880\nmovement = "Realism"\npublic_domain = true\n'
            f'wikiart = "https://www.wikiart.org/en/a/b"\ncommons = "{commons}"\n'
            'verified = ["commons"]'
            for name, commons in STYLES.items()
        ),
    ]
)


def picture_bytes(seed: int, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, format=kind)
    return stream.getvalue()


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    names = [*CONTENTS, *STYLES.values()]
    return {name: picture_bytes(k) for k, name in enumerate(names)}


@pytest.fixture
def server(pictures):
    with ways.serving(dict(pictures)) as running:
        yield running


@pytest.fixture
def toml(tmp_path) -> Path:
    path = tmp_path / "set.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


@pytest.fixture
def wanted(toml) -> Collection:
    return read_collection(toml)


@pytest.fixture
def get(wanted, server, tmp_path):
    """Fetch into the folder ``data`` with the local server."""

    def run(transfer: Transfer = CALM, **keywords):
        return fetch(wanted, tmp_path / "data", urls=server.urls, transfer=transfer, **keywords)

    return run


def refused(get, transfer: Transfer = CALM) -> str:
    with pytest.raises(UserError) as caught:
        get(transfer)
    return str(caught.value)


def quick_or_calm(request: pytest.FixtureRequest) -> Transfer:
    """Return how to fetch in the case of this name."""
    case = request.node.callspec.id
    return QUICK if any(word in case for word in ("stalled", "mute", "trickling")) else CALM


def there(folder: Path) -> list[str]:
    """Every visible file of a data folder, and every hidden one that should have gone."""
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".lock"
    )


def test_a_whole_set_is_fetched_and_locked(get, server, pictures, tmp_path):
    told = []
    fetched = get(report=lambda done, count: told.append((done, count)))
    data = tmp_path / "data"
    assert there(data) == sorted([*FILES, LOCK])
    assert list(fetched.lock.files) == FILES
    assert open_locked(data) == fetched.lock
    assert (data / "styles/night.jpg").read_bytes() == pictures[STYLES["night"]]
    entry = fetched.lock.files["contents/000000040083.jpg"]
    assert entry.sha256 == sha256(data / "contents/000000040083.jpg")
    assert (entry.title, entry.licence, entry.verified) == ("a cat", "CC BY-NC-SA 2.0", True)
    assert fetched.lock.files[FILES[0]].licence == "not verified"
    assert set(server.asked.values()) == {1}
    assert told[0] == (0, 5) and told[-1][0] == pytest.approx(5) and len(told) >= 6
    (agent,) = server.agents
    assert agent.startswith("dfr-suite/")


def test_fetched_again_nothing_is_downloaded(get, server):
    first = get()
    server.asked.clear()
    again = get()
    assert again.lock == first.lock and again.new == 0
    assert not server.asked


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


def test_no_network_is_one_short_line(wanted, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        begun = time.monotonic()
        with pytest.raises(UserError, match=r"no network: no connection to 127\.0\.0\.1") as caught:
            fetch(wanted, tmp_path / "data", urls={"coco_url": url, "commons_url": url},
                  transfer=Transfer(pause=0.01))  # fmt: skip
    assert time.monotonic() - begun < 5
    assert "embedded set" in str(caught.value) and "dfr data import" in str(caught.value)
    assert there(tmp_path / "data") == []


def test_one_silent_host_does_not_keep_the_other_one_from_giving(wanted, server, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        silent = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(UserError, match="2 of 5 files could not be fetched") as caught:
            fetch(wanted, tmp_path / "data", transfer=CALM,
                  urls={**server.urls, "commons_url": silent})  # fmt: skip
    assert "styles/night.jpg: no connection" in str(caught.value)
    assert there(tmp_path / "data") == sorted([*FILES[:3], UNFINISHED])


def test_a_changed_file_is_named_and_neither_used_nor_replaced(get, server, tmp_path):
    get()
    file = tmp_path / "data" / FILES[1]
    other = picture_bytes(99)
    file.write_bytes(other)
    server.asked.clear()
    said = refused(get)
    assert FILES[1] in said and "SHA-256" in said and "delete" in said
    with pytest.raises(UserError, match=FILES[1]):
        open_locked(tmp_path / "data")
    assert file.read_bytes() == other and not server.asked


def test_a_lost_file_comes_again_only_as_it_was(get, server, tmp_path):
    get()
    data = tmp_path / "data"
    (data / FILES[0]).unlink()
    with pytest.raises(UserError, match="not there; run `dfr data fetch` again"):
        open_locked(data)
    honest = server.files[FIRST]
    server.files[FIRST] = picture_bytes(99)
    said = refused(get)
    assert FILES[0] in said and "another SHA-256" in said
    assert not (data / FILES[0]).exists()
    server.files[FIRST] = honest
    assert get().new == 1
    open_locked(data)


def test_a_file_changed_before_the_lock_is_named(get, server, tmp_path):
    server.ways[FIRST] = ways.status(404)
    refused(get)
    (tmp_path / "data" / FILES[2]).write_bytes(picture_bytes(99))
    assert FILES[2] in refused(get)


def test_a_strange_file_is_not_taken_for_a_fetched_one(get, tmp_path):
    strange = tmp_path / "data" / FILES[0]
    strange.parent.mkdir(parents=True)
    strange.write_bytes(picture_bytes(99))
    assert f"{FILES[0]} is there, but not from a fetch" in refused(get)


@pytest.mark.parametrize("name", [LOCK, UNFINISHED])
def test_a_lock_changed_by_hand_is_named(get, server, tmp_path, name):
    if name == UNFINISHED:
        server.ways[FIRST] = ways.status(404)
        refused(get)
    else:
        get()
    path = tmp_path / "data" / name
    content = json.loads(path.read_text())
    content["files"][FILES[1]]["sha256"] = "0" * 64
    path.write_text(json.dumps(content))
    assert f"{name}: was changed by hand" in refused(get)
    path.write_text('{"made_by": "fe')
    assert f"{name}: cannot be read as JSON" in refused(get)


def test_another_collection_does_not_mix_with_this_one(get, wanted, server, tmp_path):
    get()
    fewer = wanted.model_copy(update={"contents": wanted.contents[:1]})
    with pytest.raises(UserError, match="holds another collection"):
        fetch(fewer, tmp_path / "data", urls=server.urls, transfer=CALM)


@pytest.mark.slow
def test_killed_while_fetching_it_goes_on_with_what_is_missing(toml, server, tmp_path, dfr):
    data = tmp_path / "data"
    for name in (CONTENTS[2], STYLES["wave"]):
        server.ways[name] = ways.stalled
    command = ("data", "fetch", "--to", data, "--collection", toml)
    environment = {**os.environ, "DFR_COCO_URL": server.urls["coco_url"],
                   "DFR_COMMONS_URL": server.urls["commons_url"]}  # fmt: skip
    running = subprocess.Popen(
        [sys.executable, "-m", "dfr.cli", *map(str, command)], env=environment
    )
    end = time.monotonic() + 200
    while time.monotonic() < end:
        if (found := read_lock(data, UNFINISHED)) and len(found.files) == 3 and all(
            (data / file).exists() for file in found.files
        ):  # fmt: skip
            break
        time.sleep(0.02)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(read_lock(data, UNFINISHED).files) == 3 and not (data / LOCK).exists()
    assert not (data / "contents" / CONTENTS[2]).exists()

    server.ways.clear()
    server.asked.clear()
    done = dfr(*command, env=environment)
    assert done.returncode == 0, done.stderr
    assert "5 files" in done.stdout and "2 of them new" in done.stdout
    assert set(server.asked) == {CONTENTS[2], STYLES["wave"]}
    assert there(data) == sorted([*FILES, LOCK])
    assert not (data / ".partial").exists()


def test_ctrl_c_is_one_line_though_a_server_stalls(dfr, toml, server, tmp_path):
    server.ways = dict.fromkeys(server.files, ways.stalled)

    def stop() -> None:
        while not server.asked:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    done = dfr("data", "fetch", "--to", tmp_path / "data", "--collection", toml, "--coco-url",
               server.url, "--commons-url", server.url, "--timeout", "300")  # fmt: skip
    assert done.returncode == 2
    assert (
        done.stderr.strip().splitlines()[-1].startswith("dfr: stopped; what was finished is kept")
    )
    assert there(tmp_path / "data") == []


@pytest.mark.slow
def test_ctrl_c_ends_the_process_at_once_though_a_server_stalls(toml, server, tmp_path):
    server.ways = dict.fromkeys(server.files, ways.stalled)
    running = subprocess.Popen(
        [sys.executable, "-m", "dfr.cli", "data", "fetch", "--to", str(tmp_path / "data"),
         "--collection", str(toml), "--coco-url", server.url, "--commons-url", server.url,
         "--timeout", "300"],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    end = time.monotonic() + 200
    while not server.asked and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=100)
    assert running.returncode == 2
    assert said.strip().splitlines()[-1].startswith("dfr: stopped; what was finished is kept")
    assert there(tmp_path / "data") == []


def test_the_command_says_in_one_line_what_is_wrong(dfr, toml, server, tmp_path):
    server.ways[FIRST] = ways.html
    command = ("data", "fetch", "--to", tmp_path / "data", "--collection", toml, "--coco-url",
               server.url, "--commons-url", server.url)  # fmt: skip
    assert FILES[0] in complaint(dfr(*command))
    assert "no web address" in complaint(dfr(*command[:6], "--coco-url", "ftp://x"))
    assert "no such collection file" in complaint(
        dfr("data", "fetch", "--collection", tmp_path / "none.toml", "--to", tmp_path / "data")
    )
    (tmp_path / "file").touch()
    assert "--to" in complaint(
        dfr("data", "fetch", "--collection", toml, "--to", tmp_path / "file")
    )
