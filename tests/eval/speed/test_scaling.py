from __future__ import annotations

import dataclasses
import json
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from dfr.cli import app
from dfr.core.errors import UserError
from eval.analysis.published_numbers import DFR_SECONDS
from eval.speed.scale import ScalePoint, exponents, marginal, measure_apart, points


def made_up(time: float, gigabytes: float) -> pd.DataFrame:
    """Seconds grow with this power of everything, memory by so much for each."""
    rows = []
    for point in points():
        amount = {
            "pixels": point.side**2 / 1e6, "outputs": point.outputs, "pairs": point.pairs
        }.get(point.kind, 1)  # fmt: skip
        rows.append(
            {
                **dataclasses.asdict(point),
                "seconds": amount**time,
                "gigabytes": 1 + amount * gigabytes,
            }
        )
    return pd.DataFrame(rows)


@given(st.floats(0.2, 2), st.floats(0.01, 3))
def test_the_fit_finds_the_power_and_the_slope(time, gigabytes):
    found = exponents(made_up(time, gigabytes))
    assert found["kind"].tolist() == ["pixels", "outputs", "pairs"]
    assert found["exponent of time"].tolist() == pytest.approx([time] * 3)
    assert found["GB for each more"].tolist() == pytest.approx([gigabytes] * 3)


def test_the_cost_of_an_output_stands_beside_the_published():
    found = marginal(made_up(1.0, 1.0), DFR_SECONDS).set_index("outputs")
    assert found["times one output"].to_dict() == {n: n for n in (1, 2, 3, 4, 6, 8)}
    assert found.loc[4, "published"] == pytest.approx(417 / 361)
    assert found["published"].isna().tolist() == [False] * 4 + [True] * 2


POINT = ScalePoint("outputs", 64, outputs=2, iterations=2, precision="fp32")


def of_the_point(found: Mapping[str, Any]) -> None:
    assert {name: found[name] for name in dataclasses.asdict(POINT)} == dataclasses.asdict(POINT)
    assert found["seconds"] > 0
    assert 0.1 < found["gigabytes"] < 10


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_the_program_of_a_process_says_what_it_measured(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["", json.dumps(dataclasses.asdict(POINT))])
    runpy.run_module("eval.speed.scale", run_name="__main__")
    of_the_point(json.loads(capsys.readouterr().out))


@pytest.mark.slow
def test_a_measurement_comes_back_from_its_process():
    of_the_point(measure_apart(POINT))


@pytest.mark.slow
def test_the_memory_of_a_measurement_is_its_own():
    small = measure_apart(ScalePoint("memory", 64, iterations=3))
    large = measure_apart(ScalePoint("memory", 384, iterations=3))
    again = measure_apart(ScalePoint("memory", 64, iterations=3))
    assert small["seconds"] > 0
    assert large["gigabytes"] > small["gigabytes"] + 0.1
    assert again["gigabytes"] == pytest.approx(small["gigabytes"], abs=0.15)


@pytest.mark.slow
def test_a_measurement_that_fails_says_why():
    with pytest.raises(UserError, match=r"at 64 pixels, 1 outputs: .*unknown solver 'adm'"):
        measure_apart(ScalePoint("pixels", 64, solver="adm"))


def instead_of_python(folder: Path, monkeypatch: pytest.MonkeyPatch, commands: str) -> None:
    """Let a measurement's process be a shell script: Python with torch takes seconds to begin."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{commands}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def test_what_a_process_says_last_comes_back(tmp_path, monkeypatch):
    said = tmp_path / "said.json"
    said.write_text('a warning\n{"seconds": 0.5, "gigabytes": 1.5}\n')
    instead_of_python(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked; cat {said}')
    assert measure_apart(POINT) == {"seconds": 0.5, "gigabytes": 1.5}
    words = (tmp_path / "asked").read_text().strip()
    assert words == f"-m eval.speed.scale {json.dumps(dataclasses.asdict(POINT))}"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (
            "echo 'Traceback' >&2; echo 'RuntimeError: no memory' >&2; exit 1",
            "RuntimeError: no mem",
        ),
        ("kill -9 $$", "it was killed, perhaps for want of memory"),
    ],
)
def test_a_process_that_fails_says_why(tmp_path, monkeypatch, ends, words):
    instead_of_python(tmp_path, monkeypatch, ends)
    with pytest.raises(UserError, match=f"at 64 pixels, 1 outputs: {words}"):
        measure_apart(ScalePoint("pixels", 64))


def test_no_rounds_are_refused(tmp_path):
    run = CliRunner().invoke(app, ["scale", "--rounds", "0", "--out", str(tmp_path)])
    assert isinstance(run.exception, UserError)


def test_a_device_is_measured_where_it_is(tmp_path):
    assert {point.device for point in points("fp32", quick=True, device="cuda:1")} == {"cuda:1"}
    run = CliRunner().invoke(app, ["scale", "--device", "tpu", "--out", str(tmp_path)])
    assert isinstance(run.exception, UserError)
    assert "unknown device 'tpu'" in str(run.exception)
