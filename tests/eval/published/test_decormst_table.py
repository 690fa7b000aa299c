"""DeCorMST's table of E: measured as its notebook does, and what each point of that changes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from baselines.decormst import DeCorMST
from dfr.core.images import load, resize, save
from dfr.network.encoder import STYLE_LAYERS
from dfr.solvers.adam import Adam
from eval.measures.effectiveness import e_statistics
from eval.measures.pca_bases import fit_bases, rank_of
from eval.published.decormst_table import (
    DECORMST_RANKS,
    OWN_COUNTER,
    READINGS,
    Reading,
    compare_decormst,
    make_with_own_counter,
)
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


def test_outputs_with_a_counter_of_their_own_are_made_and_measured(folder, encoder):
    pair, contents, ours = folder
    make_with_own_counter(pair, ours, encoder, 2, ["gram"])
    solver = Adam(iterations=2, counter_steps=1)
    method = DeCorMST(statistics=("gram",), solver=solver)
    content = load(pair.content)
    style = resize(load(pair.style), *content.shape[-2:], antialias=False)
    expected = method.stylize(content, style, encoder).pictures["gram"]
    made = load(ours / "PAIR" / "own-counter_2" / "gram.png")
    assert (made - expected).abs().max() < 1 / 255 + 1e-6, "rounded down to 8 bits"
    table = TABLE.assign(iterations=2).drop_duplicates("layer")
    small = Reading(reference_size=(56, 80))
    found = compare_decormst(
        table, pair, contents, ours, encoder, reading=small, makings=[OWN_COUNTER]
    )
    assert list(found["layer"]) == list(STYLE_LAYERS)
    assert compare_decormst(table, pair, contents, ours, encoder, reading=small).empty
