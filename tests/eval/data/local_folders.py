"""A small collection, and local folders of drawn pictures, for the tests of a data folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

LIST = """
[[contents]]
id = 785
file = "000000000785.jpg"
licence = 4
shows = "a skier"

[[contents]]
id = 40083
file = "000000040083.jpg"
licence = 0
shows = "a street"

[[styles]]
name = "wave"
artist = "Katsushika Hokusai"
died = 1849
title = "The Great Wave off Kanagawa"
year = "about 1831"
movement = "Ukiyo-e"
public_domain = true
wikiart = "https://www.wikiart.org/en/katsushika-hokusai/the-great-wave"
commons = "Great Wave & more?.jpg"
verified = ["commons"]
"""


def draw_pictures(folder: Path, *names: str, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for name in names:
        noise = random.integers(0, 255, (45, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    return folder


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }
