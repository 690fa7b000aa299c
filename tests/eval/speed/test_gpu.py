"""The script for a graphics processor, on a CPU and tiny: each result is kept as soon as it is."""

from __future__ import annotations

import json
import tarfile

import pytest

from eval.speed.gpu import solvers
from eval.speed.gpu.__main__ import PARTS, main
from eval.speed.gpu.tables import tables
from tests.eval.published.test_outputs import folder  # noqa: F401


def run(folder, out, parts):  # noqa: F811
    arguments = ["--published", folder, "--out", out, "--device", "cpu", "--tiny"]
    main([*map(str, arguments), "--parts", parts])
    return [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]


def test_published_pairs_are_made_and_kept(folder, tmp_path):  # noqa: F811
    rows = run(folder, tmp_path / "out", "machine,published,nonsense")
    assert [row["part"] for row in rows] == ["machine", "done", "published", "done",
                                             "nonsense", "done"]  # fmt: skip
    made = rows[2]
    assert made["pair"] == "3063_blue_sky_1.0"
    assert made["settings"]["solver"]["counter_steps"] == 4
    assert "KeyError" in rows[4]["error"]  # a part that fails ends no other
    with tarfile.open(tmp_path / "out" / "pictures-0.tar") as tar:
        assert sorted(tar.getnames()) == [
            f"published/3063_blue_sky_1.0/rot{degrees:03}.png" for degrees in (0, 90, 180, 270)
        ]


@pytest.mark.slow
def test_the_solvers_of_a_device_are_compared_with_the_cpu_s(folder, tmp_path, monkeypatch):  # noqa: F811
    """Here with itself: no number differs, and the row that is not finite is told."""
    chosen = {"lbfgs": solvers.SOLVERS["lbfgs"]}
    monkeypatch.setattr(solvers, "SOLVERS", chosen)
    rows = run(folder, tmp_path / "out", "solvers")
    assert [row["part"] for row in rows] == ["solvers", "done"]
    assert rows[0]["failed"] == [[3], [3]]
    assert rows[0]["relative"] == [0.0] * 5
    table = tables(rows)["solvers"]
    assert table["solver"].tolist() == ["lbfgs"]
    assert table["same ends"].tolist() == [True]


@pytest.mark.slow
def test_every_part_runs(folder, tmp_path):  # noqa: F811
    parts = [part for part in PARTS if part != "decormst"]  # which asks for one certain pair
    rows = run(folder, tmp_path / "out", ",".join(parts))
    assert not [row for row in rows if "error" in row]
    assert {row["what"] for row in rows if row["part"] == "done"} == set(parts)
