"""The command that fetches: what it says, and how it ends when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from eval.data.lock import LOCK, UNFINISHED, read_lock
from tests.conftest import complaint
from tests.eval.data import picture_server as ways
from tests.eval.data.served_set import CONTENTS, FILES, FIRST, STYLES, there


@pytest.mark.slow
def test_killed_while_fetching_it_goes_on_with_what_is_missing(list_file, server, tmp_path, dfr):
    data = tmp_path / "data"
    for name in (CONTENTS[2], STYLES["wave"]):
        server.ways[name] = ways.stalled
    command = ("data", "fetch", "--to", data, "--collection", list_file)
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


def test_ctrl_c_is_one_line_though_a_server_stalls(dfr, list_file, server, tmp_path):
    server.ways = dict.fromkeys(server.files, ways.stalled)

    def stop() -> None:
        while not server.asked:
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    done = dfr("data", "fetch", "--to", tmp_path / "data", "--collection", list_file, "--coco-url",
               server.url, "--commons-url", server.url, "--timeout", "300")  # fmt: skip
    assert done.returncode == 2
    assert (
        done.stderr.strip().splitlines()[-1].startswith("dfr: stopped; what was finished is kept")
    )
    assert there(tmp_path / "data") == []


@pytest.mark.slow
def test_ctrl_c_ends_the_process_at_once_though_a_server_stalls(list_file, server, tmp_path):
    server.ways = dict.fromkeys(server.files, ways.stalled)
    running = subprocess.Popen(
        [sys.executable, "-m", "dfr.cli", "data", "fetch", "--to", str(tmp_path / "data"),
         "--collection", str(list_file), "--coco-url", server.url, "--commons-url", server.url,
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


def test_the_command_says_in_one_line_what_is_wrong(dfr, list_file, server, tmp_path):
    server.ways[FIRST] = ways.html
    command = ("data", "fetch", "--to", tmp_path / "data", "--collection", list_file, "--coco-url",
               server.url, "--commons-url", server.url)  # fmt: skip
    assert FILES[0] in complaint(dfr(*command))
    assert "no web address" in complaint(dfr(*command[:6], "--coco-url", "ftp://x"))
    assert "no such collection file" in complaint(
        dfr("data", "fetch", "--collection", tmp_path / "none.toml", "--to", tmp_path / "data")
    )
    (tmp_path / "file").touch()
    assert "--to" in complaint(
        dfr("data", "fetch", "--collection", list_file, "--to", tmp_path / "file")
    )
