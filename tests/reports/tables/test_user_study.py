"""The methods of the published user study beside this run's measures, and the sheet of methods."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from eval.analysis.published_numbers import VOTE_SHARES
from reports.figures import sheets
from reports.inputs.run_data import read_run
from reports.tables.user_study import study_table


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


def test_every_method_of_the_study_has_its_share_and_what_was_measured_of_it(run):
    table = study_table(run).set_index("method")
    assert dict(table["published share of votes"]) == VOTE_SHARES
    assert (table["low"] < table["published share of votes"]).all()
    assert (table["high"] > table["published share of votes"]).all()
    outputs = run.tables["outputs"].query("label == 'dfr' and mode in ('rot000', 'rot090')")
    dfr = table.loc["DFR"]  # the first of the run's DFRs, twins once
    assert dfr["in this run"] == "DFR (code)" and dfr["outputs"] == 2
    assert dfr["C"] == pytest.approx(outputs["c_statistic"].mean())
    assert table.loc["DeCorMST", "outputs"] == 5
    absent = table.loc[["AdaIN", "SAFIN", "AdaAttN", "LST"]]
    assert (absent["in this run"] == "not in this run").all()
    numbers = absent[["outputs", "C", "E", "LPIPS diversity", "seconds / output"]]
    assert numbers.isna().all(axis=None)


def test_the_sheet_has_one_output_of_every_method_and_dfrs_other_target(tiny_run):
    listed = pd.read_csv(tiny_run / "report" / "figures" / "all_methods.csv")
    rows = list(dict.fromkeys(zip(listed["label"], listed["mode"], strict=True)))
    assert rows == [
        ("dfr", "rot000"), ("dfr", "rot090"), ("decormst", "gram"), ("gatys", "gatys"),
        ("feedforward", "feedforward"),
    ]  # fmt: skip
    assert len(listed) == 2 * len(rows)  # two pairs


def test_a_method_without_an_output_on_the_pairs_of_the_sheet_is_left_out(
    run, tmp_path, monkeypatch
):
    first = run.pairs[0]
    cells = [
        cell
        for cell in run.cells
        if cell["label"] != "gatys" or (cell["content"], cell["style"]) != first
    ]
    monkeypatch.setattr(sheets, "pairs_on_page", lambda _: [first])
    drawn = sheets.methods_sheet(dataclasses.replace(run, cells=cells), tmp_path)
    assert drawn is not None
    listed = pd.read_csv(tmp_path / "all_methods.csv")
    assert "dfr" in set(listed["label"]) and "gatys" not in set(listed["label"])
