"""A folder in the layout of the published outputs, and its list: two pairs, one of them swept."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from dfr.core.files import sha256
from dfr.objective.published_size import DFR_SIZE as SIZE

PAIRS = {"3063_blue_0.2": ("at_30",), "3063_blue_1.0": ("at_30", "at_3000"),
         "8068_blue_sky_1.0": ("at_30",)}  # fmt: skip
#: Of a picture that is cut short: so many bytes are lost, as of the published style.
LOST = 16


def draw(path: Path, seed: int, height: int = SIZE[0], width: int = SIZE[1]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((width, height)).save(path)


def make_published(folder: Path) -> tuple[Path, Path]:
    """Draw the folder; return it and its list, in which the style blue_sky is cut short."""
    authors, names = folder / "authors", []
    for seed, name in enumerate(("content/3063.jpg", "content/8068.jpg", "style/blue.jpg",
                                 "style/blue_sky.jpg")):  # fmt: skip
        draw(authors / name, seed, 60, 80)
        names.append(name)
    for pair, sources in PAIRS.items():
        for source in sources:
            for k in range(1, 5):
                names.append(f"{pair}/{source}_output{k}.png")
                draw(authors / names[-1], len(names))
    cut = authors / "style/blue_sky.jpg"
    cut.write_bytes(cut.read_bytes()[:-LOST])
    mended = folder / "mended.jpg"
    mended.write_bytes(cut.read_bytes() + b"\xff\xd9")
    listed = folder / "published.csv"
    with listed.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["file", "sha256", "bytes", "commit", "mended_sha256"])
        for name in names:
            file = authors / name
            rows.writerow(
                [name, sha256(file), file.stat().st_size, "1" * 40,
                 sha256(mended) if file == cut else ""]
            )  # fmt: skip
    return authors, listed
