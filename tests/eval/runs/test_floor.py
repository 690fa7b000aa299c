"""The floor of chance: outputs that are made a second time, and what is told of them."""

from __future__ import annotations

import pytest
import torch

from dfr.core.images import load
from eval.runs.profiles import read_profile
from eval.runs.store import AGAIN, RunStore
from eval.runs.verify import verify_run

#: Method -> outputs.
MODES = {"dfr": 4, "half": 1, "decormst": 5, "gatys": 1, "feedforward": 1}


def test_every_method_is_made_a_second_time_on_as_many_pairs_as_asked(tiny_run):
    store = RunStore.open(tiny_run)
    again = store.cells_again()
    assert [cell["label"] for cell in again] == [f"{label}{AGAIN}" for label in MODES]
    assert not any(cell["label"].endswith(AGAIN) for cell in store.cells())
    firsts = {(cell["style"], cell["label"]): cell for cell in store.cells()}
    for cell in again:
        first = firsts[cell["style"], cell["label"].removesuffix(AGAIN)]
        assert cell["settings"] == first["settings"]
        for mode, item in cell["files"].items():
            assert item["sha256"] != first["files"][mode]["sha256"]


def test_the_floor_is_the_distance_of_the_pictures_on_disk(tiny_run, lpips):
    store = RunStore.open(tiny_run)
    rows = store.read_sealed("floor.json")["rows"]
    found = {label: sum(row["label"] == label for row in rows) for label in MODES}
    assert found == {**MODES, "dfr": 2}  # of two modes of one objective the first
    row = next(row for row in rows if row["mode"] == "rot090" and row["label"] == "dfr")
    pictures = [
        load(store.cell_folder(row["content"], row["style"], label) / "rot090.png")
        for label in ("dfr", f"dfr{AGAIN}")
    ]
    assert row["lpips"] == pytest.approx(float(lpips["alex"](*pictures)), rel=1e-5)
    assert row["lpips_vgg"] == pytest.approx(float(lpips["vgg"](*pictures)), rel=1e-5)
    # Chance moves a picture less than another objective does.
    pairs = [
        pair["lpips"]
        for cell in store.cells()
        if (cell["label"], cell["style"]) == ("dfr", row["style"])
        for pair in cell["measures"]["pairs"]
        if {pair["mode_a"], pair["mode_b"]} == {"rot000", "rot090"}
    ]
    assert 0 < row["lpips"] < pairs[0]


def test_a_profile_without_floors_has_none(profile_file, tmp_path):
    plain = tmp_path / "plain.toml"
    plain.write_text(profile_file.read_text().replace("floor_pairs = 1\n", ""))
    profile = read_profile(plain)
    assert profile.entries == profile.methods
    assert "floor_pairs" not in profile.identity


def test_what_was_made_a_second_time_can_be_verified(tiny_run):
    checks = verify_run(tiny_run, 3, device=torch.device("cpu"), seed=151)
    drawn = [check.cell[2] for check in checks]
    assert drawn == [f"half{AGAIN}", "half", f"feedforward{AGAIN}"]
    assert all(check.identical and check.confirmed for check in checks)
