"""The diversity protocol of Deep Feature Perturbation: a run's rows beside the published ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from eval.analysis.diversity import FAITHFUL_COHERENCE, FAITHFUL_GAP
from eval.data.listed import listed_set
from reports.inputs.run_data import RunData, read_run
from reports.tables.diversity import diversity_table
from reports.tables.methods import summary
from reports.tables.protocol import (
    KEPT,
    PUBLISHED,
    is_of_the_protocol,
    kept_rows,
    own_rows,
    protocol_table,
    published_rows,
)


@pytest.fixture(scope="module")
def run(tiny_run) -> RunData:
    return read_run(tiny_run)


def of_the_protocol(run: RunData) -> RunData:
    """The same run, if its pictures had been those of the protocol."""
    listed = listed_set("dfp")
    pictures = {
        kind: [{"name": "1", "file": "1.jpg", "sha256": digest} for digest in listed.hashes(one)]
        for kind, one in (("contents", "content"), ("styles", "style"))
    }
    return dataclasses.replace(run, identity={**run.identity, **pictures})


def test_rows_are_means_over_every_two_outputs_of_a_pair(run):
    table = own_rows(run).set_index("method")
    assert set(table.index) == {"DFR (code)", "DeCorMST"}
    pairs = run.tables["pairs"].query("label == 'decormst'")
    row = table.loc["DeCorMST"]
    assert row["LPIPS"] == pytest.approx(pairs["lpips"].mean())
    assert row["pixel distance"] == pytest.approx(pairs["pixel_distance"].mean())
    assert (row["pairs"], row["outputs"]) == (2, 5)
    floors = run.floors.query("label == 'decormst'")
    assert row["floor of chance"] == pytest.approx(floors["lpips"].mean())


def test_published_rows_stand_beside_a_run_of_the_protocol_alone(run):
    assert not is_of_the_protocol(run)
    ours = of_the_protocol(run)
    assert is_of_the_protocol(ours)
    with_own, without = (protocol_table(each) for each in (ours, run))
    assert set(with_own["from"]) >= {"this run", "published"}
    assert "this run" not in set(without["from"])
    published = without[without["from"] == "published"].set_index("method")
    assert tuple(published.loc["WCT + DFP", ["pixel distance", "LPIPS"]]) == (0.162, 0.431)
    assert len(published) == len(PUBLISHED) + 1


def test_chance_among_the_published_outputs_is_below_their_most_diverse_method():
    table = published_rows().set_index("method")
    chance = table.loc["DFR's published outputs of one objective: chance", "LPIPS"]
    assert table.loc["WCT + DFP", "LPIPS"] > chance > table.loc["PhotoWCT + DFP", "LPIPS"]


def test_kept_rows_are_means_over_the_pairs_and_name_their_machine():
    if not KEPT.is_file():
        pytest.skip("no rows of the protocol are kept")
    kept = pd.read_csv(KEPT)
    assert kept["device"].str.len().min() > 5
    assert len(kept.drop_duplicates(["method", "content", "style"])) == len(kept)
    row = kept_rows().iloc[0]
    assert (row["pairs"], row["from"]) == (36, "this suite")
    assert row["LPIPS"] == pytest.approx(kept["lpips"].mean())


def test_faithful_diversity_counts_outputs_that_meet_both_bounds(run):
    table = diversity_table(run)
    outputs = run.tables["outputs"].set_index(["content", "style", "label", "mode"])
    for row in table.to_dict("records"):
        part = outputs.sort_index().loc[row["content"], row["style"], row["label"]]
        part = part[part["objective"] == part.index]
        good = (part["style_gap_closed"] >= FAITHFUL_GAP) & (
            part["c_statistic"] >= FAITHFUL_COHERENCE
        )
        assert (row["faithful"] == 0) == (not good.any())
        assert row["faithful"] <= max(good.sum(), 0) + 1e-9
    shown = summary(run).set_index("method")["faithful diversity"]
    assert shown["DeCorMST"] == pytest.approx(
        table.loc[table["label"] == "decormst", "faithful"].mean()
    )


def test_faithful_diversity_of_a_run_whose_outputs_all_meet_the_bounds(run):
    outputs = run.tables["outputs"].assign(style_gap_closed=0.95, c_statistic=0.6)
    good = dataclasses.replace(run, tables={**run.tables, "outputs": outputs})
    table = diversity_table(good)
    np.testing.assert_allclose(table["faithful"], table["vendi"])


def test_the_command_shows_and_keeps_the_rows(dfr, tiny_run, tmp_path):
    done = dfr("diversity", tiny_run, "--out", tmp_path / "rows.csv")
    assert done.returncode == 0, done.stderr
    assert "WCT + DFP" in done.stdout and "0.431" in done.stdout
    assert "not those of the protocol" in done.stdout
    kept = pd.read_csv(tmp_path / "rows.csv")
    assert set(kept["method"]) == {"DFR (code)", "DeCorMST"}
    assert kept["LPIPS"].between(0, 1).all()
