"""Named outputs are compared, twins once, and nothing averages over targets that differ."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from eval.analysis.diversity import vendi_of_chance, vendi_score
from reports.inputs.run_data import read_run
from reports.tables.best import best_of
from reports.tables.certainty import certainty_tables
from reports.tables.diversity import above_chance, diversity_table
from reports.tables.methods import summary
from reports.tables.outputs import compared_outputs, outputs_table, titles


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


def test_a_method_of_several_outputs_is_compared_by_their_names(run):
    names = titles(run)
    keys = set(compared_outputs(run.tables["outputs"])["label"])
    assert keys <= set(names)
    assert {"dfr/rot000", "dfr/rot090"} <= keys
    assert not {"dfr/rot180", "dfr/rot270", "dfr"} & keys  # twins are there once
    assert names["dfr/rot090"] == "DFR (code), rot090"
    assert names["gatys"] == "Gatys et al."
    assert len([key for key in keys if key.startswith("decormst/")]) == 5


def test_best_and_mean_of_a_methods_outputs_stand_beside_them(run):
    table = outputs_table(run).set_index("output")
    outputs = run.tables["outputs"].query("label == 'dfr' and mode in ('rot000', 'rot090')")
    by_pair = outputs.groupby(["content", "style"])
    best, mean = table.loc["DFR (code), best of 2"], table.loc["DFR (code), mean of 2"]
    assert best["E"] == pytest.approx(by_pair["e_statistic"].max().mean())
    assert best["LPIPS to content"] == pytest.approx(by_pair["lpips_content"].min().mean())
    assert mean["C"] == pytest.approx(outputs["c_statistic"].mean())
    alone = outputs.query("mode == 'rot090'")
    assert table.loc["DFR (code), rot090", "E"] == pytest.approx(alone["e_statistic"].mean())
    assert "DFR, half, mean of 1" not in table.index


def test_no_raw_style_loss_is_averaged_over_styles(run):
    for table in (outputs_table(run), summary(run), *certainty_tables(run).values()):
        assert "style loss" not in table.columns
        if "measure" in table:
            assert "style_loss" not in set(table["measure"])
    assert "style loss / style's scale" in outputs_table(run).columns


def test_means_over_outputs_are_not_ranked(run):
    ranked = set(certainty_tables(run)["means"]["label"])
    assert not [label for label in ranked if "mean of" in label or "best of" in label]
    best = {item.measure: item for item in best_of(run, certainty_tables(run))}
    assert best["e_statistic"].method in titles(run).values()
    assert best["diversity"].method in run.titles.values()  # of a whole method


def test_a_style_loss_is_told_by_its_styles_own_scale(run):
    """A picture without style has 1; the loss of one style and its share grow together."""
    rows = run.tables["outputs"]
    scale = rows["style_loss"] / rows["relative_style_loss"]
    by_style = scale.groupby(rows["style"])
    assert (by_style.max() / by_style.min()).max() == pytest.approx(1, rel=1e-4)
    assert by_style.mean().nunique() == 2
    assert rows["relative_style_loss"].between(0, 2).all()


def test_diversity_is_of_different_objectives(run):
    table = diversity_table(run).set_index(["label", "style"])
    pairs = run.tables["pairs"]
    for style in ("strokes", "stained_glass"):
        one = pairs.query("label == 'dfr' and style == @style")
        apart = one.query("mode_a == 'rot000' and mode_b == 'rot090'")["lpips"].iloc[0]
        row = table.loc["dfr", style]
        assert row["outputs"] == 2
        assert row["diversity"] == pytest.approx(apart)
        two = pd.DataFrame([[0, apart], [apart, 0]]).to_numpy()
        assert row["vendi"] == pytest.approx(vendi_score(two))


def test_diversity_is_told_above_the_floor_of_chance(run):
    table = above_chance(run).set_index("label")
    assert set(table.index) == {"dfr", "decormst"}
    row = table.loc["dfr"]
    floors = run.floors.query("label == 'dfr' and mode in ('rot000', 'rot090')")
    assert row["pairs"] == 1
    assert row["floor"] == pytest.approx(floors["lpips"].mean())
    assert row["above"] == pytest.approx(row["diversity"] - row["floor"])
    assert row["vendi_of_chance"] == pytest.approx(vendi_of_chance(row["floor"], 2))
    shown = summary(run).set_index("method").loc["DFR (code)"]
    assert shown["floor of chance"] == pytest.approx(row["floor"])
    assert (shown["outputs"], shown["objectives"]) == (4, 2)


def test_a_run_without_floors_has_none_to_tell(run):
    plain = dataclasses.replace(run, floors=pd.DataFrame())
    assert above_chance(plain).empty
    assert summary(plain)["floor of chance"].isna().all()
    assert summary(plain)["LPIPS diversity"].notna().sum() == 2


def test_a_run_of_single_outputs_has_no_diversity(run):
    plain = dataclasses.replace(run, tables={**run.tables, "pairs": run.tables["pairs"].iloc[:0]})
    assert diversity_table(plain).empty
    assert above_chance(plain).empty
    assert summary(plain)["LPIPS diversity"].isna().all()
