from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import made_once, run_here

FORM = ("--by", "A group", "--licence", "CC-BY-4.0")


@pytest.fixture(scope="session")
def entries(small_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an entry of each of two methods: dfr.zip and feedforward.zip."""

    def make(folder: Path) -> None:
        for label in ("dfr", "feedforward"):
            out = folder / f"{label}.zip"
            done = run_here("submit", small_run, "--method", label, *FORM, "--out", out)
            assert done.returncode == 0, done.stderr

    return made_once(tmp_path_factory, "entries", make)
