"""The page of a large run loads thumbnails as they come near, and a pair when it is opened."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image
from skimage import data as photographs

from eval.runs.tables import tables
from reports.inputs.run_data import RunData, read_run
from reports.page.build import write_report
from reports.page.pictures import pictures

pytestmark = pytest.mark.xdist_group("report in a browser")

HEIGHT, WIDTH = 422, 512
MEGABYTE = 1_000_000


class LargeRun(RunData):
    """A run of the published size, with a grainy picture of its own for every output."""

    @functools.cached_property
    def _painting(self) -> np.ndarray:
        photograph = Image.fromarray(photographs.astronaut()).resize((WIDTH, HEIGHT))
        grain = np.random.default_rng(0).normal(0, 30, (HEIGHT, WIDTH, 1))
        return (np.asarray(photograph) + grain).clip(0, 255).astype(np.uint8)

    def _picture(self, *names: str) -> Image.Image:
        shift = sum(ord(letter) for name in names for letter in name)
        return Image.fromarray(np.roll(self._painting, shift, axis=1))

    def pair(self, content, style):
        return self._picture(content), self._picture(style)

    def output(self, cell, mode):
        return self._picture(cell["content"], cell["style"], cell["label"], mode)


def many_pairs(run: RunData, contents: int, styles: int) -> LargeRun:
    """The cells of one pair, as if of many pairs of the published size."""
    names = {
        "contents": [f"content{i:02}" for i in range(contents)],
        "styles": [f"style{i:02}" for i in range(styles)],
    }
    cells = [
        {**cell, "content": content, "style": style, "size": [HEIGHT, WIDTH]}
        for content in names["contents"]
        for style in names["styles"]
        for cell in run.cells
        if cell["style"] == "strokes"
    ]
    identity = {**run.identity}
    for kind, own in names.items():
        identity[kind] = [{**run.identity[kind][0], "name": name} for name in own]
    fields = {field.name: getattr(run, field.name) for field in dataclasses.fields(run)}
    return LargeRun(**{**fields, "cells": cells, "tables": tables(cells), "identity": identity})


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder, as one would a report; give its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Loaded:
    """What a page has loaded: addresses, and bytes as they came over the wire."""

    def __init__(self, page) -> None:
        self.bytes, self.names, self._asked = 0.0, [], 0
        self._page = page
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", self._count)
        page.on("request", lambda _: self._ask(1))
        page.on("requestfailed", lambda _: self._ask(-1))
        page.on("requestfinished", self._finish)

    def _count(self, event) -> None:
        self.bytes += event["encodedDataLength"]

    def _ask(self, more: int) -> None:
        self._asked += more

    def _finish(self, request) -> None:
        self._ask(-1)
        self.names.append(request.url.rpartition("/")[2])

    def settle(self) -> list[str]:
        """Wait until nothing is loading, and return what was loaded since the last time."""
        self._page.wait_for_timeout(300)  # for what should not be asked for at all
        while self._asked:
            self._page.wait_for_timeout(50)
        names = [name for name in self.names if name.endswith(".jpg")]
        self.names = []
        return names


def look(browser, folder: Path, most: float) -> None:
    """Open the page, go to the pictures, open a pair: each step loads what it shows, no more."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    with served(folder) as address:
        loaded = Loaded(page)
        page.goto(f"{address}/index.html")
        assert loaded.settle() == []
        size = (folder / "index.html").stat().st_size
        assert size <= loaded.bytes < most * MEGABYTE
        page.locator("#matrix").scroll_into_view_if_needed()
        page.wait_for_function("document.querySelector('#matrix a').style.backgroundImage")
        assert loaded.settle() == ["sheet-2.jpg"]
        assert loaded.bytes < most * MEGABYTE
        page.locator("a[data-pair='3']").click()
        shown = page.locator("#view .outputs img")
        shown.last.scroll_into_view_if_needed()
        page.wait_for_function("[...document.querySelectorAll('#view .outputs img')]"
                               ".every((image) => image.naturalWidth === 512)")  # fmt: skip
        assert len(loaded.settle()) == shown.count() == 14
        context.close()


def test_a_page_with_pictures_beside_it_loads_them_on_demand(browser, tiny_run, tmp_path):
    """The tiny run's page, with the pictures of a larger one."""
    large = many_pairs(read_run(tiny_run), 2, 4)
    shown = pictures(large, tmp_path)
    assert all(file.startswith("pairs/") for file in [*shown["files"], *shown["sheets"]])
    page = (tiny_run / "report" / "index.html").read_text()
    told = json.dumps(shown).replace("\\", "\\\\")
    start = '<script type="application/json" id="pairs-data">'
    swapped = re.sub(f"(?s){start}.*?</script>", f"{start}{told}</script>", page)
    (tmp_path / "index.html").write_text(swapped)
    look(browser, tmp_path, most=5)


@pytest.mark.slow
def test_300_pairs_of_the_published_size_open_below_30_megabytes(browser, tiny_run, tmp_path):
    write_report(many_pairs(read_run(tiny_run), 15, 20), tmp_path)
    look(browser, tmp_path, most=30)
    beside = sum(file.stat().st_size for file in (tmp_path / "pairs").rglob("*.jpg"))
    assert beside > 100 * MEGABYTE
