"""Pairs of a data set: all of them, or a balanced part."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from eval.data.dataset import Dataset, Picture


def dataset(contents: int, styles: int) -> Dataset:
    def pictures(kind: str, count: int) -> tuple[Picture, ...]:
        return tuple(Picture(f"{kind}{i}", Path(f"{kind}{i}.png"), "") for i in range(count))

    return Dataset(pictures("content", contents), pictures("style", styles), "here", "here")


@given(contents=st.integers(1, 16), styles=st.integers(1, 21), data=st.data())
def test_a_part_of_the_pairs_is_balanced_and_has_no_pair_twice(contents, styles, data):
    count = data.draw(st.integers(1, contents * styles))
    pairs = dataset(contents, styles).spread(count)
    assert len(pairs) == len(set(pairs)) == count
    for side, names in ((0, contents), (1, styles)):
        often = Counter(pair[side] for pair in pairs)
        counts = [*often.values(), *[0] * (names - len(often))]
        # Whole rounds over the diagonals are even; the last, unfinished one adds one.
        assert max(counts) - min(counts) <= 1


@given(contents=st.integers(1, 9), styles=st.integers(1, 9), more=st.integers(0, 5))
def test_all_pairs_where_there_are_no_more(contents, styles, more):
    everything = dataset(contents, styles)
    assert set(everything.spread(contents * styles + more)) == set(everything.pairs)


def test_named_pairs_are_taken_alone():
    all_pairs = dataset(3, 3)
    named = tuple(zip(all_pairs.contents, all_pairs.styles, strict=True))
    found = dataclasses.replace(all_pairs, named=named)
    assert found.pairs == list(named)
    assert found.spread(2) == list(named[:2]) and found.spread(9) == list(named)
