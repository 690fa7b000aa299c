"""The table of measures is in order, and what is asked for is what is measured."""

from __future__ import annotations

import pkgutil

import pytest

from dfr.objective.objective import yardstick
from eval.measures.context import Context
from eval.measures.pca_bases import fit_bases
from eval.measures.registry import DEFAULT, MEASURES, columns_of, measure


@pytest.fixture(scope="module")
def context(encoder, content, style) -> Context:
    ruler = yardstick(content, style, encoder)
    outputs = {"content": content, "style": style}
    return Context(content, style, outputs, ruler, encoder, {}, fit_bases([content], encoder))


def test_every_name_stands_where_the_table_says():
    columns = [column for name in MEASURES for column in columns_of(name)]
    assert len(set(columns)) == len(columns)
    for name, entry in MEASURES.items():
        assert callable(pkgutil.resolve_name(entry.where))
        assert columns_of(name)[0] == name
    assert "c_learned" not in DEFAULT


def test_a_measure_gives_its_columns_and_no_others(context):
    found = measure(context, ["cfsd", "pixel_distance"])
    assert [list(row) for row in found["outputs"]] == [["mode", "cfsd", "cfsd_sum"]] * 2
    (pair,) = found["pairs"]
    assert list(pair) == ["mode_a", "mode_b", "pixel_distance"]
    assert (pair["mode_a"], pair["mode_b"]) == ("content", "style")


def test_e_is_told_by_layer_and_as_their_mean(context):
    row = measure(context, ["e_statistic"])["outputs"][0]
    layers = [row[column] for column in columns_of("e_statistic")[1:]]
    assert len(layers) == 5
    assert row["e_statistic"] == pytest.approx(sum(layers) / 5)
