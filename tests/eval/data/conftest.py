"""Where the tests of a data folder have their pictures from: local folders, a local server."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfr.core.download import Transfer
from eval.data.collection import Collection, read_collection
from eval.data.fetch import fetch
from eval.data.folder_import import import_folders
from tests.eval.data import picture_server as ways
from tests.eval.data.local_folders import LIST, draw_pictures
from tests.eval.data.served_set import CALM, CONTENTS, STYLES, TOML, picture_bytes


@pytest.fixture
def toml(tmp_path) -> Path:
    path = tmp_path / "set.toml"
    path.write_text(LIST, encoding="utf-8")
    return path


@pytest.fixture
def wanted(toml) -> Collection:
    return read_collection(toml)


@pytest.fixture
def coco(tmp_path) -> Path:
    return draw_pictures(
        tmp_path / "coco", "000000000785.jpg", "COCO_val2014_000000123456.jpg", "my cat!.png"
    )


@pytest.fixture
def style(tmp_path) -> Path:
    return draw_pictures(tmp_path / "style", "a.jpg", "a.png", "B.JPEG", seed=1)


@pytest.fixture
def data(wanted, coco, style, tmp_path) -> Path:
    import_folders(wanted, tmp_path / "data", coco=coco, style=style)
    return tmp_path / "data"


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    names = [*CONTENTS, *STYLES.values()]
    return {name: picture_bytes(k) for k, name in enumerate(names)}


@pytest.fixture
def server(pictures):
    with ways.serving(dict(pictures)) as running:
        yield running


@pytest.fixture
def list_file(tmp_path) -> Path:
    path = tmp_path / "set.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


@pytest.fixture
def served(list_file) -> Collection:
    return read_collection(list_file)


@pytest.fixture
def get(served, server, tmp_path):
    """Fetch into the folder ``data`` with the local server."""

    def run(transfer: Transfer = CALM, **keywords):
        return fetch(served, tmp_path / "data", urls=server.urls, transfer=transfer, **keywords)

    return run
