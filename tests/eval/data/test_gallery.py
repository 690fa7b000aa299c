"""A data folder, drawn."""

from __future__ import annotations

import numpy as np

from eval.data.gallery import draw_set, label
from eval.data.lock import LockedFile, open_locked


def test_labels_tell_who_painted_and_what_is_shown():
    common = {"sha256": "0" * 64, "size": 1, "source": ""}
    painting = LockedFile(artist="Claude Monet", title="Water Lilies", year="1906", **common)
    assert label("styles/lilies.jpg", painting) == "Monet: Water Lilies, 1906"
    assert (
        label("contents/000000000785.jpg", LockedFile(title="a skier", **common)) == "785  a skier"
    )
    assert label("contents/golden_gate.jpg", LockedFile(**common)) == "golden_gate"


def test_the_whole_set_is_drawn(data):
    sheet = draw_set(data, open_locked(data))
    assert sheet.width > 900 and sheet.height > 500
    colours = {tuple(pixel) for pixel in np.asarray(sheet)[::40, ::40].reshape(-1, 3)}
    assert len(colours) > 100
