"""Which method is best at what, on numbers of which the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from eval.runs.added import CONTROL
from reports.inputs.run_data import read_run
from reports.tables.best import best_of, readable_best
from reports.tables.certainty import certainty_tables
from reports.tables.intervals import with_interval
from reports.tables.outputs import controls_table


@pytest.fixture(scope="module")
def run(tiny_run):
    """The tiny run with 4 x 5 pairs and made-up numbers."""
    run = read_run(tiny_run)
    random = np.random.default_rng(0)
    outputs, cells, pairs = [], [], []
    for c in range(4):
        for s in range(5):
            shared = random.normal()
            for label, gap, loss in (
                ("dfr", 0.9, 5.0),
                ("decormst", 0.5, 4.0),
                ("gatys", 0.9, 9.0),
            ):
                key = {"content": f"c{c}", "style": f"s{s}", "label": label}
                noise = random.normal(scale=0.05)
                outputs.append({**key, "mode": "m", "objective": "m",
                                "style_gap_closed": gap + shared + noise,
                                "own_gap_closed": gap,
                                "content_loss": loss + shared + noise,
                                **dict.fromkeys(("e_statistic", "c_statistic", "lpips_content"),
                                                shared + noise)})  # fmt: skip
                cells.append({**key, "seconds_per_output": loss + noise})
            pairs.append({"content": f"c{c}", "style": f"s{s}", "label": "dfr", "mode_a": "m",
                          "mode_b": "other", "lpips": 0.3, "lpips_vgg": 0.4,
                          "pixel_distance": 0.1})  # fmt: skip
    tables = {**run.tables, "outputs": pd.DataFrame(outputs), "cells": pd.DataFrame(cells),
              "pairs": pd.DataFrame(pairs)}  # fmt: skip
    here = [{**cell, "content": f"c{c}", "style": f"s{s}"}
            for cell in run.cells[:1] for c in range(4) for s in range(5)]  # fmt: skip
    return dataclasses.replace(run, tables=tables, cells=here)


@pytest.fixture(scope="module")
def best(run):
    return {item.measure: item for item in best_of(run, certainty_tables(run))}


def test_less_is_better_where_it_is(best):
    item = best["content_loss"]
    assert (item.method, item.runner_up) == ("DeCorMST", "DFR (code)")
    assert item.lead == pytest.approx(1.0, abs=0.05)
    assert 0.9 < item.low < item.lead < item.high < 1.1
    assert item.sure == "clear"
    assert item.p == 2 / 2**9  # no smaller one with 4 contents and 5 styles
    assert item.pairs == 20
    assert best["seconds_per_output"].method == "DeCorMST"


def test_equal_methods_are_not_told_apart(best):
    item = best["style_gap_closed"]
    assert {item.method, item.runner_up} == {"DFR (code)", "Gatys et al."}
    assert item.lead >= 0
    assert item.low < 0 < item.high
    assert item.sure == "not told apart"


def test_a_method_alone_has_no_lead(best):
    item = best["diversity"]
    assert item.method == "DFR (code)"
    assert item.value == pytest.approx(0.3)
    assert best["diversity_vgg"].value == pytest.approx(0.4)
    assert item.runner_up == ""
    assert item.sure == "no other method"


def test_a_method_on_few_of_the_pairs_is_not_ranked(run):
    outputs = run.tables["outputs"]
    few = (outputs["label"] == "decormst") & (outputs["content"] != "c0")
    changed = dataclasses.replace(run, tables={**run.tables, "outputs": outputs[~few]})
    found = {item.measure: item for item in best_of(changed, certainty_tables(changed))}
    assert found["content_loss"].method == "DFR (code)"


def test_a_number_is_written_with_its_interval():
    index = pd.MultiIndex.from_product([range(8), range(9)], names=["content", "style"])
    told = with_interval(pd.Series(2.0, index=index))
    assert told == "+2.00 [+2.00, +2.00]"
    few = pd.MultiIndex.from_product([range(2), range(9)], names=["content", "style"])
    assert with_interval(pd.Series(2.0, index=few)) == "+2.00"


def test_a_control_that_leads_is_named(run):
    """No output may stand first, and a control be better, without a word about it."""
    controls = pd.DataFrame(
        [
            {"content": "c0", "style": f"s{i}", "label": CONTROL, "mode": mode,
             "content_loss": loss, "style_gap_closed": gap}
            for i in range(2)
            for mode, loss, gap in (("photograph", 0.0, 0.0), ("style", 90.0 + i, 9.0),
                                    ("noise", 50.0, -1.0))
        ]
    )  # fmt: skip
    run = dataclasses.replace(run, controls=controls)
    found = {item.measure: item for item in best_of(run, certainty_tables(run))}
    assert found["content_loss"].controls == (("the photograph itself", 0.0),)
    assert found["content_loss"].method == "DeCorMST"  # controls are not ranked
    assert found["style_gap_closed"].controls == (("the style picture, fitted", 9.0),)
    assert found["c_statistic"].controls == ()
    shown = readable_best(list(found.values())).set_index("measure")["controls that are better"]
    assert shown[found["content_loss"].title] == "the photograph itself (0)"
    assert shown[found["c_statistic"].title] == "–"
    table = controls_table(run).set_index("control")
    assert table.loc["the style picture, fitted", "content loss"] == 90.5
    assert table.loc["noise", "pairs"] == 2


def test_a_run_without_controls_has_no_table_of_them(run):
    none = dataclasses.replace(run, controls=pd.DataFrame())
    assert controls_table(none).empty
    assert all(not item.controls for item in best_of(none, certainty_tables(none)))
