"""Published reference results are a run's own numbers, and only a whole run's."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from dfr.core.errors import UserError
from eval.analysis.pairs import variance_shares
from reports.inputs.run_data import read_run
from reports.reference.comparison import FOLDER, compare_with_reference
from reports.reference.publish import publish
from reports.tables.certainty import MEASURES
from reports.tables.outputs import compared_outputs


def test_a_run_agrees_with_what_was_published_of_it(tiny_run, tmp_path):
    publish(tiny_run, tmp_path)
    found = compare_with_reference(read_run(tiny_run), tmp_path)
    assert len(found.table) > 0
    assert (found.table["equal to 5 digits"] == found.table["outputs"]).all()
    told = (tmp_path / "README.md").read_text()
    assert "32 × 40 pixels" in told
    assert "Four modes" in told
    assert "## Corrections" in told
    assert not list(tmp_path.glob("*.png"))


def test_an_unfinished_run_is_not_published(tiny_run, tmp_path):
    copy = shutil.copytree(tiny_run, tmp_path / "half")
    shutil.rmtree(copy / "cells" / "chelsea" / "strokes" / "gatys")
    with pytest.raises(UserError, match="is not finished"):
        publish(copy, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(not (FOLDER / "run.json").exists(), reason="no reference is published yet")
def test_the_published_reference_is_whole():
    outputs = pd.read_csv(FOLDER / "outputs.csv", dtype={"content": str, "style": str})
    methods = outputs.groupby("label")
    assert outputs[["content", "style"]].drop_duplicates().shape[0] == 300
    assert methods["mode"].nunique()["dfr"] == 4
    assert methods["mode"].nunique()["decormst"] == 5
    assert not outputs.duplicated(["content", "style", "label", "mode"]).any()
    assert outputs["style_loss"].notna().all()


@pytest.mark.skipif(not (FOLDER / "run.json").exists(), reason="no reference is published yet")
def test_the_published_variance_is_that_of_the_published_outputs():
    names = {"content": str, "style": str}
    outputs, diversity = (
        pd.read_csv(FOLDER / f"{name}.csv", dtype=names) for name in ("outputs", "diversity")
    )
    published = pd.read_csv(FOLDER / "variance.csv")
    for measure in (*outputs.columns, *diversity.columns):
        if measure in MEASURES:
            table = compared_outputs(outputs) if measure in outputs else diversity
            shares = published[published["measure"] == measure].set_index("source")["share"]
            expected = variance_shares(table, measure).set_index("source")["share"]
            assert shares.to_dict() == pytest.approx(expected.to_dict(), rel=1e-3), measure
            assert shares.sum() == pytest.approx(1, abs=1e-4)
