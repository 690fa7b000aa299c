"""DeCorMST's table of E: measured as its notebook does, and what each point of that changes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dfr.core.images import load, resize, save
from dfr.network.encoder import STYLE_LAYERS
from eval.measures.effectiveness import e_statistics
from eval.measures.pca_bases import fit_bases, rank_of
from eval.published.decormst_table import DECORMST_RANKS, READINGS, Reading, compare_decormst
from eval.published.outputs import PublishedPair

TABLE = pd.DataFrame(
    [
        {"correlation": "gram", "iterations": iterations, "layer": layer, "E": -2.0}
        for iterations in (100, 1000)
        for layer in STYLE_LAYERS
    ]
)


@pytest.fixture
def folder(tmp_path: Path, content, style) -> tuple[PublishedPair, Path, Path]:
    """A pair whose style has a size of its own, two contents, and one output of ours."""
    save(content, tmp_path / "contents" / "a.png")
    save(content.flip(-1) * 0.8, tmp_path / "contents" / "b.png")
    save(resize(style, 80, 72), tmp_path / "style.png")
    save(0.5 * content + 0.5 * style, tmp_path / "PAIR" / "published_100" / "gram.png")
    pair = PublishedPair("PAIR", tmp_path / "contents" / "a.png", tmp_path / "style.png", 1.0, {})
    return pair, tmp_path / "contents", tmp_path


def test_outputs_are_measured_as_the_notebook_does(folder, encoder):
    """Style at its own size, contents resized, red and blue swapped in all of them."""
    pair, contents, ours = folder
    assert Reading() == Reading(DECORMST_RANKS, None, (336, 512), True, "max", 1)
    small = Reading(reference_size=(56, 80))
    found = compare_decormst(TABLE, pair, contents, ours, encoder, reading=small)
    assert list(found["layer"]) == list(STYLE_LAYERS), "only the output that is there"
    assert set(found["channels"]) == {"published"} and set(found["iterations"]) == {100}
    references = [
        resize(load(file), 56, 80, antialias=False).flip(1) for file in sorted(contents.iterdir())
    ]
    bases = fit_bases(references, encoder, DECORMST_RANKS, places_per_direction=1)
    output = load(ours / "PAIR" / "published_100" / "gram.png").flip(1)
    expected = e_statistics(output, load(pair.style).flip(1), bases, encoder)
    assert dict(zip(found["layer"], found["ours"], strict=True)) == pytest.approx(expected)


def test_a_rank_is_not_limited_where_there_are_places_for_it():
    layer = STYLE_LAYERS[-1]
    assert rank_of(layer, 672, DECORMST_RANKS) == 224
    assert rank_of(layer, 672, DECORMST_RANKS, places_per_direction=1) == 256


def test_each_reading_differs_in_one_point():
    first, *others = READINGS.values()
    assert first == Reading()
    for other in others:
        changed = [name for name in vars(first) if getattr(first, name) != getattr(other, name)]
        assert len(changed) == 1
