"""A run that names no pictures fetches the benchmark's set first, where it can be reached."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from eval.data import first_fetch
from eval.data.chosen import as_begun, choose_data
from eval.data.collection import read_collection
from eval.data.dataset import EMBEDDED_CONTENTS, EMBEDDED_STYLES
from eval.data.first_fetch import fetch_first
from eval.data.lock import UNFINISHED, open_locked
from eval.runs.store import RunStore
from tests.eval.conftest import LEAST, begun_with
from tests.eval.data import picture_server as ways
from tests.eval.data.served_set import FIRST, picture_bytes


@pytest.fixture
def served_here(server, monkeypatch, tmp_path):
    """The local server in the place of the two sites, and an empty cache."""
    monkeypatch.setenv("DFR_COCO_URL", server.urls["coco_url"])
    monkeypatch.setenv("DFR_COMMONS_URL", server.urls["commons_url"])
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    return server


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """An address at which nothing answers, in the place of the two sites; and an empty cache."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        monkeypatch.setenv("DFR_COCO_URL", f"http://{host}")
        monkeypatch.setenv("DFR_COMMONS_URL", f"http://{host}")
        monkeypatch.setenv("DFR_CACHE", str(tmp_path))
        yield host


def test_what_answers_is_fetched_and_said_in_one_line(served, served_here, tmp_path):
    told: list[str] = []
    folder, said = choose_data(
        "auto", 3, 2, fetch=lambda place: fetch_first(served, place, told.append)
    )
    assert folder == tmp_path / "data" and len(open_locked(folder).files) == 5
    (line,) = told
    assert "3 photographs and 2 paintings, about 1 MB" in line and "--data embedded" in line
    assert "3 contents and 2 styles" in said and " MB " in said
    served_here.asked.clear()
    choose_data("auto", 3, 2, fetch=lambda place: fetch_first(served, place, told.append))
    assert not served_here.asked and len(told) == 1


def test_without_an_answer_the_embedded_set_is_taken(served, nobody):
    told: list[str] = []
    folder, said = choose_data(
        "auto", 3, 2, fetch=lambda place: fetch_first(served, place, told.append)
    )
    assert folder is None and not told
    assert said == f"pictures: the embedded set, 3 x 2, since no connection to {nobody}"


def test_a_server_that_never_answers_is_not_waited_for(served, served_here, monkeypatch, tmp_path):
    monkeypatch.setattr(first_fetch, "PROBE_SECONDS", 0.3)
    served_here.mute = True
    assert fetch_first(served, tmp_path / "data", pytest.fail).startswith("no connection to")
    assert not (tmp_path / "data").exists()


def test_a_set_that_does_not_come_whole_is_not_used(served, served_here, tmp_path):
    served_here.ways[FIRST] = ways.status(404)
    folder, said = choose_data(
        "auto", 3, 2, fetch=lambda place: fetch_first(served, place, lambda _: None)
    )
    assert folder is None and "1 of 5 files could not be fetched" in said and "\n" not in said
    assert (tmp_path / "data" / UNFINISHED).exists()


def test_a_run_goes_on_with_the_pictures_that_it_began_with():
    embedded = {"contents_from": EMBEDDED_CONTENTS, "styles_from": EMBEDDED_STYLES}
    fetched = {"contents_from": "MSCOCO val2017", "styles_from": "paintings"}
    assert as_begun("auto", embedded) == "embedded"
    assert as_begun("auto", fetched) == as_begun("auto", None) == "auto"
    assert as_begun("fetched", embedded) == "fetched"


@pytest.fixture
def all_served_here(served_here):
    """The whole set of pictures."""
    served_here.files = {
        Path(unquote(urlsplit(item.url).path)).name: picture_bytes(seed)
        for seed, item in enumerate(read_collection().files(**served_here.urls))
    }


@pytest.mark.usefixtures("all_served_here")
def test_the_command_fetches_before_it_looks_at_the_run(dfr, small_run, least_profile, tmp_path):
    """The run that is there was begun with other pictures of the same two sources."""
    store = RunStore(begun_with(small_run, tmp_path / "run", "run.json"))
    told = store.description
    told["identity"] |= {
        "contents_from": "MSCOCO val2017",
        "styles_from": read_collection().styles_from,
    }
    store.write_sealed("run.json", told)
    done = dfr("reproduce", "--profile", least_profile, "--out", store.folder, "--data", "auto")
    assert "15 photographs and 20 paintings, about 10 MB" in done.stderr
    assert "pictures: 1 contents and 1 styles of" in done.stderr
    assert "another profile and another contents and another styles;" in done.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("all_served_here")
def test_the_command_fetches_first_and_says_so(dfr, small_run, tmp_path):
    profile, run = tmp_path / "little.toml", begun_with(small_run, tmp_path / "run", "timing.json")
    profile.write_text(LEAST)
    command = ("reproduce", "--profile", profile, "--out", run, "--data")
    done = dfr(*command, "auto")
    assert done.returncode == 0, done.stderr
    assert "15 photographs and 20 paintings, about 10 MB" in done.stderr
    assert "pictures: 1 contents and 1 styles of" in done.stderr
    identity = json.loads((run / "run.json").read_text())["identity"]
    assert identity["contents_from"] == "MSCOCO val2017"
