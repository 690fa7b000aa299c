"""Published outputs are fetched from a real local server, and imported as a folder would be."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from dfr.core.errors import UserError
from eval.data.lock import open_locked
from eval.data.published_fetch import fetch_published
from eval.data.published_list import read_published
from tests.conftest import made_once
from tests.eval.data import picture_server as ways
from tests.eval.data.published_folder import make_published
from tests.eval.data.served_set import CALM


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "published-folder", make_published)


@pytest.fixture
def listed(drawn):
    return read_published(drawn / "published.csv")


@pytest.fixture
def server(listed, drawn):
    """Serves every file by its whole name, since outputs of different pairs share names."""
    with ways.serving({}) as running:
        running.by_path = {
            f"{'1' * 40}/data/{'demo/' if entry.is_output else ''}{name}": (
                drawn / "authors" / name
            ).read_bytes()
            for name, entry in listed.files.items()
        }
        yield running


def test_what_was_fetched_is_locked_and_not_fetched_again(listed, server, tmp_path):
    told = []
    done = fetch_published(listed, tmp_path / "data", url=server.url, transfer=CALM,
                           report=lambda count, of: told.append((count, of)))  # fmt: skip
    assert not done.left_out and done.lock.made_by == "fetch"
    assert open_locked(tmp_path / "data") == done.lock
    assert told[0] == (0, len(listed.files)) and told[-1] == (len(listed.files),) * 2
    assert not (tmp_path / "data" / ".fetched").exists()
    server.asked.clear()
    assert fetch_published(listed, tmp_path / "data", url=server.url, transfer=CALM).lock == (
        done.lock
    )
    assert set(server.asked) == {"blue_sky.jpg"}  # its mended copy is not what was published


def test_a_pair_of_which_a_file_does_not_come_is_left_out_and_comes_later(listed, server, tmp_path):
    path = f"{'1' * 40}/data/demo/8068_blue_sky_1.0/at_30_output2.png"
    honest = server.by_path[path]
    server.by_path[path] = b"another file"
    done = fetch_published(listed, tmp_path / "data", url=server.url, transfer=CALM)
    (line,) = done.left_out
    assert line.startswith(
        "8068_blue_sky_1.0: at_30_output2.png could not be fetched: what came is not the published"
    )
    assert len(done.lock.pairs) == 2
    server.by_path[path] = honest
    server.asked.clear()
    done = fetch_published(listed, tmp_path / "data", url=server.url, transfer=CALM)
    assert len(done.lock.pairs) == 3
    assert sum(server.asked.values()) == 1


def test_no_network_is_one_short_line(listed, tmp_path):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        with pytest.raises(UserError, match=r"no network: no connection to 127\.0\.0\.1") as caught:
            fetch_published(listed, tmp_path / "data", url=url, transfer=CALM)
    assert "dfr data import --published DIR" in str(caught.value)


def test_the_command_fetches(dfr, server, drawn, tmp_path):
    done = dfr("data", "fetch", "--published", "--published-url", server.url, "--to",
               tmp_path / "data", "--collection", drawn / "published.csv")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 published pairs at λ = 1 and 1 of a sweep" in done.stdout
