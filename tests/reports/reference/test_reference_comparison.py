"""A run is compared with the published results exactly where its settings agree."""

from __future__ import annotations

import json

import pytest

from reports.inputs.run_data import read_run
from reports.reference.comparison import compare_with_reference


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


@pytest.fixture
def reference(run, tmp_path):
    """The run's own results, as if they had been published."""
    (tmp_path / "run.json").write_text(json.dumps({"identity": run.identity}))
    run.tables["outputs"].to_csv(tmp_path / "outputs.csv", index=False)
    return tmp_path


def change(reference, edit) -> None:
    told = json.loads((reference / "run.json").read_text())
    edit(told["identity"])
    (reference / "run.json").write_text(json.dumps(told))


def test_the_same_run_agrees_everywhere(run, reference):
    found = compare_with_reference(run, reference)
    assert found.note.startswith("24 outputs have the same settings")
    assert (found.table["equal to 5 digits"] == found.table["outputs"]).all()
    assert set(found.table["method"]) == set(run.titles.values())


def test_a_number_that_differs_is_told_with_how_much(run, reference):
    outputs = run.tables["outputs"].copy()
    place = outputs.index[outputs["label"] == "gatys"][0]
    outputs.loc[place, "style_loss"] *= 2
    outputs.to_csv(reference / "outputs.csv", index=False)
    table = compare_with_reference(run, reference).table
    row = table[(table["method"] == "Gatys et al.") & (table["measure"] == "style loss")].iloc[0]
    assert row["equal to 5 digits"] == row["outputs"] - 1
    assert row["largest difference"] == pytest.approx(0.5)


def test_another_setting_of_a_method_leaves_it_out(run, reference):
    def edit(identity):
        for entry in identity["profile"]["methods"]:
            if entry["label"] == "gatys":
                entry["settings"]["solver"]["iterations"] += 1

    change(reference, edit)
    assert "Gatys et al." not in set(compare_with_reference(run, reference).table["method"])


def test_settings_that_were_not_recorded_are_not_taken_to_be_today_s(run, reference):
    def edit(identity):
        for entry in identity["profile"]["methods"]:
            if entry["label"] == "decormst":
                del entry["settings"]["channels"]

    change(reference, edit)
    assert "DeCorMST" not in set(compare_with_reference(run, reference).table["method"])


def test_the_label_of_a_method_does_not_matter_but_its_settings(run, reference):
    def edit(identity):
        for entry in identity["profile"]["methods"]:
            if entry["label"] == "half":
                entry["label"] = "other-name"

    change(reference, edit)
    csv = reference / "outputs.csv"
    csv.write_text(csv.read_text().replace(",half,", ",other-name,"))
    assert "DFR, half" in set(compare_with_reference(run, reference).table["method"])


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("size", lambda identity: identity["profile"].update(size="422x512")),
        ("resizing", lambda identity: identity["profile"].update(resizing="published")),
        ("saving", lambda identity: identity["profile"].update(saving="published")),
        ("precision", lambda identity: identity["profile"].update(precision="bf16")),
        ("weights", lambda identity: identity["weights"].update(sha256="0" * 64)),
    ],
)
def test_what_does_not_agree_is_told(run, reference, what, edit):
    change(reference, edit)
    found = compare_with_reference(run, reference)
    assert f"this run's {what} is" in found.note
    assert found.table.empty


def test_other_pictures_are_not_compared(run, reference):
    def edit(identity):
        for item in identity["contents"]:
            item["sha256"] = "0" * 64

    change(reference, edit)
    assert "no pair of pictures is in both" in compare_with_reference(run, reference).note


def test_no_reference_is_no_error(run, tmp_path):
    assert compare_with_reference(run, tmp_path) is None
