"""A set is fetched, locked, and kept as it was locked."""

from __future__ import annotations

import json

import pytest

from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.data.fetch import fetch
from eval.data.lock import LOCK, UNFINISHED, open_locked
from tests.eval.data import picture_server as ways
from tests.eval.data.served_set import CALM, FILES, FIRST, STYLES, picture_bytes, refused, there


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


def test_another_collection_does_not_mix_with_this_one(get, served, server, tmp_path):
    get()
    fewer = served.model_copy(update={"contents": served.contents[:1]})
    with pytest.raises(UserError, match="holds another collection"):
        fetch(fewer, tmp_path / "data", urls=server.urls, transfer=CALM)
